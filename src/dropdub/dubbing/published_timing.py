"""How a dub fits its recording, as the manifest tells it under `fit`: read in one place. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any


@dataclass(frozen=True)
class FittedUtterance:
    """Neighbouring lines spoken in one breath; times in seconds of the recording.

    `slot` is the time there was for it, `length` that of the speech before it was stretched, `stretch` its speed
    (above 1: faster), `shift` how much later than the original it begins (below 0: earlier). Of its lines, the furthest
    off its place begins `drift` later; None in manifests of before that was told.
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
    drift: float | None = None


@dataclass(frozen=True)
class Timing:
    """How many utterances were placed as they were spoken, and what was done to the others; drifts in seconds.

    Of the `lines`, `failed` are far off their place or cut off; those more than a second off are `late`. Manifests of
    before lines were counted have None there, and count utterances in `failed`.
    """

    utterances: int
    clean: int
    sped_up: int
    borrowed: int
    shortened: int
    failed: int
    worst_drift_s: float
    start_error_p95_s: float
    lines: int | None = None
    late: int | None = None


@dataclass(frozen=True)
class Fit:
    """The fit of one target's dub."""

    utterances: tuple[FittedUtterance, ...]
    totals: Timing


def fits_of(manifest: Mapping[str, Any]) -> dict[str, Fit]:
    """Return the fit of each target that the manifest tells of: of texts, and of older manifests, none."""
    return {target: _fit(item) for target, item in (manifest.get("fit") or {}).items()}


def _fit(item: Mapping[str, Any]) -> Fit:
    return Fit(tuple(map(_utterance, item["utterances"])), Timing(**_fields(item["totals"], Timing)))


def _utterance(item: Mapping[str, Any]) -> FittedUtterance:
    given = _fields(item, FittedUtterance)
    start, end = item["slot"]
    return FittedUtterance(**{**given, "segments": tuple(item["segments"]), "slot": (float(start), float(end))})


def _fields(item: Mapping[str, Any], kind: type[FittedUtterance] | type[Timing]) -> dict[str, Any]:
    """Return what a manifest has of a kind's fields. Raises KeyError where it lacks one that all manifests have."""
    return {one.name: item[one.name] for one in fields(kind) if one.name in item or one.default is MISSING}
