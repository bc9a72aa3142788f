"""Standard streams that are always there, and never raise: whoever cannot listen is no reason to stop working.

A scheduler may start the program with closed streams, a log may be on a full disk, and `head` leaves after a line.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import Literal, TextIO

_FILES = {0: "stdin", 1: "stdout", 2: "stderr"}


class Outlet(io.TextIOWrapper):
    """A text stream that discards what cannot be written. `lost` is the first error, None if there was none."""

    lost: OSError | None = None
    replaced: TextIO
    """The stream that this one replaces: without a reference to it, the buffer that both have would be closed."""

    def write(self, text: str, /) -> int:
        try:
            return super().write(text)
        except OSError as error:
            self._discard_from_now_on(error)
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except OSError as error:
            self._discard_from_now_on(error)

    @property
    def is_unread(self) -> bool:
        """Whether the reader has left. Windows reports that as an invalid argument."""
        return self.lost is not None and self.lost.errno in (errno.EPIPE, errno.EINVAL)

    def _discard_from_now_on(self, error: OSError) -> None:
        """Lead the descriptor to nowhere, so that neither what is still buffered nor the exit fails again."""
        self.lost = self.lost or error
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())
        os.close(nowhere)


def prepare_streams() -> None:
    """Open the standard streams that are closed, and replace stdout and stderr by an `Outlet` each.

    A closed one must be opened before anything else is: its number would go to the next file, such as a log, and a
    program that this one starts would write its output into that.
    """
    for number, name in _FILES.items():
        _open_if_closed(number)
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, _opened(number, "r" if number == 0 else "w"))
        elif number > 0 and type(stream) is io.TextIOWrapper:
            setattr(sys, name, _outlet(stream))


def lost_output() -> OSError | None:
    """Return why output was lost, although somebody wanted it; None if none was, or its reader has left."""
    stream = sys.stdout
    return stream.lost if isinstance(stream, Outlet) and not stream.is_unread else None


def has_reader() -> bool:
    """Return whether what is written to the standard output arrives anywhere."""
    return not isinstance(sys.stdout, Outlet) or sys.stdout.lost is None


def _open_if_closed(number: int) -> None:
    try:
        os.fstat(number)
    except OSError:
        opened = os.open(os.devnull, os.O_RDWR)
        if opened != number:
            os.dup2(opened, number)
            os.close(opened)
        os.set_inheritable(number, True)


def _opened(number: int, mode: Literal["r", "w"]) -> TextIO:
    return open(number, mode, encoding="utf-8", errors="replace", closefd=False)


def _outlet(stream: io.TextIOWrapper) -> Outlet:
    # On Windows, a pipe would otherwise use the local code page, which lacks most letters.
    encoding = "utf-8" if sys.platform == "win32" else stream.encoding
    outlet = Outlet(stream.buffer, encoding, "replace", line_buffering=stream.line_buffering)
    outlet.replaced = stream
    return outlet
