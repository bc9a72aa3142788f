"""Recognise hallucinations of speech recognisers. Pure.

The thresholds of `is_suspect` and `is_invented` are those of Whisper's own decoder (compression ratio 2.4, mean log
probability -1.0, no-speech probability 0.6).
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dropdub.engines.base import Suspect, Word
from dropdub.engines.hearing.segmentation import MOST_WORDS, grouped, text_of

COMPRESSION_LIMIT = 2.4
LOG_PROBABILITY_LIMIT = -1.0
NO_SPEECH_LIMIT = 0.6
DOUBTFUL_NO_SPEECH = 0.3
DOUBTFUL_LOG_PROBABILITY = -0.6
FASTEST_CHARACTERS_PER_S = 45.0
LONGEST_PHRASE = 8
MOST_OF_A_PHRASE = 3
MOST_OF_A_WORD = 5
_LEAST_PROBABILITY = 1e-4
_CREDITS = re.compile(
    r"amara\.org|thanks? (you )?for watching|subscribe|subtitl(es|ed) by|legendas? (pela|por)|legendad[oa] por"
    r"|obrigad[oa] por assistir|inscreva-se|subtítulos (por|realizados)|gracias por ver|sous-titr(es|age)"
    r"|untertitel (von|im auftrag)|sottotitoli (a cura|creati)",
    re.IGNORECASE,
)
"""What recognisers trained on subtitles write over silence and music."""


@dataclass(frozen=True)
class Evidence:
    """The decoder's metrics of a piece of text: mean log probability, no-speech probability, compression ratio."""

    text: str
    duration_s: float
    log_probability: float
    no_speech: float
    compression: float


def of_words(words: Sequence[Word], *, no_speech: float) -> Evidence:
    """Return the evidence for some words by themselves: the mean of the logarithms of their probabilities."""
    text = "".join(word.text for word in words)
    logs = [math.log(max(word.probability, _LEAST_PROBABILITY)) for word in words]
    duration_s = words[-1].end - words[0].start
    return Evidence(text, duration_s, sum(logs) / len(logs), no_speech, compression(text))


def compression(text: str) -> float:
    """Return how well a text can be compressed, as Whisper measures it: text that repeats itself very well."""
    content = text.encode()
    return len(content) / len(zlib.compress(content))


def is_suspect(found: Evidence) -> bool:
    """Return whether to decode the piece again with other settings: it repeats itself, or is unlikely as a whole."""
    return found.compression > COMPRESSION_LIMIT or found.log_probability < LOG_PROBABILITY_LIMIT


def is_invented(found: Evidence) -> bool:
    """Return whether to drop a piece, because most likely nobody said it."""
    if not any(map(str.isalnum, found.text)):
        return True
    if found.no_speech > NO_SPEECH_LIMIT and found.log_probability < LOG_PROBABILITY_LIMIT:
        return True
    return _is_doubtful(found) and (_is_hurried(found) or bool(_CREDITS.search(found.text)))


def sifted(
    words: Sequence[Word], *, no_speech: float, most: int = MOST_WORDS
) -> tuple[list[Sequence[Word]], list[Suspect]]:
    """Return the words of a window in groups of up to `most`, without those that nobody said, and what is suspect.

    The words include the space before them. `no_speech` is the model's probability that there is no speech in the
    window; 0 if it does not report one.
    """
    suspects: list[Suspect] = []

    def report(some: Sequence[Word], fate: str) -> None:
        suspects.append(Suspect(some[0].start, some[-1].end, text_of(some), fate))

    left: list[Word] = []
    for run in runs(words):
        once = run.words[: run.once]
        if run.is_loop:
            first, whole = (of_words(some, no_speech=no_speech) for some in (once, run.words))
            invented = _is_doubtful(first) or _is_hurried(whole)
            report(run.words, "dropped" if invented else "collapsed")
            once = () if invented else once
        left += once
    groups: list[Sequence[Word]] = []
    for group in grouped(left, most=most):
        evidence = of_words(group, no_speech=no_speech)
        invented = is_invented(evidence)
        if invented or is_suspect(evidence):
            report(group, "dropped" if invented else "kept")
        if not invented:
            groups.append(group)
    return groups, suspects


def _is_doubtful(found: Evidence) -> bool:
    return found.no_speech > DOUBTFUL_NO_SPEECH or found.log_probability < DOUBTFUL_LOG_PROBABILITY


def _is_hurried(found: Evidence) -> bool:
    return len(found.text) > FASTEST_CHARACTERS_PER_S * max(found.duration_s, 0.2)


def merit(found: Evidence) -> tuple[bool, float]:
    """Return how good a reading is, to be compared with that of another: without a loop first, then by probability.

    That a text can be compressed well is no reason by itself: people do repeat whole passages.
    """
    words = [Word(0.0, 0.0, word, 1.0) for word in found.text.split()]
    return not any(run.is_loop for run in runs(words)), found.log_probability


@dataclass(frozen=True)
class Run:
    """Words in order; if they are a loop, `once` is the number of those that are its phrase, said for the first time.

    A loop includes the beginning of the phrase after its last repetition.
    """

    words: tuple[Word, ...]
    once: int

    @property
    def is_loop(self) -> bool:
        return self.once < len(self.words)


def runs(words: Sequence[Word]) -> Iterator[Run]:
    """Yield the words as loops and what is between them: a loop is a phrase that is repeated implausibly often.

    A phrase of two to eight words may occur three times in a row, a single word five times.
    """
    start = at = 0
    while at < len(words):
        size, times = _loop(words, at)
        if times == 1:
            at += 1
            continue
        if at > start:
            yield Run(tuple(words[start:at]), at - start)
        end = at + size * times
        while end < len(words) and _bare(words[end]) == _bare(words[end - size]):
            end += 1
        yield Run(tuple(words[at:end]), size)
        start = at = end
    if at > start:
        yield Run(tuple(words[start:at]), at - start)


def _loop(words: Sequence[Word], at: int) -> tuple[int, int]:
    """Return the length of the looping phrase that starts here and how often it repeats; (1, 1) if there is none."""
    for size in range(1, LONGEST_PHRASE + 1):
        times = _times(words, at, size)
        if times > (MOST_OF_A_WORD if size == 1 else MOST_OF_A_PHRASE):
            return size, times
    return 1, 1


def _times(words: Sequence[Word], at: int, size: int) -> int:
    phrase = [_bare(word) for word in words[at : at + size]]
    times = 1
    while [_bare(word) for word in words[at + times * size : at + (times + 1) * size]] == phrase:
        times += 1
    return times if len(phrase) == size else 1


def _bare(word: Word) -> str:
    return word.text.strip(" .,;:!?…").casefold()
