"""The rooms of a server: open one, find it, change it, end it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from dataclasses import replace

from dropdub.errors import DropdubError, VoiceMissing
from dropdub.operations.voice_files import existing_voice, remove_voice
from dropdub.store.forgetting import forget_jobs
from dropdub.store.states import ENDED
from dropdub.store.transitions import request_cancel
from dropdub.web.admission import Admission
from dropdub.web.answering.errors import ApiError
from dropdub.web.interpreting.interpreter import Interpreter
from dropdub.web.jobs.outcome import ended
from dropdub.web.rooms.folder import RoomFolder, no_room
from dropdub.web.rooms.meeting import Meeting
from dropdub.web.rooms.preparing import Preparation
from dropdub.web.rooms.record import record_room
from dropdub.web.rooms.room import SEATS, Member, Room, Seat
from dropdub.web.rooms.shapes import RECORDED, Ended, Entrance
from dropdub.web.rooms.speaking import Speaking
from dropdub.web.site import Site
from dropdub.web.uploads.reception import Reception

LAST_WORDS_S = 10.0
"""So long, the end of a room waits for what is being said in it."""
ABANDONED_S = 12 * 3600.0
"""After so long without anybody in it, a room ends, as a guest's session does."""
_logger = logging.getLogger("dropdub.web")


