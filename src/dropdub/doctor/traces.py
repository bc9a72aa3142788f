"""Extract the tracebacks from the logs, without messages: only places in code and the class of the exception.

The message of an exception may contain a file name or other private text. Its class and where it was raised do not.
"""

from __future__ import annotations

import builtins
import re
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath

from dropdub.errors import every_error

NEWEST = 10
MOST_BYTES = 20_000_000
LOGS = ("dropdub.log*", "dropdub-last-error.txt")
_BEGIN = "Traceback (most recent call last):"
_FRAME = re.compile(r'\s+File "(?P<file>[^"]+)", line (?P<line>\d+), in (?P<function>[\w<>.]+)$')
_END = re.compile(r"(?P<name>[A-Za-z_][\w.]*)(:.*)?$")
_ROOTS = ("site-packages", "src", "lib")
"""Folders below which a path names packages and nothing private. The last one in a path counts."""


def newest(logs: Path) -> list[list[str]]:
    """Return the newest tracebacks in a folder of logs: for each, the places in code, then the exception's class."""
    found: deque[list[str]] = deque(maxlen=NEWEST)
    for file in _files(logs):
        try:
            with file.open(encoding="utf-8", errors="replace") as lines:
                found.extend(tracebacks(lines))
        except OSError:
            continue
    return list(found)


def tracebacks(lines: Iterable[str]) -> Iterator[list[str]]:
    """Yield the complete tracebacks among `lines`."""
    frames: list[str] | None = None
    for line in lines:
        text = line.rstrip()
        if text.endswith(_BEGIN):
            frames = []
        elif frames is not None and (frame := _FRAME.match(text)):
            frames.append(f"{code_place(frame['file'])}:{frame['line']} {frame['function']}")
        elif frames is not None and not text.startswith(" ") and (end := _END.match(text)):
            yield [*frames, class_name(end["name"])]
            frames = None


def code_place(file: str) -> str:
    """Return the path of a source file within its package, or `elsewhere` for files that may be private."""
    path = PureWindowsPath(file) if "\\" in file else PurePosixPath(file)
    parts = path.parts
    roots = [index for index, part in enumerate(parts[:-1]) if part.lower() in _ROOTS]
    if not roots or path.suffix != ".py":
        return "elsewhere"
    before, root, inside = parts[roots[-1] - 1], parts[roots[-1]], parts[roots[-1] + 1 :]
    of_python = any(part.lower().startswith("python3") for part in (before, inside[0]))
    return "/".join(inside) if root == "site-packages" or inside[0] == "dropdub" or of_python else "elsewhere"


def class_name(text: str) -> str:
    """Return the class of an exception, or `another` if it is not a known one: a damaged log may contain any word."""
    name = text.rpartition(".")[2]
    known = name in {error.__name__ for error in every_error()} or isinstance(getattr(builtins, name, None), type)
    return name if known or name.endswith(("Error", "Exception")) else "another"


def _files(logs: Path) -> list[Path]:
    """Return the logs, oldest first, without files larger than Dropdub's logs can be."""
    found = [file for pattern in LOGS for file in logs.glob(pattern)]
    return sorted((file for file in found if _size(file) <= MOST_BYTES), key=lambda file: file.stat().st_mtime)


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return MOST_BYTES + 1
