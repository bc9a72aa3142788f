"""The progress of a job, computed from its steps; and times in the format that scripts get."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from dropdub.stage_table import BY_CHUNK, LAST_STEP, STAGES, foreseen_weight
from dropdub.store.states import ENDED, JobState, StepState

CHUNKS = foreseen_weight("chunk")
"""The weight of all chunks together before their steps are planned."""
BRANCH = foreseen_weight("target")
"""The weight of a target before its steps are planned."""
CLOSING = foreseen_weight("job")
"""The weight of publishing the transcript and the manifest before that is planned."""
ESTIMATE_FROM = 0.05
"""Below this progress, an estimate of the remaining time is useless."""

Row = Mapping[str, Any]


def progress(state: str, steps: Sequence[Row], *, targets: int = 0) -> float:
    """Return a job's progress, 0 to 1: the weighted mean of its steps, 1 only once it has succeeded.

    Steps that are not planned yet count too, so that progress does not drop when they are.
    """
    if state == JobState.SUCCEEDED:
        return 1.0
    chunks = sum(step["stage"] in BY_CHUNK for step in steps)
    weights = [_weight(step, chunks) for step in steps]
    total = sum(weights) + _unplanned(steps, targets, chunks)
    done = sum(weight * share(step) for weight, step in zip(weights, steps, strict=True))
    return round(min(done / total, 0.99), 4)


def _weight(step: Row, chunks: int) -> float:
    stage = STAGES.get(step["stage"])
    if stage is None:  # a stage of a newer version
        return 1.0
    is_retake = step["key"].count("/") > 1
    return 0.0 if is_retake else stage.weight / (chunks if stage.each == "chunk" else 1)


def _unplanned(steps: Sequence[Row], targets: int, chunks: int) -> float:
    if any(step["key"] == LAST_STEP for step in steps):
        return 0.0
    return CLOSING + BRANCH * targets + (0.0 if chunks else CHUNKS)


def share(step: Row) -> float:
    """Return a step's progress, 0 to 1; a queued step has that of its finished pieces."""
    if step["state"] == StepState.SUCCEEDED:
        return 1.0
    return float(step["progress"]) if step["state"] in (StepState.RUNNING, StepState.QUEUED) else 0.0


def remaining_s(started_at: float | None, done: float, now: float, runs: Sequence[Row] = ()) -> float | None:
    """Return the estimated time left of a running job, in seconds; None if too little is done to estimate it.

    `runs` of the daemon: time in which none of them was alive does not count.
    """
    if started_at is None or done <= ESTIMATE_FROM:
        return None
    return round(worked_s(started_at, now, runs) * (1 - done) / done, 1)


def worked_s(started_at: float, now: float, runs: Sequence[Row]) -> float:
    """Return how long a daemon was alive since `started_at`, in seconds. `runs` in the order of their starts."""
    worked, counted_to = 0.0, started_at
    for number, run in enumerate(runs, start=1):
        is_alive = number == len(runs) and run["stopped_at"] is None
        began, ended = max(run["started_at"], counted_to), now if is_alive else min(run["heartbeat_at"], now)
        worked += max(0.0, ended - began)
        counted_to = max(counted_to, ended)
    return worked if runs else max(0.0, now - started_at)


def current_stage(state: str, steps: Iterable[Row]) -> str | None:
    """Return the stage that is running, or else the next one; `steps` in the order of their phases."""
    if state in ENDED:
        return None
    for wanted in (StepState.RUNNING, StepState.QUEUED):
        found = next((str(step["stage"]) for step in steps if step["state"] == wanted), None)
        if found is not None:
            return found
    return None


def iso(time: float | None) -> str | None:
    """Return seconds since the epoch as ISO 8601 in UTC with `Z`."""
    return None if time is None else iso_time(time)


def iso_time(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
