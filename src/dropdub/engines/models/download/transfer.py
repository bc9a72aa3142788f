"""One file of a model: resumed, retried if the connection breaks, stalls or is slow, and checked."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from dropdub.engines.models.download.origin import Advance, Content, RemoteFile, Supply
from dropdub.errors import AccessDenied, DownloadFailed, WrongContent
from dropdub.files.durable import blocks, flush
from dropdub.files.removal import remove

_LEAST_GAIN = 16_384
"""An attempt that gains less, without reaching the end of the file, counts as a failure: otherwise a server that sends
one byte each time would be asked forever."""
_ELSEWHERE = "Try again later, or use another mirror: `dropdub models pull --mirror URL`."


@dataclass(frozen=True)
class Patience:
    """How often in a row a transfer may fail without progress, and the pauses in between."""

    attempts: int = 5
    first_wait_s: float = 1.0
    longest_wait_s: float = 30.0
    window_s: float = 60.0
    """Within this time, `_LEAST_GAIN` bytes must arrive."""

    def retrying(self, *, stop: Callable[[RetryCallState], bool] | None = None) -> Retrying:
        """Return what retries after DownloadFailed, except WrongContent; `stop` decides when to give up, instead of
        after `attempts`.
        """
        return Retrying(
            retry=retry_if_exception(_may_pass),
            wait=wait_random_exponential(multiplier=self.first_wait_s, max=self.longest_wait_s),
            stop=stop or stop_after_attempt(self.attempts),
            reraise=True,
        )


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, DownloadFailed) and not isinstance(error, WrongContent)


def fetch(supply: Supply, file: RemoteFile, path: Path, *, patience: Patience) -> str:
    """Download a file to `path`, resuming what is there, and return its SHA-256 in hex.

    If the content is wrong and was put together from several answers, the file is discarded and downloaded once more,
    in one piece. Raises DownloadFailed, and WrongContent if the content is still wrong; nothing of the file is kept
    then.
    """
    part = _Part(file, path, supply.advance)
    _complete(supply, part, patience)
    if not part.is_right() and part.is_patched:
        part.restart()
        _complete(supply, part, patience)
    if not part.is_right():
        given = part.sha256
        part.restart()
        raise WrongContent(_other_content(file, given, supply.place))
    return part.sha256


def _other_content(file: RemoteFile, given: str, place: str) -> str:
    if file.sha256 is None:
        return f"The content of {file.name} differs from the list of {file.repository}."
    known = "the known content" if file.is_known else f"the list of {file.repository}"
    return (
        f"The content of {file.name} differs from {known}: "
        f"SHA-256 {file.sha256} was expected, but {place} sent {given}."
    )


class _Part:
    """The part of a file that is here. Its hashes are updated as it is written."""

    def __init__(self, file: RemoteFile, path: Path, advance: Advance) -> None:
        self.file, self.path = file, path
        self._advance = advance
        self._clear()
        self._take_up()
        self.is_patched = self.size > 0

    @property
    def sha256(self) -> str:
        return self._sha256.hexdigest()

    @property
    def is_complete(self) -> bool:
        return self.size >= self.file.size and self.path.is_file()

    def is_right(self) -> bool:
        if self.file.sha256 is not None:
            known = self.sha256 == self.file.sha256
        else:
            known = self.file.blob in (None, self._blob.hexdigest())
        return known and self.size == self.file.size

    def restart(self) -> None:
        """Discard what is here."""
        self._advance(-self.size)
        remove(self.path)
        self._clear()

    def take(self, content: Content, *, window_s: float, place: str) -> None:
        """Append what arrives, but never more than the size of the file.

        Raises DownloadFailed if another length is announced; a connection that is too slow is closed.
        """
        if self.size and content.start != self.size:
            self.restart()
        self._refuse_other_length(content, place)
        self.is_patched = self.size > 0
        content.extend(window_s)
        gained = 0
        with self._opened() as writer:
            for block in content.blocks:
                writer.write(block[: self.file.size - self.size])
                self._count(block)
                gained += len(block)
                if gained >= _LEAST_GAIN:
                    content.extend(window_s)
                    gained = 0
                if self.size > self.file.size:
                    break
            flush(writer)

    def _refuse_other_length(self, content: Content, place: str) -> None:
        if content.length is not None and self.size + content.length != self.file.size:
            raise DownloadFailed(
                f"{place} reports the wrong length for {self.file.name}; expected {self.file.size} bytes.",
                remedy=_ELSEWHERE,
            )

    def _opened(self) -> BinaryIO:
        """Open the file to append to it, or create it, without writing through a link or into an existing file."""
        flags = os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
        if self.size == 0:
            remove(self.path)
            flags |= os.O_CREAT | os.O_EXCL
        return os.fdopen(os.open(self.path, flags, 0o644), "ab")

    def _take_up(self) -> None:
        """Resume what an earlier pull left, if it is a plain file without other hard links; else start over."""
        try:
            found = self.path.lstat()
        except FileNotFoundError:
            return
        if stat.S_ISDIR(found.st_mode):
            raise AccessDenied(
                f"{self.path.name} is a folder, but a file must be written there.", remedy="Remove it, then pull again."
            )
        if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1 or found.st_size > self.file.size:
            remove(self.path)
            return
        with self.path.open("rb") as reader:
            for block in blocks(reader):
                self._count(block)

    def _count(self, block: bytes) -> None:
        self._sha256.update(block)
        self._blob.update(block)
        self.size += len(block)
        self._advance(len(block))

    def _clear(self) -> None:
        self.size = 0
        self._sha256 = hashlib.sha256()
        # Git's hash of the content: the only checksum that the hub provides for small files.
        self._blob = hashlib.sha1(f"blob {self.file.size}\0".encode(), usedforsecurity=False)


class _NothingGained:
    """Decides when to give up: after a number of attempts in a row with hardly any progress."""

    def __init__(self, part: _Part, attempts: int) -> None:
        self._part, self._attempts = part, attempts
        self._furthest, self._failures = part.size, 0

    def __call__(self, _: RetryCallState) -> bool:
        gained = self._part.size >= self._furthest + _LEAST_GAIN
        self._furthest = self._part.size if gained else self._furthest
        self._failures = 0 if gained else self._failures + 1
        return self._failures >= self._attempts


def _complete(supply: Supply, part: _Part, patience: Patience) -> None:
    """Download the rest of a file, with retries. Raises DownloadFailed and DownloadRefused."""
    retrying = patience.retrying(stop=_NothingGained(part, patience.attempts))
    retrying(_continue, supply, part, patience)


def _continue(supply: Supply, part: _Part, patience: Patience) -> None:
    if part.is_complete:
        return
    with supply.opened(part.file, part.size) as content:
        part.take(content, window_s=patience.window_s, place=supply.place)
    if not part.is_complete:
        raise DownloadFailed(f"{part.file.name} stopped after {part.size} of {part.file.size} bytes.")
