"""Rewrite numbers for coqui-tts's text normalisation, which fails on some and reads others wrongly. Pure."""

from __future__ import annotations

import re

from dropdub.engines.speaking.text_for_speech import with_plain_digits

MOST_DIGITS = 15
"""Longer numbers have no name in some languages; they are read in groups, like account numbers."""
_NUMBER = re.compile(r"[0-9](?:[.,]?[0-9])*")
_DIGIT = re.compile(r"([0-9])")
_FINAL = re.compile(r"([0-9])\.(?=\W*$)")
_BEFORE_SPACE = re.compile(r"([0-9])\.(?=\s|$)")
_DOT_IS_ORDINAL = ("cs", "de", "hu", "tr")
_HINDI = ("शून्य", "एक", "दो", "तीन", "चार", "पाँच", "छह", "सात", "आठ", "नौ")


def readable(text: str, language: str) -> str:
    """Return a text whose numbers can be read aloud in a language (a primary tag)."""
    found = _NUMBER.sub(_grouped, with_plain_digits(text))
    if language == "hi":  # coqui-tts has no number names for it
        return digits_apart(found, names=_HINDI)
    if language == "cs":  # coqui-tts has no ordinals for it
        return _BEFORE_SPACE.sub(r"\1 .", found)
    if language in _DOT_IS_ORDINAL:  # a year at the end of a sentence is not an ordinal
        return _FINAL.sub(r"\1 .", found)
    return found


def digits_apart(text: str, *, names: tuple[str, ...] = tuple("0123456789")) -> str:
    """Return a text with each digit as a separate word: the last resort if a number cannot be read."""
    return " ".join(_DIGIT.sub(lambda found: f" {names[int(found[1])]} ", text).split())


def _grouped(found: re.Match[str]) -> str:
    digits = re.sub(r"[^0-9]", "", found[0])
    if len(digits) <= MOST_DIGITS:
        return found[0]
    return " ".join(digits[start : start + 3] for start in range(0, len(digits), 3))
