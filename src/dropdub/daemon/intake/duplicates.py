"""The same content dropped again: its job waits for the other, and ends with it; where that fails, it does the work."""

from __future__ import annotations

import time

from dropdub.daemon.context import Context, job_id, options_of
from dropdub.daemon.steps.waiting import hold
from dropdub.errors import UsageError, Waiting
from dropdub.failpoints import reach
from dropdub.pipeline.facts import Facts
from dropdub.pipeline.plan import plan
from dropdub.store import queries, transitions
from dropdub.store.states import ENDED, JobState
from dropdub.store.tables import Job

TWIN = "twin"
"""What a duplicate waits for."""


def twin_of(context: Context, job: Job, content_hash: str | None) -> int | None:
    """Return the job that has made, or makes, the same of the same content, where that is not to be done again.

    A file that a person named to a command is always done.
    """
    if content_hash is None or job.origin == "given" or options_of(job).duplicates == "again":
        return None
    job.content_hash = content_hash
    twin = queries.same_content(context.store, job)
    return twin.id if twin else None


def wake(context: Context, duplicate: Job) -> None:
    """Let a duplicate go on whose twin has ended."""
    reach("ending.wake")
    transitions.release_job(context.store, job_id(duplicate), waiting_for=TWIN, now=time.time())


def verdict_on(context: Context, job: Job) -> tuple[str, str] | None:
    """Return the reason and remedy with which a duplicate succeeds.

    None where it goes on: it waits for its twin, or does the work itself because the twin did not.
    """
    twin = _twin(context, job)
    if twin is not None and twin.state == JobState.SUCCEEDED:
        return _same_as(twin)
    if twin is not None and twin.state not in ENDED:
        text = f"The same content as job {twin.id} ({twin.name}), which is being worked on."
        hold(context, job, Waiting(text, condition=TWIN, remedy="It ends with that one."))
        return None
    other = queries.same_content(context.store, job)
    steps = () if other else plan(options_of(job), Facts(queries.results(context.store, job)))
    dup_of = other.id if other else None
    transitions.turn_duplicate(context.store, job_id(job), dup_of=dup_of, steps=steps, now=time.time())
    return None


def _twin(context: Context, job: Job) -> Job | None:
    assert job.dup_of is not None
    try:
        return queries.job(context.store, job.dup_of)
    except UsageError:  # forgotten by `dropdub prune`
        return None


def _same_as(twin: Job) -> tuple[str, str]:
    place = f" Its outputs: {twin.published}." if twin.published else ""
    reason = f"The same content as job {twin.id} ({twin.name}), not done again.{place}"
    return reason, "To do it again all the same, set duplicates: again."
