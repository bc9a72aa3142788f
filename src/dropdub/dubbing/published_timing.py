"""How a dub fits its recording, as fit.T.json and the manifest's `fit` hold it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Any

ON_TIME_S = 0.1
"""A start this close to the original's is not noticeable."""
# Fields in the order in which they are written.
_UTTERANCE = ("segments", "speaker", "slot", "start", "end", "length", "stretch", "shift", "drift", "shortened")
_TOTALS = (
    *("utterances", "lines", "clean", "sped_up", "borrowed", "shortened"),
    *("failed", "late", "worst_drift_s", "start_error_p95_s", "by_transcript"),
)
_ADDED_LATER = ("drift", "lines", "late", "by_transcript")


@dataclass(frozen=True)
class FittedUtterance:
    """Neighbouring lines spoken in one breath; times in seconds of the recording.

    `slot` is when the original speaks, `length` the length of the speech at the usual pace, `stretch` its speed
    relative to that (synthesizer rate times time stretching), `shift` how much later its voice begins than that of the
    original (below 0: earlier). `drift` is the largest such shift among its lines; None in old manifests, which do not
    record it.
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

    Of the `lines`, `failed` are far out of place or cut off, and `late` are more than a second out of place. The starts
    of `by_transcript` lines are compared with the times of their text, because the sound says nothing about them; those
    of all others with the start of the voice in the original. Old manifests did not count lines: there these fields are
    None, `failed` counts utterances, and all starts are compared with the times of the text.
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
    by_transcript: int | None = None


@dataclass(frozen=True)
class Fit:
    """The timing of one target's dub; `utterances` in order of time."""

    utterances: tuple[FittedUtterance, ...]
    totals: Timing

    @staticmethod
    def from_json(item: Mapping[str, Any]) -> Fit:
        """Return what `to_json` returned. Raises KeyError, TypeError or ValueError for anything else."""
        return Fit(tuple(map(_utterance, item["utterances"])), Timing(**_fields(item["totals"], Timing)))

    def to_json(self) -> dict[str, Any]:
        """Return the fit in the form of fit.T.json and of the manifest."""
        return {"utterances": [_json(one, _UTTERANCE) for one in self.utterances], **self.totals_json()}

    def totals_json(self) -> dict[str, Any]:
        """Return the totals alone, in the form of the results of `mix`."""
        return {"totals": _json(self.totals, _TOTALS)}


def fits_of(manifest: Mapping[str, Any]) -> dict[str, Fit]:
    """Return the fit of each target in the manifest; empty for texts and for older manifests."""
    return {target: Fit.from_json(item) for target, item in (manifest.get("fit") or {}).items()}


def _utterance(item: Mapping[str, Any]) -> FittedUtterance:
    given = _fields(item, FittedUtterance)
    start, end = item["slot"]
    return FittedUtterance(**{**given, "segments": tuple(item["segments"]), "slot": (float(start), float(end))})


def _fields(item: Mapping[str, Any], kind: type[FittedUtterance] | type[Timing]) -> dict[str, Any]:
    """Return the manifest's values for the fields of `kind`. Raises KeyError if a required one is missing."""
    return {one.name: item[one.name] for one in fields(kind) if one.name in item or one.default is MISSING}


def _json(one: FittedUtterance | Timing, names: Sequence[str]) -> dict[str, Any]:
    """Return fields as JSON values; what an earlier version did not record is left out again."""
    values = ((name, getattr(one, name)) for name in names)
    written = ((name, value) for name, value in values if value is not None or name not in _ADDED_LATER)
    return {name: list(value) if isinstance(value, tuple) else value for name, value in written}
