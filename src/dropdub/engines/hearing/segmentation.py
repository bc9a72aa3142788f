"""Split words into utterances of subtitle length: at the speaker's pauses and after sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from dropdub.engines.base import Utterance, Word
from dropdub.sentence_ends import ends_sentence

PAUSE_S = 0.5
"""A longer pause separates utterances, so that a dub keeps it."""
LONGEST_S = 12.0
MOST_WORDS = 20
_FEWEST_WORDS = 3
"""A shorter sentence, such as "Yes.", is said together with the next one."""


def utterances(words: Sequence[Word]) -> tuple[Utterance, ...]:
    """Return words in order, separated by spaces, as utterances."""
    return tuple(_utterance(part) for part in grouped(words))


def text_of(words: Sequence[Word]) -> str:
    """Return the text of words that include the space before them."""
    return "".join(word.text for word in words).strip()


def with_bare_words(words: Sequence[Word]) -> Utterance:
    """Return words in order, which include the space before them, as one utterance; its words do not include it."""
    bare = tuple(replace(word, text=word.text.strip()) for word in words)
    return Utterance(start=bare[0].start, end=bare[-1].end, text=text_of(words), words=bare)


def grouped(words: Sequence[Word], *, most: int = MOST_WORDS) -> Iterator[Sequence[Word]]:
    """Yield words in order in groups without a pause of `PAUSE_S`, of `LONGEST_S` and `most` words at most.

    Sentences are in groups of their own, unless they are very short. A single word that is longer is not split.
    """
    start = 0
    for place, (before, after) in enumerate(pairwise(words), start=1):
        ends = ends_sentence(before.text, after.text) and place - start >= _FEWEST_WORDS
        if ends or after.start - before.end >= PAUSE_S:
            yield from _bounded(words[start:place], most)
            start = place
    if start < len(words):
        yield from _bounded(words[start:], most)


def _bounded(words: Sequence[Word], most: int) -> Iterator[Sequence[Word]]:
    """Split words into parts of `LONGEST_S` and `most` words at most, at the longest pauses."""
    if len(words) == 1 or (len(words) <= most and words[-1].end - words[0].start <= LONGEST_S):
        yield words
        return
    cut = _best_cut(words)
    yield from _bounded(words[:cut], most)
    yield from _bounded(words[cut:], most)


def _best_cut(words: Sequence[Word]) -> int:
    """Return the index after the longest pause; if several are equal, the most central one."""

    def merit(place: int) -> tuple[float, float]:
        return round(words[place].start - words[place - 1].end, 2), -abs(place - len(words) / 2)

    return max(range(1, len(words)), key=merit)


def _utterance(words: Sequence[Word]) -> Utterance:
    text = " ".join(word.text for word in words)
    return Utterance(start=words[0].start, end=words[-1].end, text=text, words=tuple(words))
