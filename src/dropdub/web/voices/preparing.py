"""Prepare voices: a job each computes the speaker embedding, so that the first text need not wait for it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from dropdub.config.fields import one_line
from dropdub.pipeline.plan import first_steps
from dropdub.pipeline.request import Request, Wanted
from dropdub.store.states import Priority
from dropdub.store.transitions import AskedJob
from dropdub.web.site import Site
from dropdub.web.voices.listing import ListedVoice, VoiceList

MOST_VOICES = 1_000
Name = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(one_line)]


class PrepareRequest(BaseModel):
    """The body of `POST /v1/precompute-embeddings`: names of voices of the root, or all of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    voices: Literal["all"] | Annotated[tuple[Name, ...], Field(min_length=1, max_length=MOST_VOICES)]


@dataclass(frozen=True)
class Preparation:
    """The voices, and the jobs that prepare those of them that are not: `(voice, job)`. `engine`: None if unknown."""

    voices: Sequence[str]
    batch: str
    jobs: Sequence[tuple[str, int]]
    engine: str | None
    clones: bool | None


async def prepare(site: Site, voices: VoiceList, asked: PrepareRequest) -> Preparation:
    """Record a job for each voice that is not prepared yet, unless the engine clones none.

    Raises VoiceMissing, and UsageError for what cannot be a name.
    """
    engine = await site.run(voices.engine)
    listed = await site.run(_listed, voices, asked)
    missing = [one.name for one in listed if not one.prepared] if engine is None or engine.clones else []
    batch = uuid.uuid4().hex
    jobs = await site.ask([_job(site, name, batch) for name in missing]) if missing else []
    return Preparation(
        voices=[one.name for one in listed],
        batch=batch,
        jobs=[(name, job.job_id) for name, job in zip(missing, jobs, strict=True)],
        engine=engine.name if engine else None,
        clones=engine.clones if engine else None,
    )


def _listed(voices: VoiceList, asked: PrepareRequest) -> list[ListedVoice]:
    if asked.voices == "all":
        return voices.all()
    return [voices.one(name) for name in dict.fromkeys(asked.voices)]


def _job(site: Site, name: str, batch: str) -> AskedJob:
    request = Request(Wanted.PREPARE, {"voice": name}, label=name)
    return AskedJob(
        name=name,
        request=request.to_json(),
        steps=first_steps(request),
        options=site.config.job.model_dump(mode="json"),
        priority=Priority.NORMAL,
        batch=batch,
    )
