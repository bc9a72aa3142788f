"""Dictations in requests and answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from dropdub.web.dictation.sound import RATE, seconds_of
from dropdub.web.jobs.bodies import Name
from dropdub.web.uploads.tus import PATH as UPLOADS
from dropdub.web.uploads.upload import Upload

PATH = "/v1/dictations"


class DictationRequest(BaseModel):
    """What to make of a dictation once it has ended. `options`: as in a `.job.yaml` file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name | None = None
    options: dict[str, Any] = Field(default_factory=dict)
    profile: Name | None = None


@dataclass(frozen=True)
class HeardPart:
    """What was said between two moments of a dictation, in seconds."""

    start: float
    end: float
    text: str


@dataclass(frozen=True)
class Heard:
    """What was understood at last: `segments` do not change any more, `tentative` is the text of what follows `until`.

    `id` rises. `end`: how much was heard. `language` is a tag, `und` as long as nobody has spoken.
    """

    id: int
    end: float
    until: float
    segments: tuple[HeardPart, ...]
    tentative: str
    language: str

    @staticmethod
    def of(job: int, result: Mapping[str, Any]) -> Heard:
        segments = tuple(HeardPart(one["start"], one["end"], one["text"]) for one in result["segments"])
        return Heard(job, result["end"], result["until"], segments, result["tentative"], result["language"])


@dataclass(frozen=True)
class Dictation:
    """A dictation. `seconds`: of sound on the disk; `offset`: bytes on the disk, from where more is sent.

    `job`: the number of its job once it has ended. `segments`: what was understood for good. `last_event`: the `id` of
    the last event that is included.
    """

    id: str
    name: str
    sample_rate: int
    seconds: float
    offset: int
    upload_url: str
    events_url: str
    job: int | None
    segments: tuple[HeardPart, ...] = ()
    tentative: str = ""
    last_event: int = 0


def shown_dictation(upload: Upload, heard: Iterable[Heard] = ()) -> Dictation:
    """Return a dictation, with all that was heard of it."""
    known = list(heard)
    return Dictation(
        id=upload.id,
        name=upload.name,
        sample_rate=RATE,
        seconds=round(seconds_of(upload), 3),
        offset=upload.received,
        upload_url=f"{UPLOADS}/{upload.id}",
        events_url=f"{PATH}/{upload.id}/events",
        job=upload.job,
        segments=tuple(part for one in known for part in one.segments),
        tentative=known[-1].tentative if known else "",
        last_event=known[-1].id if known else 0,
    )
