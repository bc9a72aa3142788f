"""How long a step may take: a pure function of how much it has to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dropdub.config import Deadlines
from dropdub.pipeline.facts import Facts
from dropdub.stage_table import STAGES, Work


def deadline_s(stage: str, *, params: Mapping[str, Any], facts: Facts, size: int, settings: Deadlines) -> float:
    """Return the seconds that one run of a step may take; `size` is the source's, in bytes."""
    work = Work(params, size, duration_s=facts.duration_s, segments=facts.segments, probe_s=settings.probe)
    return settings.factor * STAGES[stage].deadline(work)
