"""Who asks in a room: whoever has opened it, or a guest, whose session is for that room only."""

from __future__ import annotations

from fastapi import Request

from dropdub.web.answering.errors import ApiError
from dropdub.web.rooms.room import Seat
from dropdub.web.security.guard import SESSION


def guest_of(request: Request) -> str | None:
    """Return what is different for each guest; None for whoever has opened the room. The guard lets a guest's session
    into no other room.
    """
    session = request.scope.get(SESSION)
    return str(session.id) if session is not None and session.scope else None


def seat_of(request: Request) -> Seat:
    """Return the seat of whoever asks."""
    return "host" if guest_of(request) is None else "guest"


def person_of(request: Request) -> str:
    """Return who asks; whoever has opened the room may do so from several browsers."""
    return guest_of(request) or "host"


def refuse_guest(request: Request) -> None:
    """Raise ApiError 403 for a guest."""
    if seat_of(request) == "guest":
        raise ApiError(403, "Only whoever has opened the room can do that.", "guest")
