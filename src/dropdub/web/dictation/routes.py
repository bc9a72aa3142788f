"""The routes of dictations. Their sound is sent by tus, as every upload is."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response, StreamingResponse

from dropdub.web.admission import Admission
from dropdub.web.answering.event_stream import described_stream, stream_answer
from dropdub.web.answering.job_headers import job_headers
from dropdub.web.answering.long_answers import with_signs_of_life
from dropdub.web.api_document import errors
from dropdub.web.bodies import body_of, read_body
from dropdub.web.dictation.dictations import Dictations
from dropdub.web.dictation.hearing import Listening
from dropdub.web.dictation.shapes import PATH, Dictation, DictationRequest, shown_dictation
from dropdub.web.events.routes import LastSeen, last_seen
from dropdub.web.jobs.bodies import LARGEST_NUMBER
from dropdub.web.jobs.lookup import job_of
from dropdub.web.jobs.shapes import Job, shown_job
from dropdub.web.site import Site

_ONE = f"{PATH}/{{id}}"
_STREAM = described_stream("`heard`, `problem` and, at last, `end`")
DictationId = Annotated[str, Path(alias="id", pattern=r"^[0-9a-f]{32}$", description="The id of the dictation")]
Seen = Annotated[int, Query(ge=0, le=LARGEST_NUMBER, description="The id of the last event that was seen")]


def dictation_router(site: Site, admission: Admission, dictations: Dictations) -> APIRouter:
    """Return the routes below `/v1/dictations`."""
    router = APIRouter(tags=["Dictations"])
    listening = Listening(site, admission, dictations)

    @router.post(
        PATH,
        status_code=201,
        summary="Begin a recording that grows while somebody speaks",
        openapi_extra=body_of(DictationRequest),
        responses=errors(413, 415, 429, 507),
    )
    async def begin(request: Request, response: Response) -> Dictation:
        await admission.room(0)
        upload = await dictations.begin(read_body(await request.body() or b"{}", DictationRequest))
        response.headers["location"] = f"{PATH}/{upload.id}"
        return shown_dictation(upload)

    @router.get(_ONE, summary="How far a dictation is, and what was understood", responses=errors(404))
    async def look(id_: DictationId) -> Dictation:
        return shown_dictation(await dictations.find(id_), await listening.heard(id_))

    @router.get(
        f"{_ONE}/events",
        response_class=StreamingResponse,
        summary="What is understood of a dictation, while somebody speaks",
        responses={**_STREAM, **errors(404)},
    )
    async def events(
        id_: DictationId,
        after: Seen = 0,
        last_event_id: LastSeen = None,
    ) -> Response:
        await dictations.find(id_)
        sent = listening.events(id_, after=last_seen(last_event_id, after) or 0)
        return stream_answer(with_signs_of_life(sent))

    @router.post(f"{_ONE}/end", summary="End a dictation: it becomes a job", responses=errors(404, 422, 507))
    async def end(id_: DictationId, response: Response) -> Job:
        number = await dictations.end(id_)
        response.headers.update(job_headers(number))
        return shown_job(await job_of(site, number), site.place.root)

    return router
