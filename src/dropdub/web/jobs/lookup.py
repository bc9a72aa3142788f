"""Find the job that a request names by its number."""

from __future__ import annotations

from dropdub.errors import UsageError
from dropdub.inbox.companions import bare_name
from dropdub.store.views import JobRecord, JobView
from dropdub.store.views.films import FilmView
from dropdub.web.answering.errors import ApiError
from dropdub.web.jobs.outcome import gone
from dropdub.web.site import Site


async def job_of(site: Site, number: int) -> JobView:
    """Return a job. Raises ApiError 404 if there is none."""
    try:
        [job] = await site.run(site.reader.find, [str(number)])
    except UsageError:
        raise gone(number) from None
    return job


async def record_of(site: Site, number: int) -> JobRecord:
    """Return a job with its history. Raises ApiError 404 if there is none."""
    try:
        return await site.run(site.reader.job, str(number))
    except UsageError:
        raise gone(number) from None


async def film_of(site: Site, number: int) -> FilmView:
    """Return the recording of a job. Raises ApiError 404 if there is no such job."""
    found = await site.run(site.reader.film, number)
    if found is None:
        raise gone(number)
    return found


def named_after(film: FilmView) -> str:
    """Return the name after which the outputs of a job are named: that of its recording."""
    return film.name if film.revises is not None else bare_name(film.name)


def not_there(number: int, what: str) -> ApiError:
    """Return the error for something that a job does not have."""
    return ApiError(404, f"Job {number} has no {what}.", "NotThere")
