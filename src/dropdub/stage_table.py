"""The table of stages, used by planner, worker, deadlines, progress and publishing. A new stage is a row and a module.

Imports no library and nothing from the layers above, because `dropdub status` uses it too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

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
PER_CHARACTER_S = 0.7
"""Seconds allowed for speaking or translating a character: a slow processor takes ten times as long as speech, which
has 15 in a second.
"""
DIARIZE_X_REAL_TIME = 1.0
"""Seconds allowed per second of recording, besides reading the source: comparing voices needs about 0.03."""
ENGINE_LEAST_S = 120.0
DETECTED_S = 150.0
"""Seconds of a recording in which its language is detected: five windows."""
Each = Literal["job", "chunk", "target"]
"""What a step is made for: a job has one of it, or as many as it has chunks or target languages."""
BY_VOICES = "voices"
"""The part of `diarize` that compares voices."""
BY_NAMES = "names"
"""The part of `diarize` that recognises the speakers whose voices a request brought along."""
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


def _detection(_work: Work) -> float:
    return ENGINE_LEAST_S + TRANSCRIBE_X_REAL_TIME * DETECTED_S


def _preparation(_work: Work) -> float:
    return ENGINE_LEAST_S


def _lines(work: Work) -> float:
    return ENGINE_LEAST_S + PER_LINE_S * work.segments


def _saying(work: Work) -> float:
    return ENGINE_LEAST_S + PER_CHARACTER_S * len(str(work.params["text"]))


def _diarization(work: Work) -> float:
    return _media(work) + ENGINE_LEAST_S + DIARIZE_X_REAL_TIME * work.duration_s


def _separation(work: Work) -> float:
    return _media(work) + ENGINE_LEAST_S + SEPARATE_X_REAL_TIME * work.duration_s


def _mixing(work: Work) -> float:
    rate = SEPARATE_X_REAL_TIME if work.params.get("separate") else MIX_X_REAL_TIME
    return ENGINE_LEAST_S + PER_LINE_S / 10 * work.segments + rate * work.duration_s


def _muxing(work: Work) -> float:
    return MEDIA_LONGEST_S + BURN_X_REAL_TIME * work.duration_s if work.params.get("burn") else _media(work)


@dataclass(frozen=True)
class Part:
    """A step of a stage that has its own phase, or runs in another pool. Fields as in `Stage`."""

    phase: int
    pool: str = "media"
    each: Each = "job"
    foreseen: bool = False


@dataclass(frozen=True)
class Stage:
    """A stage: a kind of step.

    `phase` orders the steps of a job, `pool` names the workers that run them, `learns` are the fields of its result
    that are copied to the job's row. `each` says how many steps it has. `parts` are its steps `stage/part`.

    `weight` is the share in a job's progress of one step, or of all chunks together. `foreseen`: whether it counts
    before it is planned. The first stages are planned at once, and others are needed by some jobs only.

    `deadline` returns seconds, not yet multiplied by the factor in the settings. `final_when_late`: whether the job
    fails if the deadline is missed once. `in_outbox`: whether it writes to the job's staging folder in the outbox.
    `keeps_pieces`: whether an attempt after an interrupted one finds its finished pieces, and continues from there.
    `admits_asides`: whether its worker may run short steps between two pieces of it, with the same engine;
    `runs_aside`: whether it is such a short step.
    `writes_transcript`: whether it may write the transcript or text from which the targets are made.
    """

    name: str
    phase: int
    pool: str = "media"
    weight: float = 1.0
    deadline: Callable[[Work], float] = _media
    learns: tuple[str, ...] = ()
    each: Each = "job"
    foreseen: bool = False
    final_when_late: bool = False
    in_outbox: bool = False
    keeps_pieces: bool = False
    admits_asides: bool = False
    runs_aside: bool = False
    writes_transcript: bool = False
    parts: Mapping[str, Part] = field(default_factory=dict)

    def foreseen_steps(self, each: Each) -> int:
        """Return how many foreseen steps one job, one target or all chunks have of this stage."""
        steps: tuple[Stage | Part, ...] = (self, *self.parts.values())
        return sum(step.foreseen and step.each == each for step in steps)


@dataclass(frozen=True)
class EnginePool:
    """A pool whose workers load an engine, of this `role`.

    `uses_all_cores`: whether it takes every core. The others leave half of them to other work.
    """

    role: str
    uses_all_cores: bool = False


TABLE = (
    # Probing takes a small part of its deadline; three tries would hold up everybody's files.
    Stage("probe", 0, deadline=lambda work: work.probe_s, learns=("kind", "duration_s"), final_when_late=True),
    # Each of these is the only step of its job.
    Stage("say", 0, "synthesize", deadline=_saying, keeps_pieces=True, admits_asides=True, runs_aside=True),
    Stage("dictate", 0, "transcribe", deadline=_transcription, runs_aside=True),
    Stage("interpret", 0, "translate", deadline=_saying, runs_aside=True),
    Stage("enroll", 0),
    Stage("prepare", 0, "synthesize", deadline=_preparation),
    # No job has it: separators are compared by it.
    Stage("separate", 0, deadline=_separation),
    Stage("extract", 10, learns=("duration_s", "language", "content_hash"), writes_transcript=True),
    Stage("split", 20),
    Stage(
        "transcribe",
        30,
        "transcribe",
        weight=20.0,
        deadline=_transcription,
        each="chunk",
        foreseen=True,
        keeps_pieces=True,
        admits_asides=True,
    ),
    # Comparing voices may need torch, which only the synthesize pool loads.
    Stage(
        "diarize",
        32,
        weight=0.0,
        deadline=_diarization,
        parts={BY_VOICES: Part(33, "synthesize"), BY_NAMES: Part(42, "synthesize")},
    ),
    Stage("detect", 30, "transcribe", weight=0.0, deadline=_detection),
    Stage("merge", 40, learns=("language",), writes_transcript=True),
    Stage(
        "translate",
        50,
        "translate",
        weight=4.0,
        deadline=_lines,
        each="target",
        foreseen=True,
        keeps_pieces=True,
        admits_asides=True,
    ),
    Stage(
        "synthesize",
        60,
        "synthesize",
        weight=10.0,
        deadline=_lines,
        each="target",
        foreseen=True,
        keeps_pieces=True,
        admits_asides=True,
    ),
    Stage(
        "hear",
        61,
        "transcribe",
        weight=0.0,
        deadline=_lines,
        each="target",
        keeps_pieces=True,
        admits_asides=True,
    ),
    Stage("mix", 70, deadline=_mixing, each="target", foreseen=True),
    Stage("mux", 80, deadline=_muxing, each="target", foreseen=True),
    Stage("book", 80, each="target"),
    Stage("compare", 87, "synthesize", deadline=_lines, each="target"),
    Stage(
        "publish",
        90,
        in_outbox=True,
        parts={
            "transcript": Part(45, foreseen=True),
            "translation": Part(55, each="target", foreseen=True),
            "dub": Part(75, each="target", foreseen=True),
            "video": Part(85, each="target", foreseen=True),
            "book": Part(85, each="target"),
            "report": Part(88),
            "manifest": Part(90, foreseen=True),
        },
    ),
)
STAGES: Mapping[str, Stage] = {stage.name: stage for stage in TABLE}
BY_CHUNK = frozenset(stage.name for stage in TABLE if stage.each == "chunk")
"""Stages whose steps have the `start` and `end` of a chunk, in seconds of the recording, as parameters."""
LEARN_KIND = frozenset(stage.name for stage in TABLE if "kind" in stage.learns)
LEARN_LANGUAGE = frozenset(stage.name for stage in TABLE if "language" in stage.learns)
FINAL_WHEN_LATE = frozenset(stage.name for stage in TABLE if stage.final_when_late)
IN_OUTBOX = frozenset(stage.name for stage in TABLE if stage.in_outbox)
KEEP_PIECES = frozenset(stage.name for stage in TABLE if stage.keeps_pieces)
ADMIT_ASIDES = frozenset(stage.name for stage in TABLE if stage.admits_asides)
RUN_ASIDE = frozenset(stage.name for stage in TABLE if stage.runs_aside)
WRITE_TRANSCRIPT = frozenset(stage.name for stage in TABLE if stage.writes_transcript)
LAST_STEP = max((part.phase, f"{stage.name}/{name}") for stage in TABLE for name, part in stage.parts.items())[1]
"""The key of the step that ends every job: once it is planned, all steps are."""
ENGINE_POOLS: Mapping[str, EnginePool] = {
    "transcribe": EnginePool("transcriber", uses_all_cores=True),
    "translate": EnginePool("translator"),
    "synthesize": EnginePool("synthesizer"),
}
"""The pools that have an engine, by name."""
POOLS_OF_A_TRANSCRIPT = frozenset(stage.pool for stage in TABLE if stage.each == "chunk" or "kind" in stage.learns)
ENGINES_OF_A_DUB = frozenset(
    stage.pool for stage in TABLE if stage.each == "target" and stage.foreseen and stage.pool in ENGINE_POOLS
)
POOLS_OF_REQUESTS = frozenset(stage.pool for stage in TABLE if stage.runs_aside)


def foreseen_weight(each: Each) -> float:
    """Return the weight of all foreseen steps of one job, of one target, or of all chunks together."""
    return sum(stage.weight * stage.foreseen_steps(each) for stage in TABLE)
