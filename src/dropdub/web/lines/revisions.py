"""Make what somebody has changed: write the corrected subtitle, and record a job that revises the earlier one with it.

That job makes only what is different, as if the subtitle had been dropped into the inbox; but it is not looked for by
its name and times, since the request names the job.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from dropdub.files.durable import is_file
from dropdub.inbox.films import film_name, film_path
from dropdub.publishing.deliverables import deliverable_name
from dropdub.store import queries
from dropdub.store.states import JobState
from dropdub.store.tables import Job as JobRow
from dropdub.store.transitions import Asked
from dropdub.store.views import JobView
from dropdub.subtitles.formats import Cue, as_srt
from dropdub.web.admission import Admission
from dropdub.web.answering.errors import ApiError
from dropdub.web.api_document import errors
from dropdub.web.bodies import INVALID, body_of, read_body
from dropdub.web.jobs.lookup import job_of
from dropdub.web.jobs.making import KEY, MADE_BEFORE, made_answer
from dropdub.web.jobs.parameters import JobNumber
from dropdub.web.jobs.shapes import Job
from dropdub.web.jobs.submission import Wish, record_text
from dropdub.web.lines.changes import Changes, RevisionRequest
from dropdub.web.lines.drafts import Drafts
from dropdub.web.lines.transcripts import SpokenLine, transcript_of
from dropdub.web.repetition import key_of
from dropdub.web.site import Site

_DESCRIBED: dict[str, Any] = {**body_of(RevisionRequest), "parameters": [KEY]}


def revision_routes(router: APIRouter, site: Site, admission: Admission, drafts: Drafts) -> None:
    """Add the route to a router."""

    @router.post(
        "/v1/jobs/{id}/revisions",
        status_code=201,
        summary="Make a recording's lines as they were changed",
        openapi_extra=_DESCRIBED,
        responses={**MADE_BEFORE, **errors(404, 409, 413, 429, 507)},
    )
    async def revise(request: Request, response: Response, number: JobNumber) -> Job:
        await admission.room(0)
        asked = read_body(await request.body(), RevisionRequest)
        key = key_of(request)
        made = await site.run(record_revision, site, await job_of(site, number), asked, key and f"{number}:{key}")
        await site.run(drafts.mark, number, asked.target, asked, made.job_id)
        return await made_answer(site, made, response)


def record_revision(site: Site, job: JobView, asked: RevisionRequest, key: str | None) -> Asked:
    """Write the corrected subtitle, and record the job that takes it.

    Raises ApiError: 409 if the job cannot be revised, or if its lines are others than those that were changed; 400 for
    an unknown speaker; and what `record_text` raises.
    """
    row = queries.job(site.store, job.id)
    _refuse(row)
    lines = corrected(transcript_of(job, site.place.root, asked.target).lines, asked)
    name = deliverable_name(film_name(row), "srt", target=asked.target)
    subtitle = as_srt([Cue(one.start, one.end, tuple(one.text.split("\n"))) for one in lines])
    return record_text(site, subtitle, name, Wish(key=key, revision=_column(row, asked)))


def corrected(lines: Sequence[SpokenLine], changes: Changes) -> list[SpokenLine]:
    """Return the lines with their new texts, without those that have none left.

    Raises ApiError 409 with the numbers of the `lines` that are not as they were, and 400 for an unknown speaker.
    """
    known = {one.n: one for one in lines}
    others = [one.n for one in changes.lines if one.n not in known or known[one.n].text != one.before]
    if others:
        message = "The lines have been published again since they were changed. Look at them and change them again."
        raise ApiError(409, message, "LinesChanged", "lines", details={"lines": others})
    unknown = set(changes.speakers) - {one.speaker for one in lines}
    if unknown:
        raise ApiError(400, f"Nobody is called {min(unknown)!r} in the transcript.", INVALID, "speakers")
    texts = {one.n: one.text for one in changes.lines}
    new = [SpokenLine(one.n, one.start, one.end, _tidy(texts.get(one.n, one.text)), one.speaker) for one in lines]
    kept = [one for one in new if one.text]
    if not kept:
        raise ApiError(400, "No line is left.", INVALID, "lines")
    return kept


def _tidy(text: str) -> str:
    """Return a text without empty lines: one would end the cue."""
    return "\n".join(line for one in text.splitlines() if (line := one.strip()))


def _refuse(row: JobRow) -> None:
    """Raise ApiError 409 if a job cannot be revised."""
    why = _why_not(row)
    if why:
        raise ApiError(409, f"Job {row.id} cannot be revised: {why}.", "NotRevisable")


def _why_not(row: JobRow) -> str:
    if row.state not in (JobState.SUCCEEDED, JobState.FAILED):
        return "it was cancelled" if row.state == JobState.CANCELLED else "it has not ended yet"
    if row.dup_of is not None:
        return f"its file has the same content as that of job {row.dup_of}, which can be"
    if row.kind != "media" or row.request is not None:
        return "it has no recording"
    return "" if is_file(film_path(row)) else "its recording is no longer where it was put"


def _column(row: JobRow, asked: RevisionRequest) -> dict[str, Any]:
    """Return the column `revision` of the new job; the intake looks up what the transcript is then."""
    film = {"job": row.id, "name": film_name(row), "film": str(film_path(row)), "transcript": None}
    return {**film, "asked": True, "speakers": dict(asked.speakers)}
