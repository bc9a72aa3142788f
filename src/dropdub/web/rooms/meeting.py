"""A room while the server runs: who is there, what they are shown, and what is being said."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict

from dropdub.web.answering.errors import ApiError
from dropdub.web.answering.event_stream import named_event
from dropdub.web.interpreting.interpreter import Interpreter
from dropdub.web.rooms.preparing import Preparation
from dropdub.web.rooms.room import SEATS, Room, Seat, Utterance
from dropdub.web.rooms.shapes import PATH, Ended, Latency, Said, ShownMember, ShownRoom

_MOST_BEHIND = 1_000
"""Events that a browser may be behind; then its stream ends, and it asks for what it has missed."""
_LOOK_S = 1.0


class Meeting:
    """One of each room. Belongs to the event loop."""

    def __init__(self, room: Room, said: list[Utterance], interpreter: Interpreter) -> None:
        self.room = room
        self.interpreter = interpreter
        self.said = {one.n: one for one in said}
        """In the order in which they were complete, which is that of the ids of their events."""
        self.preparation: Preparation | None = None
        self.loading: asyncio.Task[None] | None = None
        self.turns = {seat: asyncio.Lock() for seat in SEATS}
        self.changing = asyncio.Lock()
        self.ended: Ended | None = None
        self.clones = False
        self.writing = asyncio.Lock()
        self._next = max(self.said, default=0) + 1
        self._numbers = {(one.seat, one.ended_at): one.n for one in said}
        self._here: Counter[Seat] = Counter()
        self._recording: set[Seat] = set()
        self._streams: dict[asyncio.Queue[bytes], Seat] = {}
        self._left_at = time.monotonic()

    def is_ready(self, seat: Seat) -> bool:
        """Return whether a member can speak: both have entered, everything is loaded, and the room does not end."""
        is_open = self.room.is_complete and not self.room.is_ending
        return is_open and self.preparation is not None and self.preparation.is_done(seat)

    @property
    def is_empty(self) -> bool:
        """Return whether nobody has its page open."""
        return not self._streams

    @property
    def empty_s(self) -> float:
        """Return for how long nobody has had its page open, as far as this process has seen."""
        return time.monotonic() - self._left_at if self.is_empty else 0.0

    def number(self, seat: Seat, ended_at: float | None) -> int:
        """Return the number of the next utterance, or of the one that ended at the same moment: it is sent again."""
        known = None if ended_at is None else self._numbers.get((seat, ended_at))
        if known is None:
            known, self._next = self._next, self._next + 1
        if ended_at is not None:
            self._numbers[seat, ended_at] = known
        return known

    def shown(self, seat: Seat) -> ShownRoom:
        """Return the room as somebody sees it."""
        members = {
            one: ShownMember(member.name, member.language, self._here[one] > 0, self.has_own_voice(one), member.agrees)
            for one, member in self.room.members.items()
        }
        return ShownRoom(
            id=self.room.id,
            you=seat,
            ready=self.is_ready(seat),
            members=members,
            preparing=self.preparation.shown if self.preparation else (),
            recorded_voice=seat in self.room.voice_by,
            keeps_record=self.room.keeps_record,
        )

    @contextmanager
    def recording(self, seat: Seat) -> Iterator[None]:
        """Receive and check a voice in this block. Raises ApiError 409 if an earlier one of the seat still is.

        Otherwise a guest could take all places for files that are sent.
        """
        if seat in self._recording:
            raise ApiError(409, "A voice of yours is being checked already.", "BeingChecked", remedy="Wait for it.")
        self._recording.add(seat)
        try:
            yield
        finally:
            self._recording.discard(seat)

    def has_own_voice(self, seat: Seat) -> bool:
        """Return whether a member's own voice speaks their translations."""
        return self.clones and self.room.members[seat].voice is not None

    def show_room(self) -> None:
        """Send the room to everybody, each as they see it."""
        self._send({seat: named_event("room", asdict(self.shown(seat))) for seat in SEATS})

    def show_said(self, said: Said) -> None:
        self._send_all(named_event("said", asdict(said), len(self.said) if said.state == "speaking" else None))

    def show_latency(self, latency: Latency) -> None:
        self._send_all(named_event("latency", asdict(latency)))

    def end(self, ended: Ended) -> None:
        """Send everybody away."""
        self.ended = ended
        self._send_all(named_event("end", asdict(ended)))

    def stop_loading(self) -> None:
        """Load nothing any more."""
        if self.loading is not None:
            self.loading.cancel()

    async def events(self, seat: Seat, *, after: int) -> AsyncIterator[bytes]:
        """Yield the room, what was said after the event `after`, and then what happens, until the room ends."""
        with self._stream(seat) as stream:
            yield named_event("room", asdict(self.shown(seat)))
            for id_, one in enumerate(list(self.said.values())[after:], after + 1):
                yield named_event("said", asdict(self.said_of(one)), id_)
            while stream in self._streams and not self.interpreter.site.feed.is_closed:
                try:
                    event = await asyncio.wait_for(stream.get(), _LOOK_S)
                except TimeoutError:
                    continue
                yield event
                if self.ended is not None and stream.empty():
                    return

    def said_of(self, one: Utterance) -> Said:
        """Return an utterance that is complete as it is shown."""
        return Said(
            n=one.n,
            seat=one.seat,
            state="speaking",
            ended_at=one.ended_at,
            text=one.text,
            language=one.language,
            translation=one.translation,
            target=one.target,
            audio_url=f"{PATH}/{self.room.id}/utterances/{one.n}/audio",
            own_voice=self.has_own_voice(one.seat),
        )

    def close(self) -> None:
        """End all streams: the server ends, and browsers ask again."""
        self._streams.clear()
        self.stop_loading()

    @contextmanager
    def _stream(self, seat: Seat) -> Iterator[asyncio.Queue[bytes]]:
        stream: asyncio.Queue[bytes] = asyncio.Queue(_MOST_BEHIND)
        self._streams[stream] = seat
        self._here[seat] += 1
        if self._here[seat] == 1:
            self.show_room()
        try:
            yield stream
        finally:
            self._streams.pop(stream, None)
            self._left_at = time.monotonic()
            self._here[seat] -= 1
            if not self._here[seat]:
                self.show_room()

    def _send_all(self, event: bytes) -> None:
        self._send(dict.fromkeys(SEATS, event))

    def _send(self, events: Mapping[Seat, bytes]) -> None:
        for stream, seat in list(self._streams.items()):
            try:
                stream.put_nowait(events[seat])
            except asyncio.QueueFull:
                del self._streams[stream]
