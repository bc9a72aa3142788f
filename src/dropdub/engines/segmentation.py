"""Words into utterances of the size of a subtitle, cut where the speaker paused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from dropdub.engines.base import Utterance, Word
from dropdub.sentence_ends import ends_sentence

PAUSE_S = 0.4
LONGEST_S = 12.0
MOST_WORDS = 20


def utterances(words: Sequence[Word]) -> tuple[Utterance, ...]:
    """Return words in order as utterances without a pause of `PAUSE_S`, within `LONGEST_S` and `MOST_WORDS`.

    A single word that is longer stays whole.
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
    """Yield words in parts within `LONGEST_S` and `MOST_WORDS`, cut after sentences, and where the pause is longest."""
    fits = len(words) <= MOST_WORDS and words[-1].end - words[0].start <= LONGEST_S
    if fits or len(words) == 1:
        yield words
        return
    cut = _best_cut(words)
    yield from bounded(words[:cut])
    yield from bounded(words[cut:])


def _best_cut(words: Sequence[Word]) -> int:
    """Return the place after a sentence, else of the longest pause; of equal ones, the most central: no stubs."""

    def merit(place: int) -> tuple[bool, float, float]:
        pause_s = round(words[place].start - words[place - 1].end, 2)
        ends = ends_sentence(words[place - 1].text)
        return ends, 0.0 if ends else pause_s, -abs(place - len(words) / 2)

    return max(range(1, len(words)), key=merit)


def _utterance(words: Sequence[Word]) -> Utterance:
    text = " ".join(word.text for word in words)
    return Utterance(start=words[0].start, end=words[-1].end, text=text, words=tuple(words))
