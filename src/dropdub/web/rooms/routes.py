"""The routes of rooms: open one, invite, enter, record a voice, end it."""

from __future__ import annotations

import time
from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import Response

from dropdub.web.admission import Admission
from dropdub.web.api_document import errors
from dropdub.web.bodies import body_of, form_of, read_body
from dropdub.web.rooms.rooms import Rooms
from dropdub.web.rooms.seats import person_of, refuse_guest, seat_of
from dropdub.web.rooms.shapes import ONE, PATH, Ended, Entrance, Invitation, RoomId, ShownRoom
from dropdub.web.rooms.talk_routes import talk_routes
from dropdub.web.security.codes import GUESTS_S, LoginCodes
from dropdub.web.security.scopes import page_of, room_scope
from dropdub.web.site import Site
from dropdub.web.voices.cloning import CLONE_ERRORS, Cloning

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


def rooms_router(site: Site, admission: Admission, rooms: Rooms, entries: Entries) -> APIRouter:
    """Return the routes of rooms."""
    router = APIRouter(tags=["Rooms"])

    @router.post(PATH, status_code=201, summary="Open a room", responses=errors(429, 507))
    async def open_room(response: Response) -> Invitation:
        room = await rooms.open()
        response.headers["location"] = f"{PATH}/{room.id}"
        return entries.invitation(room.id)

    @router.post(f"{ONE}/invitations", status_code=201, summary="Invite the other again", responses=errors(403, 404))
    async def invite(request: Request, id_: RoomId) -> Invitation:
        await rooms.find(id_)
        refuse_guest(request)
        return entries.invitation(id_)

    @router.get(ONE, summary="Who is in a room, and whether it is ready", responses=errors(404))
    async def look(request: Request, id_: RoomId) -> ShownRoom:
        return (await rooms.find(id_)).shown(seat_of(request))

    @router.post(
        f"{ONE}/enter",
        summary="Enter a room, or choose another language or voice",
        openapi_extra=body_of(Entrance),
        responses=errors(403, 404, 415, 507),
    )
    async def enter(request: Request, id_: RoomId) -> ShownRoom:
        meeting, seat = await rooms.find(id_), seat_of(request)
        await rooms.enter(meeting, seat, read_body(await request.body(), Entrance), person=person_of(request))
        return meeting.shown(seat)

    @router.post(
        f"{ONE}/voice",
        summary="Record a voice for a room, with its owner's consent",
        openapi_extra=_RECORDING,
        responses=CLONE_ERRORS,
    )
    async def record_voice(request: Request, id_: RoomId) -> ShownRoom:
        meeting, seat = await rooms.find(id_), seat_of(request)
        with meeting.recording(seat):
            _, job = await entries.cloning.answer(request, file_field="file", name=meeting.room.voice_name(seat))
            await rooms.voice_recorded(meeting, seat, job, person=person_of(request))
        return meeting.shown(seat)

    @router.post(f"{ONE}/end", summary="End a room", responses=errors(403, 404, 507))
    async def end(request: Request, id_: RoomId) -> Ended:
        refuse_guest(request)
        return await rooms.end(await rooms.find(id_))

    talk_routes(router, site, admission, rooms)
    return router
