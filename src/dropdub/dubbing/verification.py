"""Verify speech: compare a line's text with what a transcriber heard. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from dropdub.dubbing.word_errors import NOT_COUNTED, WordErrors, word_errors
from dropdub.engines.base import Word

UNDERSTOOD = 0.7
"""The share of letters that must agree; below it, listeners cannot follow."""
UNDERSTOOD_NUMBERS = 0.45
"""For lines with digits: a transcriber may write out what the text has in digits, or the other way round."""
_BABBLE_S = 0.4
_LAST_WORDS, _MOST_LAST_WORDS = 3, 60


@dataclass(frozen=True)
class Verdict:
    """How much of a line was understood, 0 to 1. `end_s` is where its last word ends if noise or babble follows it.

    `heard` is what was understood, without the words that are cut off after the last word.
    """

    score: float
    good: bool
    end_s: float | None = None
    heard: str = ""
    errors: WordErrors = NOT_COUNTED


def judge(text: str, heard: Sequence[Word], duration_s: float) -> Verdict:
    """Compare a line with the words heard in its speech; their times count from its start."""
    kept = _without_babble(text, heard)
    score = likeness(text, _text_of(kept))
    good = score >= (UNDERSTOOD_NUMBERS if any(map(str.isdigit, text)) else UNDERSTOOD)
    end_s = kept[-1].end if kept else duration_s
    rambles = good and (len(kept) < len(heard) or duration_s - end_s > _BABBLE_S)
    remaining = _text_of(kept if good else heard)
    return Verdict(score, good, end_s if rambles else None, remaining, word_errors(text, remaining))


def likeness(one: str, other: str) -> float:
    """Return how alike the letters and digits of two texts are, in order: 1 for the same words."""
    return SequenceMatcher(None, _letters(one), _letters(other), autojunk=False).ratio()


def _without_babble(text: str, heard: Sequence[Word]) -> Sequence[Word]:
    """Drop words at the end that make the rest less like the text: at most as many as the text has, but at least three.

    For long texts at most `_MOST_LAST_WORDS`: each number that is tried costs a comparison of the whole text.
    """
    most = min(max(_LAST_WORDS, len(text.split())), _MOST_LAST_WORDS)
    ends = range(max(len(heard) - most, 1), len(heard) + 1)
    best = max(ends, key=lambda end: likeness(text, _text_of(heard[:end])), default=0)
    return heard[:best]


def _text_of(words: Sequence[Word]) -> str:
    return " ".join(word.text for word in words)


def _letters(text: str) -> str:
    """Return the letters and digits of a text in lower case, without accents: what sounds about the same."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(one for one in plain if one.isalnum())
