"""Build views from rows. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dropdub.store.states import JobState, StepState
from dropdub.store.views.progress import Row, current_stage, iso, iso_time, progress, remaining_s
from dropdub.store.views.rows import decoded
from dropdub.store.views.shapes import AttemptView, DaemonView, EventView, JobView, StepView

DAEMON_GONE_S = 30.0
"""A daemon without a heartbeat for this long has died."""


def job_view(job: Row, steps: Sequence[Row], now: float, runs: Sequence[Row] = ()) -> JobView:
    """Return a job as scripts see it.

    `steps` are the steps of its round, in the order of their phases; `runs` those of the daemon since it was started.
    """
    targets = _targets(job)
    done = progress(job["state"], steps, targets=len(targets))
    return JobView(
        id=job["id"],
        name=job["name"],
        kind=job["kind"],
        state=job["state"],
        reason=job["reason"],
        remedy=job["remedy"],
        progress=done,
        stage=current_stage(job["state"], steps),
        attempts=max((step["attempts"] for step in steps), default=0),
        created_at=iso_time(job["created_at"]),
        started_at=iso(job["started_at"]),
        finished_at=iso(job["finished_at"]),
        duration_s=job["duration_s"],
        language=job["language"],
        targets=targets,
        outputs=decoded(job["outputs"]),
        error=_job_error(job, steps),
        warnings=decoded(job["warnings"]),
        profile=job["profile"],
        source=job["source"],
        published=job["published"],
        dup_of=job["dup_of"],
        retry_at=iso(min((at for step in steps if (at := _retry_time(step)) is not None), default=None)),
        remaining_s=remaining_s(job["started_at"], done, now, runs) if _is_at_work(job, steps) else None,
    )


def step_view(step: Row, attempts: Sequence[Row]) -> StepView:
    return StepView(
        key=step["key"],
        stage=step["stage"],
        target=step["target"],
        round=step["round"],
        state=step["state"],
        progress=1.0 if step["state"] == StepState.SUCCEEDED else step["progress"],
        retry_at=iso(_retry_time(step)),
        error=_message(step),
        attempts=[attempt_view(attempt) for attempt in attempts],
    )


def attempt_view(attempt: Row) -> AttemptView:
    return AttemptView(
        started_at=iso_time(attempt["started_at"]),
        ended_at=iso(attempt["ended_at"]),
        outcome=attempt["outcome"],
        seconds=attempt["seconds"],
        exit_code=attempt["exit_code"],
        peak_memory=attempt["peak_memory"],
        error=attempt["error_text"],
    )


def event_view(event: Row) -> EventView:
    return EventView(at=iso_time(event["at"]), level=event["level"], text=event["text"], id=event["id"])


def daemon_view(daemon: Row, *, paused: bool, now: float) -> DaemonView:
    return DaemonView(
        state=_daemon_state(daemon, now),
        pid=daemon["pid"],
        host=daemon["host"],
        started_at=iso_time(daemon["started_at"]),
        heartbeat_at=iso_time(daemon["heartbeat_at"]),
        paused=paused,
        notes=decoded(daemon["notes"]),
    )


def _daemon_state(daemon: Row, now: float) -> str:
    if daemon["stopped_at"] is not None:
        return "stopped"
    # A heartbeat in the future: the clock was set back, and a live daemon would have sent another since.
    return "gone" if abs(now - daemon["heartbeat_at"]) > DAEMON_GONE_S else "running"


def _is_at_work(job: Row, steps: Sequence[Row]) -> bool:
    """Return whether a step is running; a running job whose daemon was stopped has none."""
    return job["state"] == JobState.RUNNING and any(step["state"] == StepState.RUNNING for step in steps)


def _targets(job: Row) -> list[str]:
    """Return the target languages; before the options are resolved, those that were set with the file."""
    chosen: Any = decoded(job["options"]).get("targets", decoded(job["overrides"]).get("targets"))
    return list(chosen or [])


def _job_error(job: Row, steps: Sequence[Row]) -> str | None:
    """Return why a job failed, or the last error of a step that is being retried."""
    if job["state"] == JobState.FAILED:
        return str(job["reason"]) if job["reason"] else next(filter(None, map(_message, steps)), None)
    return next((text for step in steps if step["state"] != StepState.SUCCEEDED and (text := _message(step))), None)


def _message(step: Row) -> str | None:
    error = decoded(step["error"]) or {}
    return str(error["message"]) if error.get("message") else None


def _retry_time(step: Row) -> float | None:
    due: float = step["scheduled_at"]
    return due if step["state"] == StepState.QUEUED and step["attempts"] > 0 and due > 0 else None
