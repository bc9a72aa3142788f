"""Write to the terminal or pipe, whatever it can display."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from dropdub.cli.formatting import printable
from dropdub.pasting import with_commands

if TYPE_CHECKING:
    from rich.console import Console

_named_root: ContextVar[Path | None] = ContextVar("named_root", default=None)


def console() -> Console:
    """Return rich's console: plain text if it is a pipe, without colours if NO_COLOR is set."""
    from rich.console import Console

    return Console(highlight=False, emoji=False, markup=False)


@contextmanager
def printing() -> Iterator[Console]:
    """Yield a console to print on. Lines written to a pipe have no trailing spaces."""
    screen = console()
    if screen.is_terminal:
        yield screen
        return
    with screen.capture() as captured:
        yield screen
    for line in captured.get().rstrip("\n").split("\n"):
        say(line.rstrip())


def name_root(root: Path | None) -> None:
    """Let commands in messages name this root: one that the caller named. None: a shell finds the root without that."""
    _named_root.set(root)


def with_named_root(text: str) -> str:
    """Return a message with its commands completed for the root that the caller named."""
    return with_commands(text, root=_named_root.get())


def say(text: str = "", *, err: bool = False) -> None:
    """Write text immediately, its commands completed, without wrapping its lines, so that they can be copied."""
    text = with_named_root(text)
    _write("\n".join(printable(line.expandtabs(4)) for line in text.split("\n")), sys.stderr if err else sys.stdout)


def say_json(value: Any) -> None:
    """Write a view as JSON in ASCII, which survives a pipe of any encoding."""
    _write(json.dumps(value, default=_plain, indent=2), sys.stdout)


def _write(text: str, stream: TextIO) -> None:
    stream.write(f"{text}\n")
    stream.flush()


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
