"""A planned step, as the planner passes it to the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class StepSpec:
    """A planned step. `key` is unique within the job's round; `target` None means the trunk.

    It may run once every step with a lower `phase`, on the trunk or of the same target, has succeeded; a trunk step
    waits for all targets.
    """

    key: str
    stage: str
    phase: int
    target: str | None
    pool: str
    params: Mapping[str, Any] = field(default_factory=dict)
