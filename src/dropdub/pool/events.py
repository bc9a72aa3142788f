"""What a pool reports about the steps that it was given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dropdub.errors import DropdubError


@dataclass(frozen=True)
class Started:
    """A worker has begun a step."""

    step_id: int
    token: int
    pid: int
    pid_started: float


@dataclass(frozen=True)
class Progressed:
    """The completed share of a step has changed."""

    step_id: int
    token: int
    share: float


@dataclass(frozen=True)
class PieceMade:
    """A numbered piece of a step's result is complete on disk. After a retry, finished pieces are reported again."""

    step_id: int
    token: int
    number: int


@dataclass(frozen=True)
class Completed:
    """A step has a result. `peak_memory` in bytes, of the worker's whole process tree."""

    step_id: int
    token: int
    result: dict[str, Any]
    seconds: float
    peak_memory: int


@dataclass(frozen=True)
class StepFailed:
    """A step ended in an error, or its worker did."""

    step_id: int
    token: int
    error: DropdubError
    exit_code: int | None
    seconds: float
    peak_memory: int


@dataclass(frozen=True)
class Logged:
    """A line for the log."""

    step_id: int | None
    level: str
    text: str


PoolEvent = Started | Progressed | PieceMade | Completed | StepFailed | Logged


@dataclass(frozen=True)
class RunningStep:
    """A step that a worker is running."""

    step_id: int
    token: int
    share: float
    seconds: float
    memory: int
