"""The folder of rooms, `work/rooms/`: what a server that is started again has to know.

    work/rooms/ID/room.json     the room, replaced as a whole
    work/rooms/ID/said.jsonl    a line for each utterance
    work/rooms/ID/7.pcm         the sound of the seventh, 16 kHz, 16 bits, mono

All of it is removed when the room ends, first the lines, without which nothing is recorded, and last the record, with
which a crash is noticed. The methods block.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dropdub.files.durable import flush_file, fsync_dir, write_whole
from dropdub.files.held import HeldFolder
from dropdub.files.removal import remove, remove_files, remove_tree
from dropdub.untrusted.files import read_whole
from dropdub.web.answering.errors import ApiError
from dropdub.web.rooms.room import Room, Utterance
from dropdub.web.uploads.limits import room_for

_ID = re.compile(r"[0-9a-f]{32}")
_RECORD, _SAID = "room.json", "said.jsonl"
_MOST_BYTES = 100_000_000
MOST_ROOMS = 20


class RoomFolder:
    """The rooms of a root that have not ended."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def create(self) -> Room:
        """Record a new room. Raises ApiError 429 if there are too many, and 507."""
        if len(self.ids()) >= MOST_ROOMS:
            raise ApiError(429, f"{MOST_ROOMS} rooms are open already.", "TooManyRooms", remedy="End one of them.")
        room = Room(secrets.token_hex(16), time.time())
        with room_for("the room"):
            self._of(room.id).mkdir(mode=0o700, parents=True)
            self.save(room)
            fsync_dir(self._folder)
        return room

    def ids(self) -> list[str]:
        if not self._folder.is_dir():
            return []
        return sorted(one.name for one in self._folder.iterdir() if _is_room(one))

    def read(self, id_: str) -> Room:
        """Return a room. Raises ApiError 404 if there is none with this id, or if its record is damaged."""
        try:
            if _ID.fullmatch(id_):
                found = json.loads(read_whole(self._of(id_) / _RECORD, _MOST_BYTES))
                return Room.from_json(id_, found)
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            pass
        raise no_room()

    def save(self, room: Room) -> None:
        """Replace the record of a room. Raises ApiError 507."""
        with room_for("the room"):
            data = json.dumps(room.to_json(), ensure_ascii=False).encode()
            write_whole(self._of(room.id) / _RECORD, data, private=True)

    def said(self, id_: str) -> list[Utterance]:
        """Return what was said, in order, without a line that a crash has cut. Raises OSError."""
        try:
            lines = read_whole(self._of(id_) / _SAID, _MOST_BYTES).splitlines()
        except FileNotFoundError:
            return []
        found = map(_utterance, lines)
        return [one for one in found if one is not None]

    def add(self, id_: str, utterance: Utterance, sound: bytes) -> None:
        """Write down what somebody has said, first its sound. Raises ApiError 507."""
        with room_for("what was said"):
            write_whole(self.sound(id_, utterance.n), sound, private=True)
            path = self._of(id_) / _SAID
            with path.open("ab") as file:  # begins a line, too: an earlier one may have been cut by a full disk
                file.write(b"\n" + json.dumps(asdict(utterance), ensure_ascii=False).encode() + b"\n")
            flush_file(path)

    def sound(self, id_: str, n: int) -> Path:
        """Return the file with the sound of an utterance."""
        return self._of(id_) / f"{n}.pcm"

    def forget(self, id_: str) -> None:
        """Forget a room with all that was said in it. Repeated after a crash, it removes the rest."""
        remove(self._of(id_) / _SAID)
        with HeldFolder.open(self._of(id_)) as folder:
            remove_files(folder, last=_RECORD)
        remove_tree(self._of(id_))

    def _of(self, id_: str) -> Path:
        return self._folder / id_


def _is_room(folder: Path) -> bool:
    return _ID.fullmatch(folder.name) is not None and (folder / _RECORD).is_file()


def no_room() -> ApiError:
    """Return the error for a room that is not there."""
    return ApiError(404, "There is no such room: it has ended.", "NoRoom", remedy="Open a new one.")


def _utterance(line: bytes) -> Utterance | None:
    try:
        found: Mapping[str, Any] = json.loads(line)
        return Utterance(**{**found, "jobs": tuple(found["jobs"])})
    except (ValueError, TypeError, LookupError):
        return None
