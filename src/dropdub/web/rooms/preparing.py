"""Load what a room needs before it opens, and keep it loaded while somebody is there."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from dropdub.errors import DropdubError
from dropdub.web.answering.errors import ApiError
from dropdub.web.dictation.sound import RATE
from dropdub.web.interpreting.interpreter import Interpreter
from dropdub.web.jobs.outcome import ended
from dropdub.web.rooms.room import SEATS, Member, Room, Seat, other
from dropdub.web.rooms.shapes import Preparing

AGAIN_S = 5.0
"""After this time, what could not be loaded is tried again."""
_SILENCE = bytes(2 * RATE)
_TEXT = "Good morning."
_LONGEST_IDLE_S = 24 * 3600.0


@dataclass(frozen=True)
class Need:
    """Something that has to be loaded, as `Preparing` says; for a synthesizer, with a voice."""

    shown: Preparing
    voice: str | None = None


def needs_of(speaker: Member, listener: Member) -> list[Need]:
    """Return what one direction of a room needs."""
    return [
        Need(Preparing("transcriber", speaker.language, "", done=False)),
        Need(Preparing("translator", speaker.language, listener.language, done=False)),
        Need(Preparing("synthesizer", "", listener.language, done=False), speaker.voice),
    ]


class Preparation:
    """Has the engines of a room loaded: small jobs of the kinds that it will need. Belongs to the event loop."""

    def __init__(
        self,
        interpreter: Interpreter,
        room: Room,
        *,
        changed: Callable[[], None],
        allowed: Callable[[], Awaitable[None]],
    ) -> None:
        """`room`: one that both have entered. `changed` is called whenever something has.

        `allowed` raises ApiError if nothing can be loaded now.
        """
        self._interpreter = interpreter
        self._needs = {seat: needs_of(room.members[seat], room.members[other(seat)]) for seat in SEATS}
        self._found = {need: need.shown for needs in self._needs.values() for need in needs}
        self._changed, self._allowed = changed, allowed

    @property
    def shown(self) -> tuple[Preparing, ...]:
        return tuple(self._found.values())

    def is_done(self, seat: Seat) -> bool:
        """Return whether what a member says can be spoken to the other."""
        return all(self._found[need].done for need in self._needs[seat])

    async def run(self, *, is_wanted: Callable[[], bool]) -> None:
        """Load everything; then, as long as it is wanted, again before an idle worker would be ended. Never returns."""
        while True:
            if is_wanted():
                missing = [need for need, shown in self._found.items() if not shown.done]
                await asyncio.gather(*map(self._load, missing or self._found))
            await asyncio.sleep(self._pause_s() if all(map(self.is_done, SEATS)) else AGAIN_S)

    async def _load(self, need: Need) -> None:
        try:
            await self._allowed()
            await self._ask(need)
            found = replace(need.shown, done=True)
        except (ApiError, DropdubError) as error:
            known = error if isinstance(error, ApiError) else ApiError.of(error)
            worded = self._interpreter.site.worded(known)
            found = replace(need.shown, problem=worded.message, remedy=worded.remedy, done=self._found[need].done)
        if found != self._found[need]:
            self._found[need] = found
            self._changed()

    async def _ask(self, need: Need) -> None:
        """Have something done that needs the engine. What it speaks is new each time, so that no cache has it."""
        shown = need.shown
        if shown.role == "transcriber":
            await self._interpreter.hear(_SILENCE, shown.language)
        elif shown.role == "translator":
            await self._interpreter.translate(_TEXT, shown.language, shown.target)
        else:
            job, _ = await self._interpreter.speak(str(secrets.randbelow(10**6)), need.voice, shown.target)
            await ended(self._interpreter.site, job)

    def _pause_s(self) -> float:
        pools = self._interpreter.site.config.pools
        idle = [pools.transcribe.idle_exit, pools.translate.idle_exit, pools.synthesize.idle_exit]
        return min((one for one in idle if one is not None), default=_LONGEST_IDLE_S) / 2
