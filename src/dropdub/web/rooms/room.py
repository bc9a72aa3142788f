"""A room: who is in it, and what was said there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, get_args

Seat = Literal["host", "guest"]
"""Whose place it is: that of whoever opened the room, or of whoever has followed the link."""
SEATS: tuple[Seat, ...] = get_args(Seat)


def other(seat: Seat) -> Seat:
    """Return the seat of the one who listens to this one."""
    return "guest" if seat == "host" else "host"


@dataclass(frozen=True)
class Member:
    """Somebody who has entered. `language` is the one that they speak and understand.

    `voice`: the name of the one that speaks their translations; None: the default voice. `agrees`: to keep the record.
    `person`: the log-in of the browser with which they entered; another one is another person.
    """

    name: str
    language: str
    voice: str | None = None
    agrees: bool = False
    person: str = ""

    @property
    def needs(self) -> tuple[str, str | None]:
        """Return on what depends which engines a room needs for a member."""
        return self.language, self.voice


@dataclass(frozen=True)
class Utterance:
    """What a member has said, and the same in the listener's language. `job` speaks it.

    `ended_at`: when they stopped to speak, in epoch seconds; `seconds`: how long it took them. `jobs`: those that have
    heard and translated it.
    """

    n: int
    seat: Seat
    ended_at: float
    seconds: float
    text: str
    language: str
    translation: str
    target: str
    job: int
    jobs: tuple[int, ...] = ()


@dataclass(frozen=True)
class Room:
    """A room as its record describes it. `voice_by`: who has recorded a voice in it, by seat.

    `is_ending`: everything that was to be said was said. `created`: epoch seconds.
    """

    id: str
    created: float
    members: Mapping[Seat, Member] = field(default_factory=dict)
    voice_by: Mapping[Seat, str] = field(default_factory=dict)
    is_ending: bool = False

    @property
    def is_complete(self) -> bool:
        """Return whether both have entered."""
        return all(seat in self.members for seat in SEATS)

    @property
    def keeps_record(self) -> bool:
        """Return whether both agree that what is said becomes a job."""
        return self.is_complete and all(member.agrees for member in self.members.values())

    def voice_name(self, seat: Seat) -> str:
        """Return the name of the voice that a member records in it. It is removed when the room ends."""
        return f"room {self.id[:8]} {seat}"

    def with_member(self, seat: Seat, member: Member) -> Room:
        return replace(self, members={**self.members, seat: member})

    def to_json(self) -> dict[str, Any]:
        known = asdict(self)
        del known["id"]
        return known

    @staticmethod
    def from_json(id_: str, found: Mapping[str, Any]) -> Room:
        """Return the room of a record. Raises KeyError, TypeError or ValueError if it is none."""
        members = {seat: Member(**found["members"][seat]) for seat in SEATS if seat in found["members"]}
        voice_by = {seat: str(found["voice_by"][seat]) for seat in SEATS if seat in found["voice_by"]}
        return Room(id_, float(found["created"]), members, voice_by, bool(found["is_ending"]))
