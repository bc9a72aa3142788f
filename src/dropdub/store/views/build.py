"""Build views from rows. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from dropdub.alive import Sighting, look_for
from dropdub.store.states import JobState, StepState
from dropdub.store.views.progress import Row, current_stage, iso, iso_time, progress, remaining_s
from dropdub.store.views.rows import decoded
from dropdub.store.views.shapes import AttemptView, DaemonView, EventView, JobView, StepView

DAEMON_GONE_S = 30.0
"""A daemon without a heartbeat for this long has died, if its process cannot be looked at."""
Look = Callable[..., Sighting]


@dataclass(frozen=True)
class Work:
    """Whether steps can run now. `is_on`: a daemon runs that could run them. `paused`: it starts no further step."""

    is_on: bool = True
    paused: bool = False

    def why_idle(self, steps: Sequence[Row]) -> str | None:
        """Return why nothing runs of a job that is recorded as running; None if a step does or soon will."""
        if not self.is_on:
            return "Interrupted. It continues as soon as the daemon runs."
        if self.paused and not _is_running(steps):
            return "Paused, with all other jobs."
        return None


AT_WORK = Work()


def job_view(job: Row, steps: Sequence[Row], now: float, *, work: Work = AT_WORK, runs: Sequence[Row] = ()) -> JobView:
    """Return a job as scripts see it.

    `steps` are the steps of its round, in the order of their phases; `runs` those of the daemon since it was started. A
    job that is recorded as running waits, if nothing runs.
    """
    targets = _targets(job)
    done = progress(job["state"], steps, targets=len(targets))
    state, reason = job["state"], job["reason"]
    if job["cancel_requested"] and job["verdict"] is None and not work.is_on:
        reason = "It is cancelled as soon as the daemon runs."
    elif state == JobState.RUNNING and (idle := work.why_idle(steps)) is not None:
        state, reason = JobState.WAITING.value, idle
    is_running = state == JobState.RUNNING
    retry = _retry(steps, now) if is_running else NO_RETRY
    return JobView(
        id=job["id"],
        name=job["name"],
        kind=job["kind"],
        state=state,
        reason=reason,
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
        retry_at=retry.at,
        remaining_s=remaining_s(job["started_at"], done, now, runs) if is_running and _is_running(steps) else None,
        retry_is_due=retry.is_due,
        folder=job["folder"],
    )


def step_view(step: Row, attempts: Sequence[Row], now: float, *, work: Work = AT_WORK) -> StepView:
    """Return a step as scripts see it. One that was interrupted is queued again by the next daemon."""
    interrupted = step["state"] == StepState.RUNNING and not work.is_on
    retry = _retry([step], now) if work == AT_WORK else NO_RETRY
    return StepView(
        key=step["key"],
        stage=step["stage"],
        target=step["target"],
        round=step["round"],
        state=StepState.QUEUED.value if interrupted else step["state"],
        progress=1.0 if step["state"] == StepState.SUCCEEDED else step["progress"],
        retry_at=retry.at,
        error=_message(step),
        attempts=[attempt_view(attempt) for attempt in attempts],
        retry_is_due=retry.is_due,
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


def daemon_view(daemon: Row, *, paused: bool, now: float, look: Look = look_for) -> DaemonView:
    """Return the daemon's last run. `look` looks for its process, as `alive.look_for` does."""
    return DaemonView(
        state=_daemon_state(daemon, now, look),
        pid=daemon["pid"],
        host=daemon["host"],
        started_at=iso_time(daemon["started_at"]),
        heartbeat_at=iso_time(daemon["heartbeat_at"]),
        paused=paused,
        notes=decoded(daemon["notes"]),
    )


def _daemon_state(daemon: Row, now: float, look: Look) -> str:
    if daemon["stopped_at"] is not None:
        return "stopped"
    seen = look(pid=daemon["pid"], started=daemon["pid_started"], host=daemon["host"], place=daemon["boot_id"])
    if seen.is_there is not None:
        return "running" if seen.is_there else "gone"
    # A heartbeat in the future: the clock was set back, and a live daemon would have sent another since.
    if abs(now - daemon["heartbeat_at"]) <= DAEMON_GONE_S:
        return "running"
    return "gone" if seen.is_here else "silent"


def _is_running(steps: Sequence[Row]) -> bool:
    return any(step["state"] == StepState.RUNNING for step in steps)


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


@dataclass(frozen=True)
class _Retry:
    """When a failed step is tried again, as scripts see it; `is_due`: as soon as a worker is free."""

    at: str | None
    is_due: bool


NO_RETRY = _Retry(None, is_due=False)


def _retry(steps: Sequence[Row], now: float) -> _Retry:
    times = [time for step in steps if (time := _retry_time(step)) is not None]
    if not times:
        return NO_RETRY
    return _Retry(None, is_due=True) if min(times) <= now else _Retry(iso(min(times)), is_due=False)


def _retry_time(step: Row) -> float | None:
    due: float = step["scheduled_at"]
    return due if step["state"] == StepState.QUEUED and step["attempts"] > 0 and due > 0 else None
