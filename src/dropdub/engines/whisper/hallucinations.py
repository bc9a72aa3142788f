"""Recognise hallucinations of speech recognisers. Pure.

The thresholds of `is_suspect` and `is_invented` are those of Whisper's own decoder (compression ratio 2.4, mean log
probability -1.0, no-speech probability 0.6).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dropdub.engines.base import Word

COMPRESSION_LIMIT = 2.4
LOG_PROBABILITY_LIMIT = -1.0
NO_SPEECH_LIMIT = 0.6
DOUBTFUL_NO_SPEECH = 0.3
DOUBTFUL_LOG_PROBABILITY = -0.6
FASTEST_CHARACTERS_PER_S = 45.0
LONGEST_PHRASE = 8
MOST_OF_A_PHRASE = 3
MOST_OF_A_WORD = 5
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


def is_suspect(found: Evidence) -> bool:
    """Return whether to decode the piece again with other settings: it repeats itself, or is unlikely as a whole."""
    return found.compression > COMPRESSION_LIMIT or found.log_probability < LOG_PROBABILITY_LIMIT


def is_invented(found: Evidence) -> bool:
    """Return whether to drop a piece, because most likely nobody said it."""
    if found.no_speech > NO_SPEECH_LIMIT and found.log_probability < LOG_PROBABILITY_LIMIT:
        return True
    doubtful = found.no_speech > DOUBTFUL_NO_SPEECH or found.log_probability < DOUBTFUL_LOG_PROBABILITY
    hurried = len(found.text) > FASTEST_CHARACTERS_PER_S * max(found.duration_s, 0.2)
    return doubtful and (hurried or bool(_CREDITS.search(found.text)))


def likelier(one: Sequence[Evidence], other: Sequence[Evidence]) -> bool:
    """Return whether `one` is at least as likely as `other`: by fewer suspects first, then by probability."""
    return _merit(one) >= _merit(other)


def _merit(found: Sequence[Evidence]) -> tuple[int, float]:
    suspects = sum(map(is_suspect, found))
    mean = sum(one.log_probability for one in found) / len(found) if found else LOG_PROBABILITY_LIMIT
    return -suspects, mean


def without_loops(words: Sequence[Word]) -> tuple[Word, ...]:
    """Return the words with loops collapsed: phrases repeated implausibly often are kept once.

    A phrase of two to eight words may occur three times in a row, a single word five times.
    """
    kept: list[Word] = []
    at = 0
    while at < len(words):
        size, times = _loop(words, at)
        kept.extend(words[at : at + size])
        at += size * times
    return tuple(kept)


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
