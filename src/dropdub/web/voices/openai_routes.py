"""OpenAI's routes for voices and consents, and the list of voices that Open WebUI asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from dropdub.config.fields import one_line
from dropdub.web.admission import Admission
from dropdub.web.answering.errors import ApiError
from dropdub.web.answering.job_headers import job_headers
from dropdub.web.api_document import errors
from dropdub.web.bodies import MISSING, body_of, form_of, read_body
from dropdub.web.fields import Fields
from dropdub.web.site import Site
from dropdub.web.uploads.multipart import receive_form
from dropdub.web.uploads.reception import Reception
from dropdub.web.voices import answers
from dropdub.web.voices.cloning import CLONE_ERRORS, Cloning
from dropdub.web.voices.consents import Consents, RecordedConsent, refuse_size
from dropdub.web.voices.listing import VoiceList
from dropdub.web.voices.removal import remove

_FORM_BYTES = 100_000
"""What a form may have besides its recording."""
MOST_LISTED = 100
_CLONE = form_of("name", "consent", "type", file="audio_sample", required=("name", "consent"))
_CONSENT = form_of("name", "language", file="recording", required=("name", "language"))


class ConsentUpdate(BaseModel):
    """The body of `POST /v1/audio/voice_consents/{id}`. Unknown fields are ignored."""

    model_config = ConfigDict(frozen=True)

    name: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(one_line)]


def openai_voices_router(site: Site, admission: Admission, reception: Reception, voices: VoiceList) -> APIRouter:
    """Return the routes `/v1/audio/voices`."""
    router, cloning = APIRouter(tags=["OpenAI"]), Cloning(site, admission, reception)

    @router.get("/v1/audio/voices", summary="List the voices, as Open WebUI asks for them")
    async def list_voices() -> dict[str, Any]:
        listed, own = await site.run(voices.all), await site.run(voices.of_engines)
        return {"voices": [*map(answers.brief, listed), *map(answers.brief_engine_voice, own)]}

    @router.post("/v1/audio/voices", summary="Clone a voice", openapi_extra=_CLONE, responses=CLONE_ERRORS)
    async def create(request: Request) -> Response:
        if not request.headers.get("content-type", "").startswith("multipart/"):
            raise ApiError(400, "A voice is made of a recording: send a form with an audio_sample.", param="type")
        name, job_id = await cloning.answer(request, file_field="audio_sample")
        voice = await site.run(voices.one, name)
        return JSONResponse(answers.openai_voice(voice), headers=job_headers(job_id))

    @router.delete("/v1/audio/voices/{voice_id}", summary="Remove a voice", responses=errors(404, 409))
    async def delete(voice_id: str, *, force: bool = False) -> dict[str, Any]:
        await remove(site, voice_id, force=force)
        return {"id": voice_id, "object": "audio.voice.deleted", "deleted": True}

    return router


def consents_router(site: Site, admission: Admission, reception: Reception) -> APIRouter:
    """Return the routes `/v1/audio/voice_consents`."""
    router, consents = APIRouter(tags=["OpenAI"]), Consents(site.place.root.voices)

    @router.post(
        "/v1/audio/voice_consents",
        summary="Record somebody's consent",
        openapi_extra=_CONSENT,
        responses=errors(413, 415, 422, 429, 507),
    )
    async def create(request: Request) -> dict[str, Any]:
        length = int(request.headers.get("content-length", "0"))
        refuse_size(max(0, length - _FORM_BYTES))
        await admission.long(length)
        async with receive_form(request.receive, request.headers, reception) as form:
            fields = Fields.of(form.texts)
            name, language = fields.required("name"), fields.language("language")
            if language is None:
                raise ApiError(400, "language is required.", MISSING, "language")
            recorded = await site.run(consents.add, form.file("recording"), name, language)
        return answers.openai_consent(recorded)

    @router.get("/v1/audio/voice_consents", summary="List the recorded consents")
    async def list_consents(
        after: str | None = None, limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 20
    ) -> dict[str, Any]:
        return _page(await site.run(consents.all), after, limit)

    @router.get("/v1/audio/voice_consents/{consent_id}", summary="Look at a consent", responses=errors(404))
    async def one(consent_id: str) -> dict[str, Any]:
        return answers.openai_consent(await site.run(consents.find, consent_id))

    @router.post(
        "/v1/audio/voice_consents/{consent_id}",
        summary="Rename a consent",
        openapi_extra=body_of(ConsentUpdate),
        responses=errors(404, 413, 415),
    )
    async def rename(consent_id: str, request: Request) -> dict[str, Any]:
        asked = read_body(await request.body(), ConsentUpdate)
        return answers.openai_consent(await site.run(consents.rename, consent_id, asked.name))

    @router.delete("/v1/audio/voice_consents/{consent_id}", summary="Remove a consent", responses=errors(404))
    async def delete(consent_id: str) -> dict[str, Any]:
        await site.run(consents.remove, consent_id)
        return {"id": consent_id, "object": "audio.voice_consent", "deleted": True}

    return router


def _page(found: Sequence[RecordedConsent], after: str | None, limit: int) -> dict[str, Any]:
    """Return the consents that follow the one with the id `after`; none if it is gone."""
    start = next((number + 1 for number, one in enumerate(found) if one.id == after), len(found)) if after else 0
    page = found[start : start + limit]
    return {
        "object": "list",
        "data": list(map(answers.openai_consent, page)),
        "first_id": page[0].id if page else None,
        "last_id": page[-1].id if page else None,
        "has_more": start + limit < len(found),
    }
