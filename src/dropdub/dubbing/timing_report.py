"""fit.T.json: how each utterance of a dub fits the original, with totals. Pure except for reading and writing it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dropdub.dubbing.placement import Placement
from dropdub.dubbing.published_timing import Fit, FittedUtterance, Timing
from dropdub.dubbing.utterances import Utterance
from dropdub.files.durable import write_whole

MISPLACED_S = 1.0
"""A line that starts this far out of place has failed: viewers no longer connect it with the person speaking."""
_SAME_SPEED = 0.02
_SAME_TIME_S = 0.05


@dataclass(frozen=True)
class _Line:
    """How late one spoken line starts (below 0: early), and whether the recording ends before the line does.

    `by_transcript`: whether that is late compared with the time of its text instead of the original's voice.
    """

    shift_s: float
    lost: bool
    by_transcript: bool

    @property
    def off_s(self) -> float:
        return abs(self.shift_s)

    @property
    def failed(self) -> bool:
        return self.lost or self.off_s > MISPLACED_S


@dataclass(frozen=True)
class VoiceStarts:
    """Where the sound shows that voices begin, by the line's id; a line that it does not show is left out.

    `original`: in seconds of the recording. `leads_s`: in seconds after the start of the dub's line, unstretched.
    """

    original: Mapping[int, float]
    leads_s: Mapping[int, float]


def fit_name(target: str) -> str:
    return f"fit.{target}.json"


def save_fit(path: Path, fit: Fit) -> None:
    """Write a fit as JSON, atomically."""
    write_whole(path, json.dumps(fit.to_json()).encode())


def load_fit(path: Path) -> Fit:
    """Read what `save_fit` wrote. Raises KeyError, TypeError or ValueError if the file holds anything else."""
    return Fit.from_json(json.loads(path.read_text(encoding="utf-8")))


def fit_report(
    utterances: Sequence[Utterance],
    placements: Sequence[Placement],
    *,
    shortened: Collection[int],
    duration_s: float,
    voices: VoiceStarts,
) -> Fit:
    """Return how the utterances fit a recording of `duration_s`; `shortened` are the lines with a shorter wording.

    A line is late or early compared with the voice of the original, if the sound shows where that begins (`voices`);
    otherwise with the time of its text. The totals count starts by line and everything else by utterance: of several
    lines in one breath, the first may be in place and the last far behind.
    """
    pairs = sorted(zip(utterances, placements, strict=True), key=lambda pair: pair[1].start)
    lines = [list(_lines(one, its, duration_s, voices)) for one, its in pairs]
    entries = [_entry(one, its, shortened, spoken) for (one, its), spoken in zip(pairs, lines, strict=True)]
    return Fit(tuple(entries), _totals(entries, lines))


def _lines(one: Utterance, its: Placement, duration_s: float, voices: VoiceStarts) -> Iterator[_Line]:
    for piece, at in zip(one.pieces, its.pieces, strict=True):
        lost = at + piece.length_s / its.stretch > duration_s + _SAME_TIME_S
        begins, lead_s = voices.original.get(piece.segment), voices.leads_s.get(piece.segment)
        if begins is None or lead_s is None:
            yield _Line(at - piece.start, lost, by_transcript=True)
        else:
            yield _Line(at + lead_s / its.stretch - begins, lost, by_transcript=False)


def _entry(one: Utterance, its: Placement, shortened: Collection[int], lines: Sequence[_Line]) -> FittedUtterance:
    return FittedUtterance(
        segments=tuple(piece.segment for piece in one.pieces),
        speaker=one.speaker,
        slot=(round(one.start, 3), round(one.end, 3)),
        start=round(its.start, 3),
        end=round(its.end, 3),
        length=round(sum(piece.length_s for piece in one.pieces) * one.rate, 3),
        stretch=round(its.stretch * one.rate, 3),
        shift=round(lines[0].shift_s, 3),
        drift=round(max(lines, key=lambda line: line.off_s).shift_s, 3),
        shortened=any(piece.segment in shortened for piece in one.pieces),
    )


def _totals(entries: Sequence[FittedUtterance], lines: Sequence[Sequence[_Line]]) -> Timing:
    kinds = [set(_kinds(entry, spoken)) for entry, spoken in zip(entries, lines, strict=True)]
    each = [line for spoken in lines for line in spoken]
    drifts = [line.off_s for line in each]
    return Timing(
        utterances=len(entries),
        lines=len(each),
        clean=sum(not kind for kind in kinds),
        sped_up=sum("sped_up" in kind for kind in kinds),
        borrowed=sum("borrowed" in kind for kind in kinds),
        shortened=sum("shortened" in kind for kind in kinds),
        failed=sum(line.failed for line in each),
        late=sum(drift > MISPLACED_S for drift in drifts),
        worst_drift_s=round(max(drifts, default=0.0), 3),
        start_error_p95_s=round(float(np.percentile(drifts, 95)), 3) if drifts else 0.0,
        by_transcript=sum(line.by_transcript for line in each),
    )


def _kinds(entry: FittedUtterance, lines: Sequence[_Line]) -> Iterator[str]:
    if entry.stretch > 1.0 + _SAME_SPEED:
        yield "sped_up"
    if entry.start < entry.slot[0] - _SAME_TIME_S or entry.end > entry.slot[1] + _SAME_TIME_S:
        yield "borrowed"
    if entry.shortened:
        yield "shortened"
    if any(line.failed for line in lines):
        yield "failed"


def fit_warnings(fit: Fit, target: str, duration_s: float) -> list[str]:
    """Return a warning if the dub is cut off at the end, and another if lines are far out of place."""
    totals = fit.totals
    over_s = max((entry.end for entry in fit.utterances), default=0.0) - duration_s
    late = (
        f"In the {target} dub, {totals.late} of {totals.lines} lines start more than a second out of place "
        f"(at most {totals.worst_drift_s:.1f} s): the original leaves too little time, or the times of its text are "
        "wrong."
    )
    return [
        *([f"The end of the {target} dub is cut off: it is {over_s:.1f} s too long."] * (over_s > _SAME_TIME_S)),
        *([late] if totals.late else []),
    ]
