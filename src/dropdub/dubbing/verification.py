"""Verify speech: compare a line's text with what a transcriber heard. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from dropdub.dubbing.error_counts import NOT_COUNTED, WordErrors
from dropdub.dubbing.word_errors import errors_of_beginnings, word_errors, words_of
from dropdub.engines.base import Word

UNDERSTOOD = 0.5
"""The share of words that must be heard as written: with more words wrong than right, nobody can make up the rest."""
_FEW_WORDS = 2
"""In so short a line one word decides. Transcribers mistake single words even of people ("yeah" for "yes"), so here
half of the letters are enough. It is the same for a script without spaces, in which a sentence is one word."""
_BABBLE_S = 0.4


@dataclass(frozen=True)
class Verdict:
    """How much of a line was understood: `score` is the share of its words, 0 to 1.

    `end_s` is where its last word ends if noise or babble follows it. `heard` is what was understood, without the words
    that are cut off after the last word.
    """

    score: float
    good: bool
    end_s: float | None = None
    heard: str = ""
    errors: WordErrors = NOT_COUNTED

    @property
    def rank(self) -> tuple[bool, float]:
        """Return what makes one verdict on a line better than another."""
        return self.good, self.score


def judge(text: str, heard: Sequence[Word], sound_end_s: float) -> Verdict:
    """Compare a line with the words heard in its speech, whose sound ends at `sound_end_s`.

    All times count from the line's start. A line without words is good: nothing can be compared. What follows the last
    word is babble only if that word was heard as written: otherwise it may be the word itself.
    """
    kept = _without_babble(text, heard)
    found = word_errors(text, _text_of(kept))
    good = _is_understood(text, _text_of(kept), found)
    end_s = kept[-1].end if kept else sound_end_s
    ended = good and words_of(text)[-1:] == words_of(_text_of(kept))[-1:]
    rambles = ended and (len(kept) < len(heard) or sound_end_s - end_s > _BABBLE_S)
    if not good:
        kept, found = heard, word_errors(text, _text_of(heard))
    return Verdict(_score(found), good, end_s if rambles else None, _text_of(kept), found)


def likeness(one: str, other: str) -> float:
    """Return how alike the letters and digits of two texts are, in order: 1 for the same words."""
    return SequenceMatcher(None, _letters(one), _letters(other), autojunk=False).ratio()


def _is_understood(text: str, heard: str, found: WordErrors) -> bool:
    if _score(found) >= UNDERSTOOD:
        return True
    return found.words <= _FEW_WORDS and likeness(text, heard) >= UNDERSTOOD


def _score(found: WordErrors) -> float:
    return 1.0 if found.rate is None else max(1.0 - found.rate, 0.0)


def _without_babble(text: str, heard: Sequence[Word]) -> Sequence[Word]:
    """Drop words at the end that make the rest less like the text."""
    if not words_of(text):
        return heard
    errors = errors_of_beginnings(text, [word.text for word in heard])
    return heard[: max(range(len(errors)), key=lambda end: (-errors[end], end))]


def _text_of(words: Sequence[Word]) -> str:
    return " ".join(word.text for word in words)


def _letters(text: str) -> str:
    """Return the letters and digits of a text in lower case, without accents: what sounds about the same."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(one for one in plain if one.isalnum())
