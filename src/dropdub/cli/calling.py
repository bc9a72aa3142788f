"""By which of its two names the program was called: bash and zsh have a command `jobs` of their own."""

from __future__ import annotations

import re
from pathlib import PureWindowsPath
from typing import Any, TextIO, cast

USUAL, OTHER = "jobs", "dropdub"
_COMMANDS = (
    *("init", "watch", "run", "status", "show", "retry", "cancel", "pause", "resume", "logs", "prune", "doctor"),
    *("config", "models", "voices", "service"),
)
# As sentences and help texts have it: not within the name of a file or folder, as in `our jobs show.mp4`.
_BEFORE = r"(?:^|(?<=[:(`“] )|(?<=[(`“])|(?<=  )|(?<=\bnext )|(?<=\buntil )|(?<=\bwith ))"
_CALL = re.compile(rf"{_BEFORE}jobs (?=--root\b|(?:{'|'.join(_COMMANDS)})(?!\w|\.\w))", re.MULTILINE)


def program_name(called: str) -> str:
    """Return the name that commands are to be shown with, from what the process was called by (`sys.argv[0]`)."""
    return OTHER if PureWindowsPath(called).stem.lower() == OTHER else USUAL


def as_called(text: str, name: str) -> str:
    """Return a text with its commands under the program's name."""
    return text if name == USUAL else _CALL.sub(f"{name} ", text)


class Renaming:
    """A text stream into which commands go under the program's name."""

    def __init__(self, stream: TextIO, name: str) -> None:
        self._stream = stream
        self._name = name

    def write(self, text: str) -> int:
        return self._stream.write(as_called(text, self._name))

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self._stream, attribute)


def as_it_is(stream: TextIO) -> TextIO:
    """Return the stream below one that renames: for data, which scripts read."""
    return stream._stream if isinstance(stream, Renaming) else stream


def renaming(stream: TextIO, name: str) -> TextIO:
    """Return the stream, or one that renames, where the program was called by its other name."""
    return stream if name == USUAL else cast(TextIO, Renaming(stream, name))
