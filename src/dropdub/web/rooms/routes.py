"""The routes of rooms."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response, StreamingResponse

from dropdub.web.admission import Admission
from dropdub.web.api_document import Responses, errors
from dropdub.web.bodies import body_of, form_of, read_body
from dropdub.web.errors import ApiError
from dropdub.web.event_stream import CONTENT_TYPE
from dropdub.web.events.routes import LastSeen, last_seen
from dropdub.web.interpreting.routes import read_sound
from dropdub.web.jobs.bodies import LARGEST_NUMBER
from dropdub.web.long_answers import with_signs_of_life
from dropdub.web.presence import unless_left
from dropdub.web.rooms.meeting import Meeting
from dropdub.web.rooms.room import Seat
from dropdub.web.rooms.rooms import Rooms, voice_name
from dropdub.web.rooms.shapes import (
    PATH,
    Agreement,
    Clock,
    Ended,
    Entrance,
    Invitation,
    Latency,
    Played,
    Said,
    ShownRoom,
)
from dropdub.web.security.codes import GUESTS_S, LoginCodes
from dropdub.web.security.guard import SESSION
from dropdub.web.security.scopes import page_of, room_scope
from dropdub.web.site import Site
from dropdub.web.speech.answers import Delivery, speech_answer
from dropdub.web.speech.audio_format import AudioFormat
from dropdub.web.voices.cloning import CLONE_ERRORS, Cloning

RoomId = Annotated[str, Path(alias="id", pattern=r"^[0-9a-f]{32}$", description="The id of the room")]
N = Annotated[int, Path(ge=1, le=LARGEST_NUMBER, description="The number of the utterance")]
_ONE = f"{PATH}/{{id}}"
_UTTERANCE = f"{_ONE}/utterances/{{n}}"
_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}
_SOUND: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_STREAM: Responses = {
    200: {
        "description": "Events `room`, `said`, `latency` and, at last, `end`",
        "content": {CONTENT_TYPE: {"schema": {"type": "string"}}},
    }
}
_RECORDING = form_of("name", "consent", file="file", required=("name", "consent"))


@dataclass(frozen=True)
class Entries:
    """What lets people in: the codes of invitations, and what makes voices of recordings."""

    codes: LoginCodes
    cloning: Cloning

    def invitation(self, room: str) -> Invitation:
        """Return a new way into a room for one guest."""
        scope = room_scope(room)
        code = self.codes.issue(time.monotonic(), scope=scope)
        return Invitation(room, f"{page_of(scope)}#{code}", int(GUESTS_S))


def seat_of(request: Request) -> Seat:
    """Return who asks: a guest's session is for its room only, and the guard lets it into no other."""
    session = request.scope.get(SESSION)
    return "guest" if session is not None and session.scope else "host"


