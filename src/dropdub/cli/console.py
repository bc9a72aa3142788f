"""The terminal: what it can show, and how text gets there."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from dropdub.cli.formatting import printable
from dropdub.pasting import with_commands

_named_root: ContextVar[Path | None] = ContextVar("named_root", default=None)


def prepare_streams() -> None:
    """Replace characters that a terminal or pipe cannot encode, so that none of them ends a command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A pipe on Windows would else get the code page of the country, which has few letters.
            stream.reconfigure(encoding="utf-8" if sys.platform == "win32" else None, errors="replace")


def console() -> Console:
    """Return the terminal as rich sees it: plain where it is a pipe, without colours where NO_COLOR is set."""
    return Console(highlight=False, emoji=False, markup=False)


@contextmanager
def printing() -> Iterator[Console]:
    """Give a console to print on. What goes into a pipe has no spaces at the ends of its lines."""
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
    """Write text at once, its commands completed; lines are not wrapped, so that paths and commands can be copied."""
    text = with_named_root(text)
    typer.echo("\n".join(printable(line.expandtabs(4)) for line in text.split("\n")), err=err)


def say_json(value: Any) -> None:
    """Write a view as JSON, in ASCII: a pipe of any encoding carries it unchanged."""
    typer.echo(json.dumps(value, default=_plain, indent=2))


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
