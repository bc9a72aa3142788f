"""Forget a job, and if that is wanted, what it has published."""

from __future__ import annotations

from dropdub.errors import TransitionRefused
from dropdub.files.removal import remove_published
from dropdub.store import transitions
from dropdub.store.forgetting import remove_traces
from dropdub.store.states import ENDED
from dropdub.store.views import JobView
from dropdub.web.answering.errors import ApiError
from dropdub.web.jobs.outputs import manifest_names, opened_outputs
from dropdub.web.site import Site


def forget(site: Site, job: JobView, *, with_outputs: bool) -> None:
    """Delete an ended job from the database, with its log, its answer, and what it kept for a retry.

    `with_outputs`: also its folder in the outbox, but only the files that its manifest lists. Its original stays in
    archive/ or failed/. Raises TransitionRefused, and ApiError 409 if another job has the same folder.
    """
    if with_outputs and job.published:
        _remove_outputs(site, job)
    if job.state in ENDED:
        remove_traces(site.place.root, job.id)
    transitions.forget_job(site.store, job.id)


def _remove_outputs(site: Site, job: JobView) -> None:
    if job.state not in ENDED:
        raise TransitionRefused(f"Job {job.id} ({job.name}) cannot be forgotten: it has not ended yet.")
    others = [other for other in site.reader.published_in(job.published or "") if other != job.id]
    if others:
        raise ApiError(409, f"Job {others[0]} has published files in the same folder.", "SharedFolder")
    with opened_outputs(job, site.place.root) as (folder, _):
        remove_published(folder, manifest_names(folder))
