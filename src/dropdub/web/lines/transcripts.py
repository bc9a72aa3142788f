"""What is said in a job's recording, or in a translation, as its published files have it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import BinaryIO

from dropdub.pipeline.artifacts import Segment, Transcript
from dropdub.publishing.earlier_results import MOST_OF_TRANSCRIPT
from dropdub.publishing.manifest_file import MANIFEST, NOT_THERE
from dropdub.root import Root
from dropdub.store.views import JobView
from dropdub.subtitles.reading import read_subtitle
from dropdub.web.answering.errors import ApiError
from dropdub.web.jobs.outputs import opened_outputs

_TRANSLATED = ("srt", "vtt", "ass", "txt")
"""The first that there is: the translation of a text has no times."""


@dataclass(frozen=True)
class SpokenWord:
    """A word, with its start and end in seconds."""

    text: str
    start: float
    end: float


@dataclass(frozen=True)
class SpokenLine:
    """A line, or a paragraph of a text, whose times are 0. `n` counts from 1; `start` and `end` in seconds.

    `words`: empty if their times are not known.
    """

    n: int
    start: float
    end: float
    text: str
    speaker: str | None = None
    words: list[SpokenWord] = field(default_factory=list)


@dataclass(frozen=True)
class JobTranscript:
    """The lines of a recording (`target` null), or of its translation. `duration_s`: of the recording."""

    language: str | None
    target: str | None
    duration_s: float | None
    lines: list[SpokenLine]


def transcript_of(job: JobView, root: Root, target: str | None) -> JobTranscript:
    """Return what is said. Raises ApiError 404 as long as it is not published, and if it never will be."""
    found = None
    with opened_outputs(job, root) as (folder, names):
        for name in _named(names, target):
            with folder.read(name) as reader:
                found = _translated(job, reader, name, target) if target else _original(reader)
            if found is not None:
                break
    if found is None:
        what = f"translation into {target!r}" if target else "transcript"
        raise ApiError(404, f"Job {job.id} has no {what} yet, or will have none.", "NoTranscript")
    return found


def has_lines(job: JobView, target: str | None) -> bool:
    """Return whether a job has published lines in a language, as far as its row says."""
    return bool(_named([PurePath(path).name for path in job.outputs], target))


def _named(names: Sequence[str], target: str | None) -> list[str]:
    """Return the files that may hold the lines, the best first.

    They are named after the recording, and the job may be that of a subtitle which corrects it: `clip.pt.srt`. A
    translation of `talk.pt.mp4` is `talk.pt.pt.srt`, and its subtitle `talk.pt.srt`.
    """
    by_length = sorted((name for name in names if name != MANIFEST), key=len, reverse=target is not None)
    endings = [f".{target}.{suffix}" for suffix in _TRANSLATED] if target else [".json"]
    return [name for ending in endings for name in by_length if name.endswith(ending)]


def _original(reader: BinaryIO) -> JobTranscript | None:
    try:
        found = Transcript.from_json(_text(reader))
    except NOT_THERE:
        return None
    return JobTranscript(found.language, None, found.duration_s, _lines(found.segments))


def _translated(job: JobView, reader: BinaryIO, name: str, target: str | None) -> JobTranscript:
    if name.endswith(".txt"):
        paragraphs = [text for one in _text(reader).split("\n\n") if (text := one.strip())]
        lines = [SpokenLine(n, 0.0, 0.0, text) for n, text in enumerate(paragraphs, start=1)]
        return JobTranscript(target, target, None, lines)
    cues = read_subtitle(_text(reader), suffix=PurePath(name).suffix).cues
    lines = [SpokenLine(n, one.start, one.end, one.text) for n, one in enumerate(cues, start=1)]
    return JobTranscript(target, target, job.duration_s, lines)


def _text(reader: BinaryIO) -> str:
    return reader.read(MOST_OF_TRANSCRIPT).decode("utf-8-sig", "replace")


def _lines(segments: Sequence[Segment]) -> list[SpokenLine]:
    return [
        SpokenLine(n, one.start, one.end, one.text, one.speaker, _words(one)) for n, one in enumerate(segments, start=1)
    ]


def _words(segment: Segment) -> list[SpokenWord]:
    return [SpokenWord(word.text, word.start, word.end) for word in segment.words]
