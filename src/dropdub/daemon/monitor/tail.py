"""Which lines of a file are new, and how far it has been read then. Pure: files are in `followed_file`."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from dropdub.daemon.monitor.lines import line_text, pieces, unit_of, wide_encoding
from dropdub.errors import NotText
from dropdub.store.transitions import ReadUpTo

MARK_BYTES = 4096
"""As many bytes before the place up to which a file was read show whether it is still the same file."""
MOST_BYTES = 1 << 18
MOST_LINES = 100
"""Lines that are recorded in one transaction."""


@dataclass(frozen=True)
class Held:
    """What an open file holds: the last `MARK_BYTES` before a place in it, and at most `MOST_BYTES` after it."""

    identity: str
    size: int
    before: bytes
    after: bytes

    @property
    def is_whole(self) -> bool:
        """Whether `after` is all that follows."""
        return len(self.after) < MOST_BYTES


@dataclass(frozen=True)
class Taken:
    """New lines, and how far the file has been read with them.

    `unreadable`: how many other lines are no text. `has_more`: whether more lines can be taken at once. `rest`: how
    many bytes of a line that has no end yet follow.
    """

    texts: tuple[str, ...]
    after: ReadUpTo
    unreadable: int
    has_more: bool
    rest: int


def mark_of(before: bytes) -> str:
    """Return what is recorded of the bytes before a place."""
    return hashlib.sha256(before[-MARK_BYTES:]).hexdigest() if before else ""


def continues(read: ReadUpTo, held: Held) -> bool:
    """Return whether a file still begins with what was read of it."""
    return held.size >= read.offset and mark_of(held.before) == read.mark


def end_of(head: bytes, size: int) -> tuple[int, str]:
    """Return the place after all whole characters of a file that begins so, and its encoding if that is a wide one."""
    encoding = wide_encoding(head)
    return size // unit_of(encoding) * unit_of(encoding), encoding


def take(read: ReadUpTo, held: Held, *, is_all: bool, language: str | None = None) -> Taken:
    """Return the lines after a place. What has no line end is one only if `is_all`: nothing will be added to it."""
    is_all = is_all and held.is_whole
    encoding = read.encoding
    if read.offset == 0 and not encoding and (is_all or b"\n" in held.after or not held.is_whole):
        encoding = wide_encoding(held.after)
    found = pieces(held.after, encoding, most=MOST_LINES, is_all=is_all)
    texts, unreadable = [], 0
    for piece in found:
        try:
            text, encoding = line_text(piece.data, encoding, language=language)
        except NotText:
            unreadable += 1
        else:
            texts += [text] if text else []
    size = found[-1].end if found else 0
    after = replace(
        read,
        identity=held.identity,
        offset=read.offset + size,
        mark=mark_of(held.before + held.after[:size]) if size else read.mark,
        encoding=encoding,
        lines=read.lines + len(texts),
    )
    is_cut = len(found) == MOST_LINES or not held.is_whole
    return Taken(tuple(texts), after, unreadable, bool(found) and is_cut, len(held.after) - size)
