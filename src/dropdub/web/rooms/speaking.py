"""What becomes of an utterance: it is heard, translated, written down, and spoken to the other."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from dropdub.errors import DropdubError
from dropdub.pipeline.artifacts import piece_name
from dropdub.web.answering.errors import ApiError
from dropdub.web.dictation.sound import RATE
from dropdub.web.interpreting.request import LONGEST_S
from dropdub.web.rooms.folder import RoomFolder, no_room
from dropdub.web.rooms.meeting import Meeting
from dropdub.web.rooms.room import Seat, Utterance, other
from dropdub.web.rooms.shapes import Latency, Said
from dropdub.web.site import Site


@dataclass(frozen=True)
class Speaking:
    """Belongs to the event loop."""

    site: Site
    folder: RoomFolder

    async def say(self, meeting: Meeting, seat: Seat, sound: bytes, ended_at: float | None) -> Said:
        """Have an utterance interpreted, and return it once it is being spoken. What a member says stays in order.

        One that is sent again, because its answer was lost, is not spoken again.
        Raises ApiError 409 if not everything is loaded yet, and what prevents it.
        """
        if not meeting.is_ready(seat):
            raise ApiError(409, "The room is not ready yet.", "RoomNotReady")
        now, n = time.time(), meeting.number(seat, ended_at)
        moment = now if ended_at is None else min(max(ended_at, now - LONGEST_S), now)
        said = Said(n, seat, "hearing", moment)
        if n not in meeting.said:
            meeting.show_said(said)
        try:
            async with meeting.turns[seat]:
                if meeting.room.is_ending:
                    raise no_room()
                if n in meeting.said:
                    return meeting.said_of(meeting.said[n])
                return await self._interpreted(meeting, said, sound)
        except (ApiError, DropdubError) as error:
            found = error if isinstance(error, ApiError) else ApiError.of(error)
            meeting.show_said(replace(said, state="failed", problem=self.site.worded(found).message))
            raise

    async def _interpreted(self, meeting: Meeting, said: Said, sound: bytes) -> Said:
        speaker, listener = meeting.room.members[said.seat], meeting.room.members[other(said.seat)]
        heard = await meeting.interpreter.hear(sound, speaker.language)
        if not heard.text:
            meeting.show_said(nothing := replace(said, state="nothing"))
            return nothing
        said = replace(said, state="translating", text=heard.text, language=heard.language, target=listener.language)
        meeting.show_said(said)
        _refuse_ended(meeting)
        translated = await meeting.interpreter.translate(heard.text, heard.language, listener.language)
        _refuse_ended(meeting)
        job, _ = await meeting.interpreter.speak(translated.text, speaker.voice, listener.language)
        utterance = Utterance(
            n=said.n,
            seat=said.seat,
            ended_at=said.ended_at,
            seconds=len(sound) / (2 * RATE),
            text=heard.text,
            language=heard.language,
            translation=translated.text,
            target=listener.language,
            job=job,
            jobs=(heard.job, translated.job),
        )
        meeting.said[said.n] = utterance
        spoken = meeting.said_of(utterance)
        meeting.show_said(spoken)
        async with meeting.writing:  # in the order of the events; nobody waits for the disk
            await self.site.run(self.folder.add, meeting.room.id, utterance, sound)
        return spoken

    async def played(self, meeting: Meeting, seat: Seat, n: int, at: float) -> Latency:
        """Return how long an utterance took from its end until the listener hears it, and show it to both.

        Raises ApiError 404 if it was not said to this member.
        """
        utterance = meeting.said.get(n)
        if utterance is None or utterance.seat == seat:
            raise ApiError(404, "Nobody has said that to you.", "NoUtterance")
        latency_s = max(min(at, time.time()) - utterance.ended_at, 0.0)
        engines_s = min(await self.site.run(self._engines_s, utterance), latency_s)
        found = Latency(n, round(latency_s, 3), round(engines_s, 3), round(latency_s - engines_s, 3))
        meeting.show_latency(found)
        return found

    def _engines_s(self, utterance: Utterance) -> float:
        """Return how long the engines took until the first piece was spoken."""
        times = self.site.reader.work_times([*utterance.jobs, utterance.job])
        before = sum(times[job].seconds or 0.0 for job in utterance.jobs if job in times)
        piece = self.site.place.root.results_dir(utterance.job) / piece_name(0)
        try:
            first_s = piece.stat().st_mtime - times[utterance.job].started_at
        except (OSError, KeyError):
            return before
        return before + max(first_s, 0.0)


def _refuse_ended(meeting: Meeting) -> None:
    """Raise ApiError 404 if a room did not wait for what is said in it: nothing of it may be left."""
    if meeting.ended is not None:
        raise no_room()
