"""Track flags of MP4 files. ffmpeg always enables the first subtitle track, whatever its options say."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_HEADER = struct.Struct(">I4s")
_LARGE = struct.Struct(">Q")
_ENABLED = 1
_HANDLER_TYPE_AT = 8
"""Offset in the content of `hdlr`: version, flags and a field that is 0 precede it."""

Box = tuple[bytes, int, int]
"""A box's type, and the offsets in the file where its content begins and ends."""


def switch_subtitles_off(path: Path) -> None:
    """Clear the `enabled` flag of every subtitle track in place; nothing else changes (ISO 14496-12, `tkhd`)."""
    with path.open("r+b") as file:
        for track in _inside(file, _all_of(file), b"moov", b"trak"):
            headers, handlers = _found(file, track, b"tkhd"), _found(file, track, b"mdia", b"hdlr")
            if headers and handlers and _read(file, handlers[0][1] + _HANDLER_TYPE_AT, 4) == b"sbtl":
                _switch_off(file, headers[0][1] + 3)


def _switch_off(file: BinaryIO, at: int) -> None:
    flags = _read(file, at, 1)[0] & ~_ENABLED
    file.seek(at)
    file.write(bytes([flags]))


def _found(file: BinaryIO, box: Box, *names: bytes) -> list[Box]:
    return list(_inside(file, box, *names))


def _inside(file: BinaryIO, box: Box, *names: bytes) -> Iterator[Box]:
    """Yield the boxes inside `box` at a path of names."""
    if not names:
        yield box
        return
    for child in list(_children(file, box)):
        if child[0] == names[0]:
            yield from _inside(file, child, *names[1:])


def _children(file: BinaryIO, box: Box) -> Iterator[Box]:
    _, at, end = box
    while at + _HEADER.size <= end:
        size, name = _HEADER.unpack(_read(file, at, _HEADER.size))
        begin = at + _HEADER.size
        if size == 1:
            (size,) = _LARGE.unpack(_read(file, begin, _LARGE.size))
            begin += _LARGE.size
        if size and size < begin - at:
            return
        following = min(at + size, end) if size else end
        yield name, begin, following
        at = following


def _all_of(file: BinaryIO) -> Box:
    return b"", 0, file.seek(0, 2)


def _read(file: BinaryIO, at: int, count: int) -> bytes:
    file.seek(at)
    return file.read(count)
