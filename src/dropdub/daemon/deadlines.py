"""How long a step may take: a pure function of the work's size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dropdub.config import Deadlines

MEDIA_SHORTEST_S = 60.0
MEDIA_LONGEST_S = 30 * 60.0
AUDIO_BYTES_PER_S = 32_000
TRANSCRIBE_X_REAL_TIME = 10.0
"""Seconds allowed for a second of recording: a slow machine with a large model needs about 5."""
PER_LINE_S = 10.0
"""Seconds allowed for translating or speaking one segment."""
ENGINE_LEAST_S = 120.0


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
    if stage == "probe":
        return settings.probe * settings.factor
    if stage == "transcribe":
        spoken = float(params["end"]) - float(params["start"])
        return settings.factor * (ENGINE_LEAST_S + TRANSCRIBE_X_REAL_TIME * spoken)
    if stage == "diarize":
        return settings.factor * (ENGINE_LEAST_S + float(facts["extract"]["duration_s"]))
    if stage in ("translate", "synthesize", "hear", "compare"):
        return settings.factor * (ENGINE_LEAST_S + PER_LINE_S * _segments(facts))
    return settings.factor * min(max(MEDIA_SHORTEST_S, _megabytes(facts, size)), MEDIA_LONGEST_S)


def _megabytes(facts: Mapping[str, Mapping[str, Any]], size: int) -> float:
    """Return what a media tool reads and writes: the source, and its sound without compression."""
    duration_s = float(facts.get("probe", {}).get("duration_s") or 0.0)
    return (size + duration_s * AUDIO_BYTES_PER_S) / 1_000_000


def _segments(facts: Mapping[str, Mapping[str, Any]]) -> int:
    counts = (facts.get(key, {}).get("segments", 0) for key in ("merge", "extract"))
    return max(int(count) for count in counts)
