"""A recording that came with a request, as the job that transcribes it or detects its language."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from dropdub.pipeline.plan import first_steps
from dropdub.pipeline.request import Request, Wanted
from dropdub.store.states import Origin
from dropdub.store.transitions import Asked, AskedJob
from dropdub.web.answering.errors import ApiError
from dropdub.web.bodies import INVALID
from dropdub.web.repetition import recorded_key
from dropdub.web.site import Site
from dropdub.web.transcripts.known_speakers import KnownSpeaker
from dropdub.web.uploads.reception import Reception
from dropdub.web.uploads.upload import Upload

_NONE_OF_THESE: Mapping[str, Any] = {"targets": [], "out": None, "report": False, "duplicates": "again"}
"""What the settings may want of every recording, but not of one that came with a request."""


@dataclass(frozen=True)
class Recording:
    """`changes` are the job options that the request sets. `key`: its `Idempotency-Key`, if it has one.

    `speakers` are to be recognised in it.
    """

    upload: Upload
    wanted: Wanted
    changes: Mapping[str, Any]
    fine: bool = False
    key: str | None = None
    speakers: Sequence[KnownSpeaker] = ()


async def ask(site: Site, reception: Reception, recording: Recording) -> Asked:
    """Record the job of a recording, or join that of the same request; its file is then the job's.

    Raises ApiError 400 for options that are not possible.
    """
    if recording.speakers:
        voices = [one.sound for one in recording.speakers]
        await reception.run(reception.uploads.add_voices, recording.upload, voices)
    upload = await reception.complete(recording.upload)
    # In a thread: the key is a hash of all that was sent but the file.
    [asked] = await site.ask([await reception.run(_job, site, recording, upload)])
    if asked.is_joined:
        await reception.run(reception.uploads.drop, upload)
    else:
        await reception.run(reception.uploads.record, upload, asked.job_id)
    return asked


def _job(site: Site, recording: Recording, upload: Upload) -> AskedJob:
    request = Request(recording.wanted, {}, fine=recording.fine, speakers=tuple(one.name for one in recording.speakers))
    options = _options(site, recording.changes)
    return AskedJob(
        name=upload.name,
        request=request.to_json(),
        steps=first_steps(request),
        options=options,
        origin=Origin.SENT,
        source=str(upload.path),
        size=upload.size,
        content_hash=upload.sha256,
        key=_key(recording, upload, options),
    )


def _options(site: Site, changes: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return site.config.job.overridden({**_NONE_OF_THESE, **changes}).model_dump(mode="json")
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        param = ".".join(map(str, first["loc"]))
        raise ApiError(400, f"{param}: {first['msg']}.", INVALID, param=param or None) from error


def _key(recording: Recording, upload: Upload, options: Mapping[str, Any]) -> str:
    if recording.key is not None:
        return recorded_key(recording.wanted, recording.key)
    speakers = [[[one.name, one.sha256] for one in recording.speakers]] if recording.speakers else []
    content = json.dumps([upload.sha256, options, recording.fine, *speakers], sort_keys=True)
    return f"{recording.wanted}:{hashlib.sha256(content.encode()).hexdigest()}"
