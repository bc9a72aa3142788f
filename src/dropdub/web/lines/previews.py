"""Hear a line before it counts: its new text, in the language and with the voice that it has in the dub."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from pydantic import AfterValidator, Field
from starlette.responses import Response

from dropdub.config.fields import LanguageTag
from dropdub.pasting import with_commands
from dropdub.pipeline.facts import Cast, Facts
from dropdub.pipeline.request import Wanted
from dropdub.store import queries
from dropdub.store.views import JobView
from dropdub.web.admission import Admission
from dropdub.web.answering.errors import ApiError
from dropdub.web.answering.job_headers import in_header, job_headers
from dropdub.web.api_document import Responses, errors
from dropdub.web.bodies import body_of, read_body
from dropdub.web.jobs.bodies import Strict
from dropdub.web.jobs.lookup import job_of, not_there
from dropdub.web.jobs.outcome import ended
from dropdub.web.jobs.parameters import JobNumber
from dropdub.web.lines.changes import LONGEST_LINE
from dropdub.web.lines.transcripts import JobTranscript, SpokenLine, transcript_of
from dropdub.web.presence import unless_left
from dropdub.web.repetition import key_of
from dropdub.web.site import Site
from dropdub.web.speech.answers import Delivery, finished_answer, later_answer
from dropdub.web.speech.audio_format import AudioFormat
from dropdub.web.speech.request import LONGEST_WAIT_S, sayable
from dropdub.web.speech.wish import Granted, ask_to_say, job_to_say

LineNumber = Annotated[int, Path(alias="n", ge=1, le=1_000_000, description="The number of the line")]
_SOUND: Responses = {
    200: {"description": "The sound", "content": {kind.content_type: {} for kind in AudioFormat}},
    202: {"description": "It is not spoken yet: where its sound will be", "content": {"application/json": {}}},
}


class PreviewRequest(Strict):
    """A line's new text. `target`: the language of a translation; without it, that of the recording.

    `wait`: seconds that the client wants to wait for the sound.
    """

    text: Annotated[str, Field(max_length=LONGEST_LINE), AfterValidator(sayable)]
    target: LanguageTag | None = None
    format: AudioFormat = AudioFormat.WAV
    wait: Annotated[float, Field(ge=0, le=LONGEST_WAIT_S, allow_inf_nan=False)] = 60.0


def preview_routes(router: APIRouter, site: Site, admission: Admission) -> None:
    """Add the route to a router."""

    @router.post(
        "/v1/jobs/{id}/lines/{n}/preview",
        summary="Speak a line's new text as the dub would",
        openapi_extra=body_of(PreviewRequest),
        response_class=Response,
        responses={**_SOUND, **errors(404, 429)},
    )
    async def preview(request: Request, number: JobNumber, n: LineNumber) -> Response:
        await admission.short()
        asked = read_body(await request.body(), PreviewRequest)
        grant = partial(granted_preview, site, await job_of(site, number), n, asked, key_of(request))
        job, _ = await ask_to_say(site, grant)
        try:
            work = _answer(site, job.job_id, asked.format)
            return await unless_left(request, asyncio.wait_for(work, asked.wait))
        except TimeoutError:
            return later_answer(job.job_id, asked.format, job_headers(job.job_id))


async def _answer(site: Site, job_id: int, kind: AudioFormat) -> Response:
    """Return the sound once it is spoken, with the voice that it has and what should be known about it."""
    result = (await ended(site, job_id)).result(Wanted.SAY) or {}
    warnings = [with_commands(text, root=site.place.named_root) for text in result.get("warnings", ())]
    headers = {**job_headers(job_id, warnings), **_voice(result)}
    return await finished_answer(site, job_id, Delivery(kind, headers))


def _voice(result: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers that say in whose voice it is: `cloned` of a speaker, one `named`, or the `default` one."""
    if result.get("cloned"):
        kind, name = "cloned", result.get("speaker")
    else:
        kind, name = ("named" if result.get("voice") else "default"), result.get("voice")
    named = {"dropdub-voice-name": in_header(str(name))} if name else {}
    return {"dropdub-voice": kind, **named}


def granted_preview(site: Site, job: JobView, n: int, asked: PreviewRequest, key: str | None) -> Granted:
    """Return the job that speaks a line. Raises ApiError 404 if there is no such line."""
    root, row = site.place.root, queries.job(site.store, job.id)
    found = transcript_of(job, root, asked.target)
    line = next((one for one in found.lines if one.n == n), None)
    if line is None:
        raise not_there(job.id, f"line {n}")
    speaker = line.speaker if asked.target is None else _speaker_at(site, job, line)
    part = _part_of(Facts(queries.results(site.store, row)), speaker, asked.target, row.options.get("voice"))
    params = {"text": asked.text, "language": found.language, "speed": 1.0, **part.params()}
    return Granted(job_to_say(site, params, row.options, key=key and f"preview:{job.id}:{n}:{key}"), ())


@dataclass(frozen=True)
class _Part:
    """Who speaks a line, and with which voice."""

    speaker: str | None
    cast: Cast

    def params(self) -> dict[str, Any]:
        return {"voice": self.cast.name, "speaker": self.speaker, "reference": self.cast.reference}


def _part_of(facts: Facts, speaker: str | None, target: str | None, voice: str | None) -> _Part:
    """Return the part of a speaker in the dub into `target`, else in any, else with the job's named voice."""
    for cast in facts.casts(target):
        found = [one for one in cast if one.speaker == speaker] or (list(cast) if len(cast) == 1 else [])
        if found:
            return _Part(speaker, found[0])
    return _Part(speaker, Cast(speaker, voice))


def _speaker_at(site: Site, job: JobView, line: SpokenLine) -> str | None:
    """Return who speaks a line of a translation: the file with the transcript says that, if it is there."""
    try:
        original: JobTranscript = transcript_of(job, site.place.root, None)
    except ApiError:
        return None
    return _nearest(original.lines, line.start)


def _nearest(lines: Sequence[SpokenLine], moment: float) -> str | None:
    apart = [(max(one.start - moment, moment - one.end, 0.0), one) for one in lines]
    return min(apart, key=lambda pair: pair[0])[1].speaker if apart else None
