"""What a guest's session is for: one room, and nothing else of the server."""

from __future__ import annotations

_ROOM = "room:"


def room_scope(room: str) -> str:
    """Return the scope of a session for the room with an id."""
    return _ROOM + room


def page_of(scope: str) -> str:
    """Return the path of the first page for a session with a scope."""
    return f"/room/{scope.removeprefix(_ROOM)}" if scope.startswith(_ROOM) else "/"


def admits(scope: str, path: str) -> bool:
    """Return whether a session with a scope reaches a path. An empty scope reaches all, an unknown one none."""
    if not scope:
        return True
    room = scope.removeprefix(_ROOM)
    api = f"/v1/rooms/{room}"
    return room != scope and (path in (f"/room/{room}", api, "/logout") or path.startswith(f"{api}/"))
