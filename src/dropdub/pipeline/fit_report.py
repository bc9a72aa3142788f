"""fit.T.json: how each utterance of a dub fits the original, and how all of them do. Pure, but for its file."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dropdub.files import write_whole
from dropdub.pipeline.fit import Placement
from dropdub.pipeline.utterances import Utterance

LATE_S = 1.0
"""What begins this far off its place has failed: a listener no longer connects it with who is seen to speak."""
_SAME_SPEED = 0.02
_SAME_TIME_S = 0.05


def fit_name(target: str) -> str:
    return f"fit.{target}.json"


def save_fit(path: Path, report: Mapping[str, Any]) -> None:
    """Write a report whole as JSON."""
    write_whole(path, json.dumps(report).encode())


def load_fit(path: Path) -> dict[str, Any]:
    """Read what `save_fit` wrote. Raises ValueError where the file is something else."""
    report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return report


def fit_report(
    utterances: Sequence[Utterance],
    placements: Sequence[Placement],
    *,
    shortened: Collection[int],
    duration_s: float,
) -> dict[str, Any]:
    """Return `utterances` in order of time, and `totals`. Times in seconds of the recording.

    Of an utterance: `slot` is the original's, `length` that of its speech at the usual pace, `stretch` how much faster
    it is than that (the synthesizer's rate and the stretching together), `shift` how far it begins off its place.
    """
    pairs = sorted(zip(utterances, placements, strict=True), key=lambda pair: pair[1].start)
    entries = [_entry(one, its, shortened) for one, its in pairs]
    lost = [its.end > duration_s + _SAME_TIME_S for _, its in pairs]
    places = (zip(one.pieces, its.pieces, strict=True) for one, its in pairs)
    drifts = [abs(at - piece.start) for pieces in places for piece, at in pieces]
    return {"utterances": entries, "totals": _totals(entries, lost, drifts)}


def _entry(one: Utterance, its: Placement, shortened: Collection[int]) -> dict[str, Any]:
    return {
        "segments": [piece.segment for piece in one.pieces],
        "speaker": one.speaker,
        "slot": [round(one.start, 3), round(one.end, 3)],
        "start": round(its.start, 3),
        "end": round(its.end, 3),
        "length": round(sum(piece.length_s for piece in one.pieces) * one.rate, 3),
        "stretch": round(its.stretch * one.rate, 3),
        "shift": round(its.start - one.start, 3),
        "shortened": any(piece.segment in shortened for piece in one.pieces),
    }


def _totals(entries: Sequence[Mapping[str, Any]], lost: Sequence[bool], drifts: Sequence[float]) -> dict[str, Any]:
    kinds = [set(_kinds(entry, gone)) for entry, gone in zip(entries, lost, strict=True)]
    shifts = [abs(entry["shift"]) for entry in entries]
    counted = ("sped_up", "borrowed", "shortened", "failed")
    return {
        "utterances": len(entries),
        "clean": sum(not kind for kind in kinds),
        **{name: sum(name in kind for kind in kinds) for name in counted},
        "worst_drift_s": round(max(drifts, default=0.0), 3),
        "start_error_p95_s": round(float(np.percentile(shifts, 95)), 3) if shifts else 0.0,
    }


def _kinds(entry: Mapping[str, Any], lost: bool) -> Iterator[str]:
    if entry["stretch"] > 1.0 + _SAME_SPEED:
        yield "sped_up"
    if entry["shift"] < -_SAME_TIME_S or entry["end"] > entry["slot"][1] + _SAME_TIME_S:
        yield "borrowed"
    if entry["shortened"]:
        yield "shortened"
    if lost or abs(entry["shift"]) > LATE_S:
        yield "failed"


def fit_warnings(report: Mapping[str, Any], target: str, duration_s: float) -> list[str]:
    """Return a sentence for what is cut off at the end, and one for what is far off its place."""
    entries = report["utterances"]
    over_s = max((entry["end"] for entry in entries), default=0.0) - duration_s
    late = [abs(entry["shift"]) for entry in entries if abs(entry["shift"]) > LATE_S]
    return [
        *([f"The end of the dub into {target} is cut off: it is {over_s:.1f} s too long."] * (over_s > _SAME_TIME_S)),
        *(
            f"In the dub into {target}, {len(late)} of {len(entries)} utterances begin more than a second off, "
            f"at most {max(late):.1f} s: there is too little time."
            for _ in late[:1]
        ),
    ]
