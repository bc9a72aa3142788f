"""Read the cues of EBU STL files, the exchange format of broadcasters.

Source: EBU Tech 3264 (the blocks), ISO 6937 (the Latin letters: an accent stands before its letter).
ttconv also reads them, but its time grows with the square of the number of cues.
"""

from __future__ import annotations

import re
import unicodedata

from dropdub.errors import NotText
from dropdub.subtitles.raw_cues import RawCue, RawCues

_HEADER_BYTES = 1024
_BLOCK_BYTES = 128
_TEXT_AT = 16
_LAST, _USER_DATA = 0xFF, 0xFE
_LINE_END, _UNUSED = 0x8A, 0x8F
_ACCENTS = dict(
    zip(
        range(0xC1, 0xD0),
        "\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308\u0308\u030a\u0327\u0332\u030b\u0328\u030c",
        strict=True,
    )
)
_UPPER = " ¡¢£$¥#§¤‘“«←↑→↓°±²³×µ¶·÷’”»¼½¾¿" + " " * 16 + "―¹®©™♪¬¦    ⅛⅜⅝⅞ΩÆĐªĦ ĲĿŁØŒºÞŦŊŉĸæđðħıĳŀłøœßþŧŋ\xad"
_CODE_TABLES = {b"01": "iso8859-5", b"02": "iso8859-6", b"03": "iso8859-7", b"04": "iso8859-8"}
_RATE = re.compile(rb"...STL(\d\d)\.\d\d", re.DOTALL)


def is_ebu_stl(head: bytes) -> bool:
    """Return whether a file starts with the header of an EBU STL file."""
    return _RATE.match(head) is not None


def ebu_stl_cues(data: bytes) -> RawCues:
    """Return the cues of a file. Raises NotText if it has none."""
    found, text = RawCues(), bytearray()
    rate = _RATE.match(data)
    fps = float(rate[1]) if rate else 25.0
    table, begins = data[12:14], _programme_start(data, fps)
    for at in range(_HEADER_BYTES, len(data) - _BLOCK_BYTES + 1, _BLOCK_BYTES):
        block = data[at : at + _BLOCK_BYTES]
        if block[3] == _USER_DATA or block[15] == 1:  # a comment
            continue
        text += block[_TEXT_AT:]
        if block[3] == _LAST:
            start, end = _seconds(block[5:9], fps), _seconds(block[9:13], fps)
            shift = begins if begins <= start else 0.0
            found.cues.append(RawCue(round(start - shift, 3), round(end - shift, 3), _decoded(bytes(text), table)))
            text.clear()
    if not found.cues:
        raise NotText("It has no subtitles that can be read.")
    return found


def _programme_start(data: bytes, fps: float) -> float:
    """Return the time code of the programme's first picture, often 10 h; 0 if the header does not state it."""
    digits = data[256:264]
    return _seconds(bytes(int(digits[at : at + 2]) for at in range(0, 8, 2)), fps) if digits.isdigit() else 0.0


def _seconds(code: bytes, fps: float) -> float:
    hours, minutes, seconds, frames = code
    return hours * 3600 + minutes * 60 + seconds + frames / fps


def _decoded(text: bytes, table: bytes) -> str:
    """Return the letters of a text field, without its colours, sizes and unused bytes."""
    codec = _CODE_TABLES.get(table)
    lines = (bytes(one for one in line if one >= 0xA0 or 0x20 <= one < 0x80) for line in text.split(bytes([_LINE_END])))
    return "\n".join(line.decode(codec, "ignore") if codec else _latin(line) for line in lines).strip()


def _latin(line: bytes) -> str:
    shown, accent = [], ""
    for one in line:
        if one in _ACCENTS:
            accent = _ACCENTS[one]
            continue
        shown.append((chr(one) if one < 0x80 else _UPPER[one - 0xA0]) + accent)
        accent = ""
    return unicodedata.normalize("NFC", "".join(shown))
