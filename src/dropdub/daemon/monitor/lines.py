"""Split what a text file holds into lines, in its encoding. Pure; in linear time."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from dropdub.errors import NotText
from dropdub.languages import NO_HINT, Hint
from dropdub.text.encoding import Decoded, decoded, is_legible
from dropdub.text.wide_encoding import wide_text
from dropdub.untrusted.characters import on_one_line
from dropdub.untrusted.text import without_terminal_codes

LONGEST_LINE_BYTES = 20_000
"""Twenty minutes of speech. A longer line is spoken in parts, so that no file fills the memory."""
_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32-le",  # first, because it begins like the mark of UTF-16
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_WIDE = frozenset(_MARKS.values())
_MOST_LOST = 0.25
"""Share of the characters that were lost in a line that is still spoken."""


@dataclass(frozen=True)
class Piece:
    """The bytes of a line without its end, and how many bytes after the start of the data it ends."""

    data: bytes
    end: int


def wide_encoding(head: bytes) -> str:
    """Return the encoding of a file that begins so, if its characters have two or four bytes; else an empty text."""
    marked = next((name for mark, name in _MARKS.items() if head.startswith(mark)), None)
    found = None if marked else wide_text(head)
    return marked or (found[1] if found else "")


def unit_of(encoding: str) -> int:
    """Return the bytes of a character: 1 unless all have the same larger number."""
    return len("\n".encode(encoding)) if encoding in _WIDE else 1


def pieces(data: bytes, encoding: str, *, most: int, is_all: bool) -> list[Piece]:
    """Return the first lines, at most `most` of them. What follows the last line end is one only if `is_all`."""
    found: list[Piece] = []
    start = 0
    while len(found) < most and (piece := _next_piece(data, start, encoding, is_all=is_all)) is not None:
        found.append(piece)
        start = piece.end
    return found


def line_text(data: bytes, encoding: str, *, language: str | None) -> tuple[str, str]:
    """Return what is to be spoken of a line, and the encoding of its file, as far as it is known now.

    The text is empty if there is nothing to say. Old encodings are decided by the first line that is not UTF-8.
    Raises NotText.
    """
    found = _read(data, encoding, Hint(stated=language) if language else NO_HINT)
    text = found.text.removeprefix("\ufeff")
    if text.count("\ufffd") > _MOST_LOST * len(text) or not is_legible(Decoded(text, found.encoding)):
        raise NotText("It is no text.")
    said = on_one_line(without_terminal_codes(text))
    return said if any(map(str.isalnum, said)) else "", encoding or _shown_by(data, found.encoding)


def _shown_by(data: bytes, encoding: str) -> str:
    """Return the encoding of a file, of which this line is the first that may show it; empty if it does not."""
    is_shown = not data.isascii() and encoding != "utf-32" and not encoding.startswith("utf-16")
    return encoding if is_shown else ""


def _next_piece(data: bytes, start: int, encoding: str, *, is_all: bool) -> Piece | None:
    unit = unit_of(encoding)
    limit = start + LONGEST_LINE_BYTES
    at = _line_end(data, start, min(len(data), limit), encoding)
    if at >= 0:
        return Piece(data[start:at], at + unit)
    if len(data) > limit:
        cut = _cut_before(data, start, limit, encoding)
        return Piece(data[start:cut], cut)
    rest = (len(data) - start) // unit * unit
    return Piece(data[start : start + rest], start + rest) if is_all and rest else None


def _line_end(data: bytes, start: int, stop: int, encoding: str) -> int:
    """Return where the first line end begins, between whole characters; -1 if there is none."""
    end = "\n".encode(encoding) if encoding in _WIDE else b"\n"
    at = data.find(end, start, stop + len(end))
    while at >= 0 and (at - start) % len(end):
        at = data.find(end, at + 1, stop + len(end))
    return at


def _cut_before(data: bytes, start: int, limit: int, encoding: str) -> int:
    """Return where a line that is too long is cut: after its last blank, else between two characters."""
    blank = " ".encode(encoding) if encoding in _WIDE else b" "
    at = data.rfind(blank, start, limit)
    while at > start and (at - start) % len(blank):
        at = data.rfind(blank, start, at + len(blank) - 1)
    if at > start:
        return at + len(blank)
    cut = limit
    while encoding not in _WIDE and cut > limit - 4 and data[cut] & 0xC0 == 0x80:  # within a character of UTF-8
        cut -= 1
    return cut


def _read(data: bytes, encoding: str, hint: Hint) -> Decoded:
    if encoding in _WIDE:
        return Decoded(data.decode(encoding, "replace"), encoding)
    if encoding not in ("", "utf-8"):
        return Decoded(data.decode(encoding, "replace"), encoding)
    try:
        return Decoded(data.decode("utf-8-sig"), "utf-8")
    except UnicodeDecodeError:
        return decoded(data, hint=hint)
