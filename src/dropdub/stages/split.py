"""split: detects speech, and cuts a long recording into chunks, in pauses if possible."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from dropdub.pipeline.artifacts import AUDIO, SPEECH, save_spans
from dropdub.pipeline.task import Result, Task
from dropdub.speech.vad import Span, cut_points, quietest_in, speech_spans

_SEARCH_S = 5.0


def run(task: Task) -> Result:
    """Write speech.json; return `chunks`: [start, end] pairs in seconds that cover audio.wav without gap or overlap.

    There are none if nobody speaks: then no transcriber has to be loaded.
    """
    spans = speech_spans(task.job_dir / AUDIO)
    save_spans(task.job_dir / SPEECH, spans)
    if not spans:
        return {"chunks": []}
    duration_s = task.facts.extract.length_s
    long = duration_s > task.split.above_duration or task.facts.probe.size > task.split.above_size
    cuts = _cuts(task, spans, duration_s) if long else []
    return {"chunks": [list(pair) for pair in pairwise([0.0, *cuts, duration_s])]}


def _cuts(task: Task, spans: Sequence[Span], duration_s: float) -> list[float]:
    audio, split = task.job_dir / AUDIO, task.split
    marks = cut_points(spans, duration_s, target_s=split.target, window_s=split.window)
    return [_gentle(mark, spans, audio, min(_SEARCH_S, split.window)) for mark in marks]


def _gentle(cut: float, spans: Sequence[Span], audio: Path, search_s: float) -> float:
    """Return the cut; if it falls into speech, moved to the quietest moment nearby, so that no word is cut."""
    if any(span.start < cut < span.end for span in spans):
        cut = quietest_in(audio)(max(cut - search_s, 0.0), cut + search_s)
    return round(cut, 3)
