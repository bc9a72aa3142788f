"""Rooms in requests and answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from dropdub.config.fields import LanguageTag
from dropdub.web.jobs.bodies import Name
from dropdub.web.rooms.room import Seat
from dropdub.web.speech.request import VoiceName

PATH = "/v1/rooms"
ONE = f"{PATH}/{{id}}"
RoomId = Annotated[str, Path(alias="id", pattern=r"^[0-9a-f]{32}$", description="The id of the room")]
RECORDED = "recorded"
"""What a member chooses who has recorded a voice in the room."""


class Entrance(BaseModel):
    """Who enters. `language`: the one that they speak and understand.

    `voice`: the one that speaks their translations: `recorded` for the one that they have recorded in this room, the
    name of another one for whoever has opened it, or null for the default voice.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    language: LanguageTag
    voice: VoiceName | None = None


class Agreement(BaseModel):
    """Whether a member agrees that what is said is kept as a job."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    agrees: bool


class Played(BaseModel):
    """When the listener's browser began to play an utterance, in epoch seconds of the server's clock."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    at: Annotated[float, Field(ge=0, allow_inf_nan=False)]


@dataclass(frozen=True)
class ShownMember:
    """A member. `is_here`: their page is open. `own_voice`: whether their own voice speaks their translations."""

    name: str
    language: str
    is_here: bool
    own_voice: bool
    agrees: bool


@dataclass(frozen=True)
class Preparing:
    """What has to be loaded before the room opens: the engine of a role, for a `language`, a `target` or both.

    `problem` and `remedy`: why it is tried again.
    """

    role: Literal["transcriber", "translator", "synthesizer"]
    language: str
    target: str
    done: bool
    problem: str = ""
    remedy: str = ""


@dataclass(frozen=True)
class ShownRoom:
    """A room as a member sees it. `you`: their seat.

    `ready`: both have entered, and what `you` say can be heard, translated and spoken.

    `recorded_voice`: whether you have recorded a voice in it. `keeps_record`: both agree that it becomes a job.
    """

    id: str
    you: Seat
    ready: bool
    members: Mapping[Seat, ShownMember]
    preparing: tuple[Preparing, ...]
    recorded_voice: bool
    keeps_record: bool


@dataclass(frozen=True)
class Invitation:
    """The way into a room for the other one. `path`: that of the link; it is valid once, for `expires_in` seconds."""

    room: str
    path: str
    expires_in: int


@dataclass(frozen=True)
class Said:
    """How far an utterance is. `state`: `hearing`, `translating`, `speaking`, `nothing` was said, or `failed`.

    `ended_at`: when its speaker stopped, in epoch seconds of the server's clock. `own_voice`: whether their own voice
    speaks it.
    """

    n: int
    seat: Seat
    state: Literal["hearing", "translating", "speaking", "nothing", "failed"]
    ended_at: float
    text: str = ""
    language: str = ""
    translation: str = ""
    target: str = ""
    audio_url: str = ""
    own_voice: bool = False
    problem: str = ""


@dataclass(frozen=True)
class Latency:
    """Seconds from the end of an utterance to its first sound in the listener's ear.

    `engines_s`: what the engines took of that; `over_s`: the rest.
    """

    n: int
    latency_s: float
    engines_s: float
    over_s: float


@dataclass(frozen=True)
class Ended:
    """A room that has ended. `job`: the one that has its record; None if it was not kept."""

    job: int | None


@dataclass(frozen=True)
class Clock:
    """The server's time, in epoch seconds."""

    now: float
