"""What a stage is: a function from named artefacts to named artefacts, run in a worker."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from dropdub.config import JobOptions, Limits, Split
from dropdub.engines.base import Diarizer, Separator, Synthesizer, Transcriber, Translator
from dropdub.pipeline.cache import Cache
from dropdub.pipeline.facts import Facts

Result = dict[str, Any]
"""What a stage returns, as JSON. `warnings`: list of sentences. The planner and the job row take from it what
`plan.py` names; publish stages return `deliverables`."""


class EngineShelf(Protocol):
    """Where a stage gets its engine: loaded, by name or `auto`. Raises EngineMissing."""

    def transcriber(self, name: str, *, language: str | None = None) -> Transcriber:
        """`auto` takes the best one, which understands `language` if given; raises UnsupportedLanguage."""

    def translator(self, name: str, *, source: str, target: str) -> Translator:
        """`auto` takes the best one that supports the pair; raises UnsupportedLanguage where none does."""

    def require_pair(self, name: str, *, source: str, target: str) -> None:
        """Raise what `translator` would for a pair that is not possible; load nothing."""

    def synthesizer(self, name: str, *, language: str) -> Synthesizer:
        """`auto` takes the best one that speaks the language; raises UnsupportedLanguage where none does."""

    def offers_diarizer(self, name: str) -> bool:
        """Whether `diarizer` has one to give; loads nothing."""

    def diarizer(self, name: str) -> Diarizer | None:
        """`auto` takes the best one; None where none is installed."""

    def separator(self, name: str) -> Separator | None:
        """`auto` takes the best one; None where none is installed."""


@dataclass(frozen=True)
class Task:
    """One step as its stage sees it. Paths are absolute.

    `facts` are what the job's earlier steps found. `scratch` dies with the step; it is on
    the file system of `job_dir`. `progress` takes the done share, 0 to 1. `deadline_s` is the time left for this step.
    `staging` is where a publish step puts deliverables, `allowed` the folder around it below which no link is followed.
    `companion` is the subtitle that came with the source, or that corrects what was made of it: then `before` is the
    transcript of that time, which others may have replaced unless it has `before_sha256`.
    """

    key: str
    stage: str
    target: str | None
    params: Mapping[str, Any]
    token: int
    job_id: int
    job_name: str
    kind: str
    source: Path
    job_dir: Path
    scratch: Path
    voices: Path
    options: JobOptions
    limits: Limits
    split: Split
    facts: Facts
    engines: EngineShelf
    cache: Cache
    deadline_s: float
    staging: Path | None = None
    allowed: Path | None = None
    companion: Path | None = None
    before: Path | None = None
    before_sha256: str | None = None
    progress: Callable[[float], None] = field(default=lambda _share: None)
    log: Callable[[str], None] = field(default=lambda _text: None)

    def prepared_scratch(self) -> Path:
        """Return `scratch`, made if it is not there yet."""
        self.scratch.mkdir(parents=True, exist_ok=True)
        return self.scratch


Stage = Callable[[Task], Result]


def target_of(task: Task) -> str:
    """Return the target language of a step on a target's branch."""
    assert task.target is not None
    return task.target
