"""The pages of rooms: those that are open, and each of them, for whoever has opened it and for the guest."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from dropdub.operations.voice_files import voice_files
from dropdub.web.answering.errors import ApiError
from dropdub.web.pages.languages import languages_of, named
from dropdub.web.pages.reading_texts import LANGUAGE_NAMES, READING_TEXTS
from dropdub.web.pages.rendering import Pages
from dropdub.web.rooms.meeting import Meeting
from dropdub.web.rooms.room import Seat
from dropdub.web.rooms.rooms import Rooms
from dropdub.web.rooms.seats import seat_of
from dropdub.web.rooms.shapes import RECORDED, RoomId
from dropdub.web.site import Site

_PAGE, _ROOM = "/rooms", "/room"


def room_routes(router: APIRouter, site: Site, pages: Pages, rooms: Rooms) -> None:
    """Add the routes of the pages to a router."""

    async def listed(request: Request, *, problem: ApiError | None = None) -> Response:
        status = problem.status if problem else 200
        text = problem.message if problem else ""
        return pages.page(request, "rooms.html.j2", status=status, rooms=await rooms.all(), problem=text)

    @router.api_route(_PAGE, methods=["GET", "HEAD"])
    async def all_rooms(request: Request) -> Response:
        return await listed(request)

    @router.post(_PAGE)
    async def open_room(request: Request) -> Response:
        try:
            room = await rooms.open()
        except ApiError as error:
            return await listed(request, problem=site.worded(error))
        return RedirectResponse(f"{_ROOM}/{room.id}", 303)

    @router.api_route(_ROOM + "/{id}", methods=["GET", "HEAD"])
    async def room(request: Request, id_: RoomId) -> Response:
        seat = seat_of(request)
        try:
            meeting = await rooms.find(id_)
        except ApiError as error:
            return pages.page(request, "no_room.html.j2", status=error.status, is_guest=seat == "guest")
        known = await site.run(_choices, site, meeting, seat)
        return pages.page(request, "room.html.j2", room=meeting.shown(seat), **known)


def _choices(site: Site, meeting: Meeting, seat: Seat) -> dict[str, Any]:
    """Return what a member can choose at the entrance. The voices of other people are only the host's to use."""
    member = meeting.room.members.get(seat)
    voices = [path.stem for path in voice_files(site.place.root.voices)] if seat == "host" else []
    recorded = {one: meeting.room.voice_name(one) for one in meeting.room.voice_by}
    chosen = "" if member is None or member.voice is None else member.voice
    engine = site.voices.engine()
    return {
        "languages": named(languages_of(site, "translator", "synthesizer")),
        "understood": languages_of(site, "transcriber"),
        "voices": [name for name in voices if name not in recorded.values()],
        "chosen": {
            **({"name": member.name, "language": member.language} if member else {"name": "", "language": ""}),
            "voice": RECORDED if chosen and chosen == recorded.get(seat) else chosen,
        },
        "recorded": RECORDED,
        "clones": engine is not None and engine.clones,
        "texts": READING_TEXTS,
        "language_names": LANGUAGE_NAMES,
    }