class Rooms:
    """Belongs to the event loop."""

    def __init__(self, site: Site, admission: Admission, reception: Reception) -> None:
        self._site, self._admission = site, admission
        self._folder = RoomFolder(site.place.root.rooms_dir)
        self._interpreter = Interpreter(site, reception)
        self._meetings: dict[str, Meeting] = {}
        self._reading = asyncio.Lock()
        self.speaking = Speaking(site, self._folder)

    async def open(self) -> Room:
        """Open a room. Raises ApiError 429 and 507."""
        return await self._site.run(self._folder.create)

    async def all(self) -> list[Room]:
        """Return the rooms that are open, the newest first."""
        rooms = []
        for id_ in await self._site.run(self._folder.ids):
            with contextlib.suppress(ApiError):  # it has ended meanwhile, or is damaged
                rooms.append((await self.find(id_)).room)
        return sorted((one for one in rooms if not one.is_ending), key=lambda room: -room.created)

    async def find(self, id_: str) -> Meeting:
        """Return a room. Raises ApiError 404 if it is not there, or has ended."""
        async with self._reading:  # one at a time: what was read before a room has ended would come back
            if id_ not in self._meetings:
                room = await self._site.run(self._folder.read, id_)
                said = await self._site.run(self._folder.said, id_)
                self._meetings[id_] = Meeting(room, said, replace(self._interpreter, batch=id_))
            found = self._meetings[id_]
        async with found.changing:
            if found.ended is not None:
                raise no_room()
            if found.room.is_complete and found.loading is None and not found.room.is_ending:
                await self._prepare(found)
        return found

    async def enter(self, meeting: Meeting, seat: Seat, asked: Entrance, *, person: str) -> None:
        """Let somebody in, or change what they have chosen. Raises ApiError 403 for another's voice, 404, 507.

        What an earlier guest has agreed to says nothing about the next one.
        """
        voice = await self._voice(meeting.room, seat, asked.voice, person)
        async with meeting.changing:
            before = meeting.room.members.get(seat)
            agrees = before is not None and before.person == person and before.agrees
            member = Member(asked.name, asked.language, voice, agrees, person)
            await self._save(meeting, meeting.room.with_member(seat, member))
            is_prepared = meeting.loading is not None and before is not None and before.needs == member.needs
            if meeting.room.is_complete and not is_prepared:
                await self._prepare(meeting)
        meeting.show_room()

    async def agree(self, meeting: Meeting, seat: Seat, *, agrees: bool) -> None:
        """Note whether a member agrees that the record is kept. Raises ApiError 409 before they have entered."""
        async with meeting.changing:
            if seat not in meeting.room.members:
                raise ApiError(409, "You have not entered yet.", "NotEntered")
            member = replace(meeting.room.members[seat], agrees=agrees)
            await self._save(meeting, meeting.room.with_member(seat, member))
        meeting.show_room()

    async def voice_recorded(self, meeting: Meeting, seat: Seat, job: int, *, person: str) -> None:
        """Note that a member has recorded a voice, and forget the `job` that has checked it, with its copy.

        If the room has ended meanwhile, the voice is removed. Raises ApiError 404 then.
        """
        await self._site.run(forget_jobs, self._site.store, self._site.place.root, [job])
        async with meeting.changing:
            if meeting.ended is not None:
                await self._site.run(self._remove_voices, meeting.room)
            await self._save(meeting, replace(meeting.room, voice_by={**meeting.room.voice_by, seat: person}))
            member = meeting.room.members.get(seat)
            if meeting.room.is_complete and member is not None and member.voice == meeting.room.voice_name(seat):
                await self._prepare(meeting)  # it is another voice of the same name
        meeting.show_room()

    async def end(self, meeting: Meeting) -> Ended:
        """End a room: its record becomes a job if both agree, and everything else of it is removed.

        Raises ApiError 507, and DropdubError or OSError; then it can be ended again.
        """
        async with meeting.changing:
            if meeting.ended is None:
                await self._save(meeting, replace(meeting.room, is_ending=True))
                meeting.stop_loading()
                await self._last_words(meeting)
                meeting.end(await self._site.run(self._ended, meeting))
                self._meetings.pop(meeting.room.id, None)
                self._site.nudge()
        assert meeting.ended is not None
        return meeting.ended

    async def end_abandoned(self) -> None:
        """End the rooms that a crash has interrupted while they ended, and those in which nobody has been for long."""
        for id_ in await self._site.run(self._folder.ids):
            try:
                meeting = await self.find(id_)
                if meeting.room.is_ending or meeting.empty_s > ABANDONED_S:
                    await self.end(meeting)
            except (DropdubError, ApiError, OSError) as error:
                _logger.warning("a room cannot be ended: %s", error)

    def close(self) -> None:
        """End all streams and what is being loaded: the server ends."""
        for meeting in self._meetings.values():
            meeting.close()

    async def _prepare(self, meeting: Meeting) -> None:
        if meeting.loading is not None:
            meeting.loading.cancel()
        engine = await self._site.run(self._site.voices.engine)
        meeting.clones = engine is not None and engine.clones
        meeting.preparation = Preparation(
            meeting.interpreter, meeting.room, changed=meeting.show_room, allowed=self._admission.short
        )
        meeting.loading = asyncio.ensure_future(meeting.preparation.run(is_wanted=lambda: not meeting.is_empty))

    async def _voice(self, room: Room, seat: Seat, asked: str | None, person: str) -> str | None:
        """Return the voice of a member. Only whoever has opened the room may choose one that others have recorded."""
        if asked is None:
            return None
        if asked == RECORDED:
            if room.voice_by.get(seat) != person:
                raise ApiError(404, "You have not recorded a voice here.", "NoVoice", "voice")
            return room.voice_name(seat)
        if seat != "host":
            raise ApiError(403, "A guest speaks with a voice that they record here.", "guest", "voice")
        return (await self._site.run(existing_voice, self._site.place.root.voices, asked)).stem

    async def _last_words(self, meeting: Meeting) -> None:
        """Wait a moment for what is being said, and for the jobs that were begun: only ended ones can be forgotten."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS_S):
                for turn in meeting.turns.values():
                    async with turn:
                        pass
                for job in await self._site.run(self._stopped, meeting.room.id):
                    with contextlib.suppress(ApiError):
                        await ended(self._site, job)

    def _stopped(self, batch: str) -> list[int]:
        """Cancel the jobs of a batch that have not begun, and return all that have not ended."""
        open_ = [one.job_id for one in self._site.reader.batch(batch) if one.state not in ENDED]
        for job in open_:
            with contextlib.suppress(DropdubError):  # it has begun
                request_cancel(self._site.store, job, now=time.time(), unless_begun=True)
        return open_

    async def _save(self, meeting: Meeting, room: Room) -> None:
        """Replace the record of a room. Raises ApiError 404 if it has ended meanwhile."""
        if meeting.ended is not None:
            raise no_room()
        await self._site.run(self._folder.save, room)
        meeting.room = room

    def _ended(self, meeting: Meeting) -> Ended:
        """Do what ending a room means on the disk; repeated after a crash, it has the same result."""
        room, said = meeting.room, self._folder.said(meeting.room.id)
        job = record_room(self._site, self._folder, room, said) if room.keeps_record else None
        spoken = [one.job_id for one in self._site.reader.batch(room.id) if one.state in ENDED]
        forget_jobs(self._site.store, self._site.place.root, spoken)
        self._remove_voices(room)
        self._folder.forget(room.id)
        return Ended(job)

    def _remove_voices(self, room: Room) -> None:
        """Remove what members have recorded, also what a crash has kept out of the record of the room."""
        for seat in SEATS:
            with contextlib.suppress(VoiceMissing):
                remove_voice(existing_voice(self._site.place.root.voices, room.voice_name(seat)))
