"""How long a step may take: a pure function of how much it has to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dropdub.config import Deadlines
from dropdub.stage_table import STAGES, Work


def deadline_s(
    stage: str,
    *,
    params: Mapping[str, Any],
    facts: Mapping[str, Mapping[str, Any]],
    size: int,
    settings: Deadlines,
) -> float:
    """Return the seconds that one run of a step may take.

    `facts` are the results of the job's earlier steps; `size` is the source's, in bytes.
    """
    work = Work(params, size, duration_s=_duration_s(facts), segments=_segments(facts), probe_s=settings.probe)
    return settings.factor * STAGES[stage].deadline(work)


def _duration_s(facts: Mapping[str, Mapping[str, Any]]) -> float:
    """Return the length of what is worked on; of a subtitle, whose length `probe` does not tell, `extract` does."""
    return float(next((found for key in ("probe", "extract") if (found := facts.get(key, {}).get("duration_s"))), 0.0))


def _segments(facts: Mapping[str, Mapping[str, Any]]) -> int:
    told = [facts.get(key, {}) for key in ("merge", "extract")]
    told += [result for key, result in facts.items() if key.startswith("translate/")]  # one's own may have more
    return max(int(result.get("segments", 0)) for result in told)
