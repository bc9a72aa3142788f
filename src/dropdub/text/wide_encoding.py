"""Recognize UTF-16 and UTF-32 without a mark: texts whose characters are from few blocks, in the right order."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from unicodedata import category

_UNITS = {"utf-16-le": 2, "utf-16-be": 2, "utf-32-le": 4, "utf-32-be": 4}
"""Bytes of a character."""
_HEAD_CHARACTERS = 32 * 1024
_SOUNDS = (b"RIFF", b"RIFX", b"RF64", b"BW64", b"FORM", b".snd", b"caff", b"riff")
"""How files of uncompressed sound begin, whose samples may look like characters."""
_SUSPECT = re.compile(rb"[\x00-\x08\x0e-\x19\x1c-\x1f]")
_IDEOGRAPHS, _HANGUL, _KANA, _FULL_WIDTH = range(0x30, 0xD8), range(0xAC, 0xD8), 0x30, 0xFF
"""Blocks of 256 characters. Chinese, Japanese and Korean texts use most of theirs, other texts up to three."""
_NEARLY_ALL = 0.9
_LAYOUT = "\t\n\v\f\r\x1a"
_PADDING = "\0\x1a"
_LEAST_DIFFERENT = 4


def wide_text(data: bytes) -> tuple[str, str] | None:
    """Return a text and its encoding; None if it is not in UTF-16 or UTF-32, but in another encoding, or no text."""
    if data.startswith(_SOUNDS):
        return None
    head = data[: 4 * _HEAD_CHARACTERS]
    if len(_SUSPECT.findall(head)) <= len(head) // 50:
        return None
    starts = {name: text for name in _UNITS if (text := _start(head, name)) and _is_prose(text)}
    if not starts:
        return None
    best = max(starts, key=lambda name: _order(starts[name]))
    try:
        return data[: len(data) - len(data) % _UNITS[best]].decode(best), best
    except UnicodeDecodeError:
        return None


def _start(head: bytes, encoding: str) -> str | None:
    try:
        return codecs.getincrementaldecoder(encoding)().decode(head).rstrip(_PADDING)
    except UnicodeDecodeError:
        return None


def _is_prose(text: str) -> bool:
    """Return whether characters are as in a text: program code and sound have odd ones, or too many or too few kinds.

    East Asian texts are from many blocks, but have blanks, line ends, kana, or syllables of Hangul.
    """
    odd = sum(one not in _LAYOUT and category(one) in ("Cc", "Cn", "Co") for one in text)
    if odd > len(text) // 100 or len(set(text)) < min(_LEAST_DIFFERENT, len(text)):
        return False
    blocks = Counter(ord(one) >> 8 for one in text)
    east_asian = sum(blocks[at] for at in _IDEOGRAPHS) + blocks[0] + blocks[_FULL_WIDTH]
    common = blocks[0] + blocks[_KANA] + sum(blocks[at] for at in _HANGUL)
    if east_asian >= _NEARLY_ALL * len(text) and 20 * common >= len(text):
        return True
    if len(text) < _LEAST_DIFFERENT and not blocks[0]:
        return False
    return sum(count for _, count in blocks.most_common(3)) >= _NEARLY_ALL * len(text)


def _order(text: str) -> float:
    """Return how likely the order of the bytes is right: then, much is ASCII, and the rest from few blocks."""
    return (sum(one < "\x80" for one in text) - len({ord(one) >> 8 for one in text})) / len(text)
