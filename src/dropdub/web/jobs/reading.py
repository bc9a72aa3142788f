"""The routes that show jobs."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query

from dropdub.operations.log_lines import Follower
from dropdub.root import Root
from dropdub.store.states import JobState
from dropdub.store.views import JobView
from dropdub.store.views.listing import Chosen
from dropdub.web.api_document import errors
from dropdub.web.jobs.bodies import LARGEST_NUMBER
from dropdub.web.jobs.lookup import job_of, not_there, record_of
from dropdub.web.jobs.outputs import quality_of
from dropdub.web.jobs.parameters import JobNumber, Target
from dropdub.web.jobs.shapes import JobDetails, JobPage, JobSteps, hiding, shown_job, shown_record
from dropdub.web.lines.transcripts import JobTranscript, transcript_of
from dropdub.web.site import Site

MOST_ON_A_PAGE = 200
MOST_LINES = 5_000
States = Annotated[list[JobState], Query(description="Only jobs in these states")]
Text = Annotated[str, Query(max_length=200, description="Only jobs with this text in their names, in any case")]
ErrorClass = Annotated[str, Query(max_length=100, description="Only jobs that failed with this kind of error")]
After = Annotated[int | None, Query(ge=1, le=LARGEST_NUMBER, description="`next` of the page before")]
Limit = Annotated[int, Query(ge=1, le=MOST_ON_A_PAGE)]
WithRequests = Annotated[bool, Query(description="Also what only answers a client, such as a text that is spoken")]
Lines = Annotated[int, Query(ge=1, le=MOST_LINES)]


@dataclass(frozen=True)
class JobLog:
    """The last lines of a job's log, the oldest first."""

    lines: list[str]


@dataclass(frozen=True)
class JobQuality:
    """How good the dubs of a job are, as its manifest has it."""

    quality: dict[str, Any]


def reading_routes(router: APIRouter, site: Site) -> None:
    """Add the routes to a router."""

    @router.get("/v1/jobs", summary="A page of the list of jobs, the newest first", responses=errors())
    async def listed(
        state: States = [],  # noqa: B006  FastAPI copies it
        q: Text = "",
        error: ErrorClass = "",
        after: After = None,
        limit: Limit = 50,
        *,
        requests: WithRequests = False,
    ) -> JobPage:
        chosen = Chosen(state, q.replace("\0", ""), error.replace("\0", ""), asked=requests)
        page = await site.run(site.reader.page, chosen, now=time.time(), after=after, limit=limit)
        jobs = [shown_job(job, site.place.root) for job in page.jobs]
        return JobPage(jobs, page.counts, jobs[-1].id if page.has_more and jobs else None, page.last_event)

    @router.get("/v1/jobs/{id}", summary="A job with its history", responses=errors(404))
    async def one(number: JobNumber) -> JobDetails:
        details, _ = shown_record(await record_of(site, number), site.place.root)
        return details

    @router.get("/v1/jobs/{id}/steps", summary="The steps of a job and their attempts", responses=errors(404))
    async def steps(number: JobNumber) -> JobSteps:
        _, found = shown_record(await record_of(site, number), site.place.root)
        return found

    @router.get("/v1/jobs/{id}/log", summary="The last lines of a job's log", responses=errors(404))
    async def log(number: JobNumber, lines: Lines = 200) -> JobLog:
        job = await job_of(site, number)
        return JobLog(await site.run(log_of, job, site.place.root, lines))

    @router.get("/v1/jobs/{id}/quality", summary="How good the dubs of a job are", responses=errors(404))
    async def quality(number: JobNumber) -> JobQuality:
        found = await site.run(quality_of, await job_of(site, number), site.place.root)
        if found is None:
            raise not_there(number, "figures on its quality, or not yet")
        return JobQuality(dict(found))

    @router.get("/v1/jobs/{id}/transcript", summary="What is said, with the times", responses=errors(404))
    async def transcript(number: JobNumber, target: Target = None) -> JobTranscript:
        return await site.run(transcript_of, await job_of(site, number), site.place.root, target)


def log_of(job: JobView, root: Root, lines: int) -> list[str]:
    """Return the last lines of a job's log, without paths of this machine."""
    hide = hiding(root, job)
    return [str(hide(line)) for line in Follower(root.job_log(job.id)).last(lines)]
