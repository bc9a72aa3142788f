"""The deadline of a step, a pure function of its workload."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dropdub.config import Deadlines
from dropdub.pipeline.facts import Facts
from dropdub.stage_table import STAGES, Work

LONGER = 2.0
"""How many times as long an attempt may take as the one before it that was too slow."""


def deadline_s(
    stage: str, *, params: Mapping[str, Any], facts: Facts, size: int, settings: Deadlines, late: int = 0
) -> float:
    """Return how many seconds one run of a step may take.

    `size`: the source's, in bytes; `late`: how many attempts of the step were ended by their deadline.
    """
    work = Work(params, size, duration_s=facts.duration_s, segments=facts.segments, probe_s=settings.probe)
    return settings.factor * STAGES[stage].deadline(work) * LONGER**late
