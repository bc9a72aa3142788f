"""The terminal: what it can show, and how text gets there."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from typing import Any

import typer
from rich.console import Console

from dropdub.cli.formatting import printable


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


def say(text: str = "", *, err: bool = False) -> None:
    """Write text at once; its lines are not wrapped, so that paths can be copied."""
    typer.echo("\n".join(printable(line.expandtabs(4)) for line in text.split("\n")), err=err)


def say_json(value: Any) -> None:
    """Write a view as JSON, in ASCII: a pipe of any encoding carries it unchanged."""
    typer.echo(json.dumps(value, default=_plain, indent=2))


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