def rooms_router(site: Site, admission: Admission, rooms: Rooms, entries: Entries) -> APIRouter:
    """Return the routes of rooms."""
    router = APIRouter(tags=["Rooms"])

    @router.post(PATH, status_code=201, summary="Open a room", responses=errors(429, 507))
    async def open_room(response: Response) -> Invitation:
        room = await rooms.open()
        response.headers["location"] = f"{PATH}/{room.id}"
        return entries.invitation(room.id)

    @router.post(f"{_ONE}/invitations", status_code=201, summary="Invite the other again", responses=errors(403, 404))
    async def invite(request: Request, id_: RoomId) -> Invitation:
        await rooms.find(id_)
        _refuse_guest(request)
        return entries.invitation(id_)

    @router.get(_ONE, summary="Who is in a room, and whether it is ready", responses=errors(404))
    async def look(request: Request, id_: RoomId) -> ShownRoom:
        return (await rooms.find(id_)).shown(seat_of(request))

    @router.post(
        f"{_ONE}/enter",
        summary="Enter a room, or choose another language or voice",
        openapi_extra=body_of(Entrance),
        responses=errors(403, 404, 415, 507),
    )
    async def enter(request: Request, id_: RoomId) -> ShownRoom:
        meeting, seat = await rooms.find(id_), seat_of(request)
        await rooms.enter(meeting, seat, read_body(await request.body(), Entrance), person=_person(request))
        return meeting.shown(seat)

    @router.post(
        f"{_ONE}/voice",
        summary="Record a voice for a room, with its owner's consent",
        openapi_extra=_RECORDING,
        responses=CLONE_ERRORS,
    )
    async def record_voice(request: Request, id_: RoomId) -> ShownRoom:
        meeting, seat = await rooms.find(id_), seat_of(request)
        with meeting.recording(seat):
            _, job = await entries.cloning.answer(request, file_field="file", name=voice_name(meeting.room, seat))
            await rooms.voice_recorded(meeting, seat, job, person=_person(request))
        return meeting.shown(seat)

    @router.get(
        f"{_ONE}/events",
        response_class=StreamingResponse,
        summary="What happens in a room, while it happens",
        responses={**_STREAM, **errors(404)},
    )
    async def events(request: Request, id_: RoomId, last_event_id: LastSeen = None) -> Response:
        meeting = await rooms.find(id_)
        sent = meeting.events(seat_of(request), after=last_seen(last_event_id, None) or 0)
        return StreamingResponse(with_signs_of_life(sent), headers=_HEADERS, media_type=CONTENT_TYPE)

    @router.get(f"{_ONE}/clock", summary="The server's time, to measure by it", responses=errors(404))
    async def clock(id_: RoomId) -> Clock:
        await rooms.find(id_)
        return Clock(time.time())

    @router.post(
        f"{_ONE}/utterances",
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

    @router.get(f"{_UTTERANCE}/audio", summary="An utterance in the listener's language", responses=errors(404))
    async def audio(request: Request, id_: RoomId, n: N, format: AudioFormat = AudioFormat.WAV) -> Response:
        utterance = _said(await rooms.find(id_), n)
        delivery = Delivery(format, {"cache-control": "no-store"})
        return await unless_left(request, speech_answer(site, utterance, delivery))

    @router.post(
        f"{_UTTERANCE}/played",
        summary="Say when you heard an utterance first",
        openapi_extra=body_of(Played),
        responses=errors(404, 415),
    )
    async def played(request: Request, id_: RoomId, n: N) -> Latency:
        meeting, asked = await rooms.find(id_), read_body(await request.body(), Played)
        return await rooms.speaking.played(meeting, seat_of(request), n, asked.at)

    @router.post(
        f"{_ONE}/record",
        summary="Agree, or no longer, that the record is kept",
        openapi_extra=body_of(Agreement),
        responses=errors(404, 409, 415, 507),
    )
    async def agree(request: Request, id_: RoomId) -> ShownRoom:
        meeting, seat = await rooms.find(id_), seat_of(request)
        await rooms.agree(meeting, seat, agrees=read_body(await request.body(), Agreement).agrees)
        return meeting.shown(seat)

    @router.post(f"{_ONE}/end", summary="End a room", responses=errors(403, 404, 507))
    async def end(request: Request, id_: RoomId) -> Ended:
        _refuse_guest(request)
        return await rooms.end(await rooms.find(id_))

    return router


def _person(request: Request) -> str:
    """Return what is different for each guest; whoever has opened the room may do so from several browsers."""
    session = request.scope.get(SESSION)
    return str(session.id) if session is not None and session.scope else "host"


def _refuse_guest(request: Request) -> None:
    if seat_of(request) == "guest":
        raise ApiError(403, "Only whoever has opened the room can do that.", "guest")


def _said(meeting: Meeting, n: int) -> int:
    """Return the job that speaks an utterance. Raises ApiError 404."""
    if n not in meeting.said:
        raise ApiError(404, "Nobody has said that here.", "NoUtterance")
    return meeting.said[n].job
