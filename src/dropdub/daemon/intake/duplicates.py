"""Duplicate content: its job waits for the first one and shares its success, or does the work if that one fails."""

from __future__ import annotations

import time

from dropdub.daemon.context import Context, job_id, options_of
from dropdub.daemon.steps.waiting import hold
from dropdub.errors import UsageError, Waiting
from dropdub.failpoints import reach
from dropdub.pipeline.facts import Facts
from dropdub.pipeline.plan import plan
from dropdub.store import queries, transitions
from dropdub.store.states import ENDED, HAVE_ORIGINAL, JobState
from dropdub.store.tables import Job

TWIN = "twin"
"""The condition that a duplicate waits for."""


def twin_of(context: Context, job: Job, content_hash: str | None) -> int | None:
    """Return the id of a job with the same content and options, unless the work is to be repeated; None otherwise.

    Files named to a command are always processed.
    """
    if content_hash is None or job.origin not in HAVE_ORIGINAL or options_of(job).duplicates == "again":
        return None
    job.content_hash = content_hash
    twin = queries.same_content(context.store, job)
    return twin.id if twin else None


def wake(context: Context, duplicate: Job) -> None:
    """Release a duplicate whose twin has ended."""
    reach("ending.wake")
    transitions.release_job(context.store, job_id(duplicate), waiting_for=TWIN, now=time.time())


def verdict_on(context: Context, job: Job) -> tuple[str, str] | None:
    """Return the reason and remedy with which a duplicate succeeds, or None if it does not end yet.

    In that case it is now either waiting for its twin or, because the twin did not succeed, queued to do the work.
    """
    twin = _twin(context, job)
    if twin is not None and twin.state == JobState.SUCCEEDED:
        return _same_as(twin)
    if twin is not None and twin.state not in ENDED:
        text = f"Same content as job {twin.id} ({twin.name}), which is still in progress."
        hold(context, job, Waiting(text, condition=TWIN, remedy="This job ends together with that one."))
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
    except UsageError:  # removed by `dropdub prune`
        return None


def _same_as(twin: Job) -> tuple[str, str]:
    place = f" Its outputs: {twin.published}." if twin.published else ""
    reason = f"Same content as job {twin.id} ({twin.name}); not processed again.{place}"
    return reason, "To process it anyway, set `duplicates: again`."
