"""The text of a transcript as one line, and its parts with the spaces between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from dropdub.pipeline.artifacts import Segment, TimedWord, Transcript
from dropdub.unspaced import is_joined_without_space


def said(segments: Iterable[Segment]) -> tuple[Segment, ...]:
    """Return the segments that have a text, each on one line."""
    lines = ((segment, " ".join(segment.text.split())) for segment in segments)
    return tuple(replace(segment, text=line) for segment, line in lines if line)


def spaced(texts: Iterable[str], *, before: str = "") -> Iterator[str]:
    """Yield texts with the space before each, as Whisper does, the first included: joined, they are the whole text.

    Chinese and Japanese have none. `before` is the text that they follow.
    """
    for text in texts:
        line = text.strip()
        yield line if is_joined_without_space(before or line, line) else f" {line}"
        before = line or before


def whole_text(segments: Iterable[Segment]) -> str:
    """Return the text of segments on one line."""
    return "".join(spaced(segment.text for segment in said(segments))).strip()


class GrowingLine:
    """The text of a transcript as it grows."""

    def __init__(self) -> None:
        self._before = ""

    def add(self, segments: Iterable[Segment]) -> str:
        """Return the text of the next segments, with the space before it; empty if nothing was said."""
        spoken = said(segments)
        text = "".join(spaced((segment.text for segment in spoken), before=self._before))
        line = text if self._before else text.lstrip()
        self._before = spoken[-1].text if spoken else self._before
        return line


def words_of(transcript: Transcript) -> Sequence[TimedWord]:
    """Return all words with their times; none of a translation."""
    return [word for segment in said(transcript.segments) for word in segment.words]
