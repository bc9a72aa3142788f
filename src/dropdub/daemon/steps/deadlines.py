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
BURN_X_REAL_TIME = 10.0
"""Seconds allowed for a second of picture that is encoded: 1280 x 720 took 2.6 on two cores that others kept busy."""
MIX_X_REAL_TIME = 0.3
"""Seconds allowed for a second of dub: measuring, mixing and encoding took 0.13 on a machine busy with other work."""
SEPARATE_X_REAL_TIME = 6.0
PER_LINE_S = 10.0
"""Seconds allowed for translating or speaking one segment."""
DIARIZE_X_REAL_TIME = 1.0
"""Seconds allowed for a second of recording, beyond reading the source: comparing voices needs about 0.01."""
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
    if stage in ("translate", "synthesize", "hear", "compare"):
        return settings.factor * (ENGINE_LEAST_S + PER_LINE_S * _segments(facts))
    if stage == "mix":
        work = SEPARATE_X_REAL_TIME if params.get("separate") else MIX_X_REAL_TIME
        return settings.factor * (ENGINE_LEAST_S + PER_LINE_S / 10 * _segments(facts) + work * _duration_s(facts))
    media_s = min(max(MEDIA_SHORTEST_S, _megabytes(facts, size)), MEDIA_LONGEST_S)
    if stage == "diarize":
        return settings.factor * (media_s + ENGINE_LEAST_S + DIARIZE_X_REAL_TIME * _duration_s(facts))
    if stage == "mux" and params.get("burn"):
        return settings.factor * (MEDIA_LONGEST_S + BURN_X_REAL_TIME * _duration_s(facts))
    return settings.factor * media_s


def _megabytes(facts: Mapping[str, Mapping[str, Any]], size: int) -> float:
    """Return what a media tool reads and writes: the source, and its sound without compression."""
    return (size + _duration_s(facts) * AUDIO_BYTES_PER_S) / 1_000_000


def _duration_s(facts: Mapping[str, Mapping[str, Any]]) -> float:
    """Return the length of what is worked on; of a subtitle, whose length `probe` does not tell, `extract` does."""
    return float(next((found for key in ("probe", "extract") if (found := facts.get(key, {}).get("duration_s"))), 0.0))


def _segments(facts: Mapping[str, Mapping[str, Any]]) -> int:
    told = [facts.get(key, {}) for key in ("merge", "extract")]
    told += [result for key, result in facts.items() if key.startswith("translate/")]  # one's own may have more
    return max(int(result.get("segments", 0)) for result in told)
