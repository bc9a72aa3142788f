"""Read how a dub fits its recording from the manifest's `fit`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any


@dataclass(frozen=True)
class FittedUtterance:
    """Neighbouring lines spoken in one breath; times in seconds of the recording.

    `slot` is when the original speaks, `length` the length of the speech before it was stretched, `stretch` its speed
    (above 1: faster), `shift` how much later than the original it starts (below 0: earlier). `drift` is the largest
    such shift among its lines; None in old manifests, which do not record it.
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
    """How many utterances were placed unchanged (`clean`), and how the others were changed; drifts in seconds.

    Of the `lines`, `failed` are far out of place or cut off, and `late` are more than a second out of place. Old
    manifests did not count lines: there these fields are None, and `failed` counts utterances.
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
    """The timing of one target's dub."""

    utterances: tuple[FittedUtterance, ...]
    totals: Timing


def fits_of(manifest: Mapping[str, Any]) -> dict[str, Fit]:
    """Return the fit of each target in the manifest; empty for texts and for older manifests."""
    return {target: _fit(item) for target, item in (manifest.get("fit") or {}).items()}


def _fit(item: Mapping[str, Any]) -> Fit:
    return Fit(tuple(map(_utterance, item["utterances"])), Timing(**_fields(item["totals"], Timing)))


def _utterance(item: Mapping[str, Any]) -> FittedUtterance:
    given = _fields(item, FittedUtterance)
    start, end = item["slot"]
    return FittedUtterance(**{**given, "segments": tuple(item["segments"]), "slot": (float(start), float(end))})


def _fields(item: Mapping[str, Any], kind: type[FittedUtterance] | type[Timing]) -> dict[str, Any]:
    """Return the manifest's values for the fields of `kind`. Raises KeyError if a required one is missing."""
    return {one.name: item[one.name] for one in fields(kind) if one.name in item or one.default is MISSING}
