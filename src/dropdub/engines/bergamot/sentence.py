"""Get the best that a small model gives for one plain sentence. Pure, apart from the model that is handed in."""

from __future__ import annotations

from collections.abc import Callable

from dropdub.engines.translating.wordings import looks_wrong
from dropdub.sentence_ends import MARKS

FEW_WORDS = 6
MUCH_SHORTER = 0.6
"""Of the words of a translation: what was invented is that much; a second wording of the same meaning is not."""
_SPACELESS_FROM = "\u0e00"
"""The first of the scripts that put no spaces between words (Thai; far beyond it, Chinese and Japanese)."""


def best(sentence: str, ask: Callable[[str], str]) -> str:
    """Return the translation of a sentence; empty if the model gives none, also when it is asked in another way."""
    found = ask(sentence).strip()
    if looks_wrong(sentence, found):
        found = _asked_again(sentence, found, ask)
    return _shorter(sentence, found, ask) if _is_padded(sentence, found) else found


def _asked_again(sentence: str, found: str, ask: Callable[[str], str]) -> str:
    """Ask with another end: the model always gives the same answer to the same question."""
    bare = sentence.rstrip(MARKS)
    other = ask(bare if bare != sentence else f"{sentence}.").strip()
    return found if looks_wrong(sentence, other) and found else other


def _is_padded(sentence: str, found: str) -> bool:
    """Return whether a short sentence became longer.

    After "Thank you", "Yes" or "Two", the models like to continue with words from their training texts: "Thank you,
    John." becomes "Obrigado por enviar uma edição."
    """
    words = len(sentence.split())
    return max(sentence, default="") < _SPACELESS_FROM and words <= FEW_WORDS and len(found.split()) > words


def _shorter(sentence: str, found: str, ask: Callable[[str], str]) -> str:
    """Return the translation of the same words in brackets, in which the models invent less, if it is much shorter."""
    bracketed = ask(f"({sentence})").strip()
    inner = bracketed[1:-1].strip()
    is_clean = bracketed == f"({inner})" and not set("()") & set(inner) and inner.casefold() != sentence.casefold()
    return inner if inner and is_clean and len(inner.split()) <= MUCH_SHORTER * len(found.split()) else found
