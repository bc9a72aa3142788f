"""What transitions take and give."""

from __future__ import annotations

from dataclasses import dataclass

from dropdub.store.states import Outcome
from dropdub.store.tables import Job, Step


@dataclass(frozen=True)
class Claim:
    """A step that is now this run's, under `step.token`. Both rows are copies, as they were at the claim."""

    step: Step
    job: Job
    attempt_id: int


@dataclass(frozen=True)
class AttemptEnd:
    """How an attempt ended. `peak_memory` in bytes."""

    outcome: Outcome
    exit_code: int | None = None
    error_class: str | None = None
    error_text: str | None = None
    peak_memory: int | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class JobFacts:
    """What a step found out about its job. None leaves what is known; warnings and outputs are added."""

    kind: str | None = None
    duration_s: float | None = None
    language: str | None = None
    content_hash: str | None = None
    dup_of: int | None = None
    warnings: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
