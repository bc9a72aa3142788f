"""The alphabet of the Kokoro model: phonemes of espeak-ng, written as the model was trained, then as numbers. Pure.

Sources: the vocabulary in the model's `config.json` (hexgrad/Kokoro-82M, Apache-2.0), and what `espeak.py` of
hexgrad/misaki (Apache-2.0) does with the output of espeak-ng, from which the training texts were made.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

MOST = 510
"""The most symbols that the model takes at once."""
TIE = "^"
"""What espeak-ng puts between the letters of one sound."""
MARKS = ",.;:!?…—()“”"
"""Punctuation that the model knows and that changes how a sentence sounds."""

_NUMBERED = (
    (1, ";:,.!?"),
    (9, '—…"()“” \u0303ʣʥʦʨᵝ\uab67AI'),
    (31, "O"),
    (33, "Q"),
    (35, "ST"),
    (39, "W"),
    (41, "YᵊabcdefZhijklmnopqrstuvwxyzɑɐɒæ"),
    (75, "βɔɕç"),
    (80, "ɖðʤəZɚɛɜ"),
    (90, "ɟ"),
    (92, "ɡ"),
    (99, "ɥ"),
    (101, "ɨɪʝ"),
    (110, "ɯɰŋɳɲɴø"),
    (118, "ɸθœ"),
    (123, "ɹZɾɻ"),
    (128, "ʁɽʂʃʈʧ"),
    (135, "ʊʋ"),
    (138, "ʌɣɤ"),
    (142, "χʎ"),
    (147, "ʒʔ"),
    (156, "ˈˌː"),
    (162, "ʰ"),
    (164, "ʲ"),
    (169, "↓"),
    (171, "→↗↘"),
    (177, "ᵻ"),
)
_GAP = "Z"
"""A number without a symbol, in the table above."""
IDS = {symbol: first + place for first, run in _NUMBERED for place, symbol in enumerate(run) if symbol != _GAP}
"""The number of each symbol."""

_SOUNDS = (
    ("a^ɪ", "I"),
    ("a^ʊ", "W"),
    ("d^z", "ʣ"),
    ("d^ʒ", "ʤ"),
    ("e^ɪ", "A"),
    ("o^ʊ", "O"),
    ("ə^ʊ", "Q"),
    ("s^s", "S"),
    ("t^s", "ʦ"),
    ("t^ʃ", "ʧ"),
    ("ɔ^ɪ", "Y"),
)
"""Sounds that are one symbol in the model."""
_ENGLISH = (
    ("ʔˌn\u0329", "ʔn"),
    ("ʔn\u0329", "ʔn"),
    ("ə^l", "ᵊl"),
    ("ʲ", ""),
    ("ɚ", "əɹ"),
    ("r", "ɹ"),
    ("x", "k"),
    ("ç", "k"),
    ("ɐ", "ə"),
    ("ɬ", "l"),
    ("\u0303", ""),
)
_AMERICAN = (("ɜːɹ", "ɜɹ"), ("ɜː", "ɜɹ"), ("ɪə", "iə"), ("ː", ""), ("e", "A"), ("o", "ɔ"), ("ɾ", "T"), ("ʔ", "t"))
_BRITISH = (("e^ə", "ɛː"), ("iə", "ɪə"), ("e", "A"), ("o", "ɔ"), ("ɾ", "T"), ("ʔ", "t"))
_SYLLABIC = re.compile(r"(\S)\u0329")
_LANGUAGE_FLAG = re.compile(r"\([a-z-]{2,9}\)")
"""espeak-ng marks words that it reads as another language, such as `(en)`."""


def written(phonemes: str, *, letter: str) -> str:
    """Return phonemes of espeak-ng, joined with `TIE`, in the model's alphabet for the voices with this letter."""
    text = _LANGUAGE_FLAG.sub("", phonemes)
    for old, new in (*_SOUNDS, *_table(letter)):
        text = text.replace(old, new)
    text = _SYLLABIC.sub(r"ᵊ\1", text)
    return "".join(symbol for symbol in text if symbol in IDS)


def numbers(symbols: str) -> Iterator[Sequence[int]]:
    """Yield the numbers of symbols, in parts of at most `MOST`, cut between words if possible."""
    while symbols:
        part = symbols[:MOST]
        if len(symbols) > MOST and " " in part:
            part = part[: part.rindex(" ") + 1]
        yield [IDS[symbol] for symbol in part]
        symbols = symbols[len(part) :]


def _table(letter: str) -> tuple[tuple[str, str], ...]:
    return {"a": _ENGLISH + _AMERICAN, "b": _ENGLISH + _BRITISH}.get(letter, ())
