"""Split words into utterances of subtitle length, at the speaker's pauses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from dropdub.engines.base import Utterance, Word
from dropdub.sentence_ends import ends_sentence

PAUSE_S = 0.4
LONGEST_S = 12.0
MOST_WORDS = 20


def utterances(words: Sequence[Word]) -> tuple[Utterance, ...]:
    """Group words in order into utterances without a pause of `PAUSE_S`, of at most `LONGEST_S` and `MOST_WORDS`.

    A single word that is longer is not split.
    """
    return tuple(_utterance(part) for phrase in _phrases(words) for part in bounded(phrase))


def _phrases(words: Sequence[Word]) -> Iterator[Sequence[Word]]:
    start = 0
    for place, (before, after) in enumerate(pairwise(words), start=1):
        if after.start - before.end >= PAUSE_S:
            yield words[start:place]
            start = place
    if start < len(words):
        yield words[start:]


def bounded(words: Sequence[Word]) -> Iterator[Sequence[Word]]:
    """Split words into parts within `LONGEST_S` and `MOST_WORDS`: after sentences, else at the longest pause."""
    fits = len(words) <= MOST_WORDS and words[-1].end - words[0].start <= LONGEST_S
    if fits or len(words) == 1:
        yield words
        return
    cut = _best_cut(words)
    yield from bounded(words[:cut])
    yield from bounded(words[cut:])


def _best_cut(words: Sequence[Word]) -> int:
    """Return the index after a sentence, else at the longest pause; if several are equal, the most central one."""

    def merit(place: int) -> tuple[bool, float, float]:
        pause_s = round(words[place].start - words[place - 1].end, 2)
        ends = ends_sentence(words[place - 1].text)
        return ends, 0.0 if ends else pause_s, -abs(place - len(words) / 2)

    return max(range(1, len(words)), key=merit)


def _utterance(words: Sequence[Word]) -> Utterance:
    text = " ".join(word.text for word in words)
    return Utterance(start=words[0].start, end=words[-1].end, text=text, words=tuple(words))
