"""How a dub fits its recording, as the manifest tells it under `fit`: read in one place. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class FittedUtterance:
    """Neighbouring lines spoken in one breath; times in seconds of the recording.

    `slot` is the time there was for it, `length` that of the speech before it was stretched, `stretch` its speed
    (above 1: faster), `shift` how much later than the original it begins (below 0: earlier).
    """

    segments: tuple[int, ...]
    speaker: str | None
    slot: tuple[float, float]
    start: float
    end: float
    length: float
    stretch: float
    shift: float
    shortened: bool


@dataclass(frozen=True)
class Timing:
    """How many utterances were placed as they were spoken, and what was done to the others; drifts in seconds."""

    utterances: int
    clean: int
    sped_up: int
    borrowed: int
    shortened: int
    failed: int
    worst_drift_s: float
    start_error_p95_s: float


@dataclass(frozen=True)
class Fit:
    """The fit of one target's dub."""

    utterances: tuple[FittedUtterance, ...]
    totals: Timing


def fits_of(manifest: Mapping[str, Any]) -> dict[str, Fit]:
    """Return the fit of each target that the manifest tells of: of texts, and of older manifests, none."""
    return {target: _fit(item) for target, item in (manifest.get("fit") or {}).items()}


def _fit(item: Mapping[str, Any]) -> Fit:
    totals = {name: item["totals"][name] for name in Timing.__dataclass_fields__}
    return Fit(tuple(map(_utterance, item["utterances"])), Timing(**totals))


def _utterance(item: Mapping[str, Any]) -> FittedUtterance:
    given = {name: item[name] for name in FittedUtterance.__dataclass_fields__}
    start, end = item["slot"]
    return FittedUtterance(**{**given, "segments": tuple(item["segments"]), "slot": (float(start), float(end))})
