"""The table of stages, used by planner, worker, deadlines, progress and publishing. A new stage is a row and a module.

Imports no library and nothing from the layers above, because `dropdub status` uses it too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

MEDIA_SHORTEST_S = 60.0
MEDIA_LONGEST_S = 30 * 60.0
AUDIO_BYTES_PER_S = 32_000
TRANSCRIBE_X_REAL_TIME = 10.0
"""Seconds allowed per second of recording: a slow machine with a large model needs about 5."""
BURN_X_REAL_TIME = 10.0
"""Seconds allowed per second of encoded video: 1280 x 720 took 2.6 on two cores that were busy with other work."""
MIX_X_REAL_TIME = 0.3
"""Seconds allowed per second of dub: measuring, mixing and encoding took 0.13 on a machine busy with other work."""
SEPARATE_X_REAL_TIME = 6.0
PER_LINE_S = 10.0
"""Seconds allowed for translating or speaking a segment."""
DIARIZE_X_REAL_TIME = 1.0
"""Seconds allowed per second of recording, besides reading the source: comparing voices needs about 0.01."""
ENGINE_LEAST_S = 120.0
BY_VOICES = "voices"
"""The part of `diarize` that compares voices."""
MOST_TAKES = 5
"""The number that fits between the phases of synthesize and mix: each take has a phase, its verification the next."""


@dataclass(frozen=True)
class Work:
    """The amount of work of a step, from which its deadline is computed.

    `size` is the source's size in bytes; `duration_s` the recording's duration, 0 if it is not known yet; `segments`
    the number of lines; `probe_s` the time that the settings allow for probing a file.
    """

    params: Mapping[str, Any]
    size: int
    duration_s: float
    segments: int
    probe_s: float


def _media(work: Work) -> float:
    megabytes = (work.size + work.duration_s * AUDIO_BYTES_PER_S) / 1_000_000
    return min(max(MEDIA_SHORTEST_S, megabytes), MEDIA_LONGEST_S)


def _transcription(work: Work) -> float:
    spoken = float(work.params["end"]) - float(work.params["start"])
    return ENGINE_LEAST_S + TRANSCRIBE_X_REAL_TIME * spoken


def _lines(work: Work) -> float:
    return ENGINE_LEAST_S + PER_LINE_S * work.segments


def _diarization(work: Work) -> float:
    return _media(work) + ENGINE_LEAST_S + DIARIZE_X_REAL_TIME * work.duration_s


def _mixing(work: Work) -> float:
    rate = SEPARATE_X_REAL_TIME if work.params.get("separate") else MIX_X_REAL_TIME
    return ENGINE_LEAST_S + PER_LINE_S / 10 * work.segments + rate * work.duration_s


def _muxing(work: Work) -> float:
    return MEDIA_LONGEST_S + BURN_X_REAL_TIME * work.duration_s if work.params.get("burn") else _media(work)


@dataclass(frozen=True)
class Part:
    """A step of a stage that has its own phase, or runs in another pool."""

    phase: int
    pool: str = "media"


@dataclass(frozen=True)
class Stage:
    """A stage: a kind of step.

    `phase` orders the steps of a job, `pool` names the workers that run them, `weight` is its share of a job's
    progress, `learns` are the fields of its result that are copied to the job's row. `deadline` returns seconds, not
    yet multiplied by the factor in the settings. `parts` are its steps `stage/part`.
    """

    name: str
    phase: int
    pool: str = "media"
    weight: float = 1.0
    deadline: Callable[[Work], float] = _media
    learns: tuple[str, ...] = ()
    parts: Mapping[str, Part] = field(default_factory=dict)


TABLE = (
    Stage("probe", 0, deadline=lambda work: work.probe_s, learns=("kind", "duration_s")),
    Stage("extract", 10, learns=("duration_s", "language", "content_hash")),
    Stage("split", 20),
    Stage("transcribe", 30, "transcribe", weight=20.0, deadline=_transcription),
    # Comparing voices needs torch, which only the synthesize pool loads.
    Stage("diarize", 32, weight=0.0, deadline=_diarization, parts={BY_VOICES: Part(33, "synthesize")}),
    Stage("merge", 40, learns=("language",)),
    Stage("translate", 50, "translate", weight=4.0, deadline=_lines),
    Stage("synthesize", 60, "synthesize", weight=10.0, deadline=_lines),
    Stage("hear", 61, "transcribe", weight=0.0, deadline=_lines),
    Stage("mix", 70, deadline=_mixing),
    Stage("mux", 80, deadline=_muxing),
    Stage("book", 80),
    Stage("compare", 87, "synthesize", deadline=_lines),
    Stage(
        "publish",
        90,
        parts={
            "transcript": Part(45),
            "translation": Part(55),
            "dub": Part(75),
            "video": Part(85),
            "book": Part(85),
            "report": Part(88),
            "manifest": Part(90),
        },
    ),
)
STAGES: Mapping[str, Stage] = {stage.name: stage for stage in TABLE}
ROLES: Mapping[str, str] = {"transcribe": "transcriber", "translate": "translator", "synthesize": "synthesizer"}
"""The engine of each pool that has one."""
