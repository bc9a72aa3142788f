"""Sentences in capital letters, which the models take for names: translate them in sentence case. Pure."""

from __future__ import annotations

import re

from dropdub.languages import primary

_SHORT_NAME = 4
"""Two words in capitals that are all shorter than this are taken for acronyms."""
_LONE_I = re.compile(r"\bi\b")


def is_shouted(sentence: str) -> bool:
    """Return whether a sentence is in capital letters, and not just an acronym or two."""
    if not sentence.isupper():
        return False
    words = [word for word in re.findall(r"[^\W\d_]+", sentence) if len(word) > 1]
    if sentence.rstrip("\"'”’»)").endswith(("!", "?")):
        return bool(words)
    return len(words) > 2 or (len(words) == 2 and max(map(len, words)) >= _SHORT_NAME)


def in_sentence_case(sentence: str, *, language: str) -> str:
    """Return a sentence in small letters with a capital at its start, and the English `I` in its capital."""
    small = sentence.lower()
    if primary(language) == "en":
        small = _LONE_I.sub("I", small)
    first = next((place for place, one in enumerate(small) if one.isalpha()), 0)
    return small[:first] + small[first : first + 1].upper() + small[first + 1 :]
