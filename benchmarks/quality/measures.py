"""What is measured of a transcript: wrong words, times, words over silence, words at seams."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import jiwer
import numpy as np

from quality.material import Recording, Span
from quality.ways import Word

EQUIVALENTS = {
    r"\bmayence\b": "mainz",
    r"\bstrasburg\b": "strasbourg",
    r"\bbasle\b": "basel",
    r"\blower case\b": "lowercase",
    r"\bupper case\b": "uppercase",
    r"\bwood ?cutters\b": "woodcutters",
    r"\bwood blocks?\b": "woodblocks",
    r"\bwoodblock\b": "woodblocks",
    r"\bletter press\b": "letterpress",
    r"\bpicturebooks\b": "picture books",
    r"\bblockbooks\b": "block books",
    r"\bi e\b": "ie",
    r"\bcolour\b": "color",
}
"""Spellings that count as the same word, applied to both texts after Whisper's normaliser."""

LEAST_OVER_SILENCE_S = 0.3
LONGEST_NOTHING_S = 0.005
NEAR_SEAM_S = 2.0
NEAR_SPEECH_S = 0.5


@dataclass(frozen=True)
class Errors:
    """The wrong words of a transcript: substituted, deleted and inserted ones, of `words` that were said."""

    substituted: int = 0
    deleted: int = 0
    inserted: int = 0
    words: int = 0

    def __add__(self, other: Errors) -> Errors:
        return Errors(
            self.substituted + other.substituted,
            self.deleted + other.deleted,
            self.inserted + other.inserted,
            self.words + other.words,
        )

    @property
    def total(self) -> int:
        return self.substituted + self.deleted + self.inserted

    def __str__(self) -> str:
        share = f"{self.total / self.words:.2%}" if self.words else f"{self.total} words"
        return f"{share} ({self.substituted}/{self.deleted}/{self.inserted})"


def normalised(text: str, language: str = "en") -> str:
    """Return a text as Whisper's papers compare it: their normaliser, as in transformers, then `EQUIVALENTS`.

    Its list of British and American spellings comes with a model, not with transformers, and is not used.
    """
    text = _normaliser(language)(text)
    for pattern, spelling in EQUIVALENTS.items() if language == "en" else ():
        text = re.sub(pattern, spelling, text)
    return " ".join(text.split())


@cache
def _normaliser(language: str) -> Any:
    from transformers.models.whisper.english_normalizer import BasicTextNormalizer, EnglishTextNormalizer

    return EnglishTextNormalizer({}) if language == "en" else BasicTextNormalizer()


def errors(said: str, heard: str, language: str = "en") -> Errors:
    """Count the errors of a transcript, both texts normalised."""
    reference, found = normalised(said, language).split(), normalised(heard, language).split()
    if not reference:
        return Errors(inserted=len(found))
    counted = jiwer.process_words(" ".join(reference), " ".join(found))
    return Errors(counted.substitutions, counted.deletions, counted.insertions, len(reference))


@dataclass(frozen=True)
class Edges:
    """How far the starts of first words and the ends of last words are from the known edges, in seconds; late is +."""

    starts: tuple[float, ...]
    ends: tuple[float, ...]

    def __add__(self, other: Edges) -> Edges:
        return Edges(self.starts + other.starts, self.ends + other.ends)


def spread(values: Sequence[float]) -> str:
    """Return median / 90th percentile of the absolute values / worst of them."""
    if not values:
        return "-"
    sizes = np.abs(values)
    return f"{np.median(values):.2f} / {np.percentile(sizes, 90):.2f} / {sizes.max():.2f}"


@dataclass(frozen=True)
class Lost:
    """A run of missing words, and when the word before it ends."""

    at: float
    words: tuple[str, ...]


class Alignment:
    """The words of a recording with speech and those of its transcript, each matched with at most one of the others.

    Unlike for the errors, each word of the transcript is normalised alone, so that it keeps its times. So a number
    that is written as several words there does not match.
    """

    def __init__(self, recording: Recording, words: Sequence[Word]) -> None:
        self._said = [normalised(one.text).split() for one in recording.said]
        self._recording = recording
        self._heard = [(token, word) for word in words for token in normalised(word.text).split()]

    def edges(self) -> Edges:
        """Return how far off the first and last words of each text are, where they were understood."""
        starts, ends, first = [], [], 0
        for said, text in zip(self._recording.said, self._said, strict=True):
            last = first + len(text) - 1
            if first in self._matched:
                starts.append(self._heard[self._matched[first]][1].start - said.start)
            if last in self._matched:
                ends.append(self._heard[self._matched[last]][1].end - said.end)
            first = last + 1
        return Edges(tuple(starts), tuple(ends))

    def inserted(self) -> list[Word]:
        """Return the words that nobody said, in order; each once, whatever its number of parts."""
        found = [self._heard[at][1] for one in self._of("insert") for at in range(one.hyp_start_idx, one.hyp_end_idx)]
        return list(dict.fromkeys(found))

    def lost(self) -> list[Lost]:
        """Return the runs of words that are missing, in order."""
        return [
            Lost(self._end_before(one), tuple(self._said_words[one.ref_start_idx : one.ref_end_idx]))
            for one in self._of("delete")
        ]

    def _end_before(self, one: Any) -> float:
        return self._heard[one.hyp_start_idx - 1][1].end if one.hyp_start_idx else 0.0

    def _of(self, kind: str) -> Iterator[Any]:
        return (one for one in self._aligned if one.type == kind)

    @cached_property
    def _matched(self) -> dict[int, int]:
        return {
            one.ref_start_idx + n: one.hyp_start_idx + n
            for one in self._of("equal")
            for n in range(one.ref_end_idx - one.ref_start_idx)
        }

    @cached_property
    def _said_words(self) -> list[str]:
        return [token for text in self._said for token in text]

    @cached_property
    def _aligned(self) -> Sequence[Any]:
        heard = " ".join(token for token, _ in self._heard)
        return jiwer.process_words(" ".join(self._said_words), heard).alignments[0]


def over_silence(words: Iterable[Word], silences: Sequence[Span]) -> list[Word]:
    """Return the words that cover at least .3 s of a known silence."""
    return [
        word
        for word in words
        if any(min(word.end, one.end) - max(word.start, one.start) >= LEAST_OVER_SILENCE_S for one in silences)
    ]


def of_no_length(words: Iterable[Word]) -> list[Word]:
    return [word for word in words if word.end - word.start <= LONGEST_NOTHING_S]


def where_nobody_speaks(words: Iterable[Word], recording: Recording) -> list[Word]:
    """Return the words whose middle is more than half a second away from everything that is said."""

    def is_said(moment: float) -> bool:
        return any(one.start - NEAR_SPEECH_S <= moment <= one.end + NEAR_SPEECH_S for one in recording.said)

    return [word for word in words if not is_said(middle(word))]


def at_seams(alignment: Alignment, seams: Sequence[float]) -> tuple[list[str], list[str]]:
    """Return the words added and the words lost within two seconds of a seam."""

    def near(moment: float) -> bool:
        return any(abs(moment - seam) <= NEAR_SEAM_S for seam in seams)

    added = [word.text for word in alignment.inserted() if near(middle(word))]
    return added, [word for one in alignment.lost() if near(one.at) for word in one.words]


def middle(word: Word) -> float:
    return (word.start + word.end) / 2
