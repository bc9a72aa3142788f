"""The routes of what is said in a room: events, utterances, their sound, and whether a record is kept."""

from __future__ import annotations

import time
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response, StreamingResponse

from dropdub.web.admission import Admission
from dropdub.web.answering.errors import ApiError
from dropdub.web.answering.event_stream import described_stream, stream_answer
from dropdub.web.answering.long_answers import with_signs_of_life
from dropdub.web.api_document import errors
from dropdub.web.bodies import body_of, read_body
from dropdub.web.events.routes import LastSeen, last_seen
from dropdub.web.interpreting.routes import SOUND, read_sound
from dropdub.web.jobs.bodies import LARGEST_NUMBER
from dropdub.web.presence import unless_left
from dropdub.web.rooms.meeting import Meeting
from dropdub.web.rooms.rooms import Rooms
from dropdub.web.rooms.seats import seat_of
from dropdub.web.rooms.shapes import ONE, Agreement, Clock, Latency, Played, RoomId, Said, ShownRoom
from dropdub.web.site import Site
from dropdub.web.speech.answers import Delivery, speech_answer
from dropdub.web.speech.audio_format import AudioFormat

UTTERANCE = f"{ONE}/utterances/{{n}}"
N = Annotated[int, Path(ge=1, le=LARGEST_NUMBER, description="The number of the utterance")]
_STREAM = described_stream("`room`, `said`, `latency` and, at last, `end`")
_SOUND: dict[str, Any] = {"requestBody": {"required": True, "content": SOUND}}


def talk_routes(router: APIRouter, site: Site, admission: Admission, rooms: Rooms) -> None:
    """Add the routes to a router."""

    @router.get(
        f"{ONE}/events",
        response_class=StreamingResponse,
        summary="What happens in a room, while it happens",
        responses={**_STREAM, **errors(404)},
    )
    async def events(request: Request, id_: RoomId, last_event_id: LastSeen = None) -> Response:
        meeting = await rooms.find(id_)
        sent = meeting.events(seat_of(request), after=last_seen(last_event_id, None) or 0)
        return stream_answer(with_signs_of_life(sent))

    @router.get(f"{ONE}/clock", summary="The server's time, to measure by it", responses=errors(404))
    async def clock(id_: RoomId) -> Clock:
        await rooms.find(id_)
        return Clock(time.time())

    @router.post(
        f"{ONE}/record",
        summary="Agree, or no longer, that the record is kept",
        openapi_extra=body_of(Agreement),
        responses=errors(404, 409, 415, 507),
    )
    async def agree(request: Request, id_: RoomId) -> ShownRoom:
        meeting, seat = await rooms.find(id_), seat_of(request)
        await rooms.agree(meeting, seat, agrees=read_body(await request.body(), Agreement).agrees)
        return meeting.shown(seat)

    utterance_routes(router, site, admission, rooms)


def utterance_routes(router: APIRouter, site: Site, admission: Admission, rooms: Rooms) -> None:
    """Add the routes of what one says to the other."""

    @router.post(
        f"{ONE}/utterances",
        summary="Say something: it is heard, translated and spoken to the other",
        openapi_extra=_SOUND,
        responses=errors(404, 409, 413, 422, 429, 507),
    )
    async def say(
        request: Request,
        id_: RoomId,
        ended_at: Annotated[
            float | None,
            Query(ge=0, allow_inf_nan=False, description="When you stopped to speak, by the server's clock"),
        ] = None,
    ) -> Said:
        meeting = await rooms.find(id_)
        await admission.short()
        return await rooms.speaking.say(meeting, seat_of(request), await read_sound(request), ended_at)

    @router.get(f"{UTTERANCE}/audio", summary="An utterance in the listener's language", responses=errors(404))
    async def audio(request: Request, id_: RoomId, n: N, format: AudioFormat = AudioFormat.WAV) -> Response:
        utterance = _said(await rooms.find(id_), n)
        delivery = Delivery(format, {"cache-control": "no-store"})
        return await unless_left(request, speech_answer(site, utterance, delivery))

    @router.post(
        f"{UTTERANCE}/played",
        summary="Say when you heard an utterance first",
        openapi_extra=body_of(Played),
        responses=errors(404, 415),
    )
    async def played(request: Request, id_: RoomId, n: N) -> Latency:
        meeting, asked = await rooms.find(id_), read_body(await request.body(), Played)
        return await rooms.speaking.played(meeting, seat_of(request), n, asked.at)


def _said(meeting: Meeting, n: int) -> int:
    """Return the job that speaks an utterance. Raises ApiError 404."""
    if n not in meeting.said:
        raise ApiError(404, "Nobody has said that here.", "NoUtterance")
    return meeting.said[n].job
