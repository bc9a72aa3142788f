"""The route that interprets."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from dropdub.web.admission import Admission
from dropdub.web.answering.errors import ApiError
from dropdub.web.answering.job_headers import job_headers
from dropdub.web.api_document import errors
from dropdub.web.bodies import read_at_most, read_fields
from dropdub.web.interpreting.interpreter import Interpretation, Interpreter
from dropdub.web.interpreting.request import LONGEST_S, MOST_BYTES, InterpretRequest
from dropdub.web.presence import unless_left
from dropdub.web.site import Site
from dropdub.web.uploads.reception import Reception

SOUND = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}


def _described() -> dict[str, Any]:
    schema = InterpretRequest.model_json_schema()
    named = [
        {"name": name, "in": "query", "required": name in schema["required"], "schema": described}
        for name, described in schema["properties"].items()
    ]
    return {"requestBody": {"required": True, "content": SOUND}, "parameters": named}


def interpret_router(site: Site, admission: Admission, reception: Reception) -> APIRouter:
    """Return the route `POST /v1/interpret`."""
    router = APIRouter(tags=["Speech"])
    interpreter = Interpreter(site, reception)

    @router.post(
        "/v1/interpret",
        summary="Hear what somebody says, and speak it in another language",
        openapi_extra=_described(),
        responses=errors(413, 422, 429, 507),
    )
    async def interpret(request: Request, response: Response) -> Interpretation:
        await admission.short()
        asked = read_fields(dict(request.query_params), InterpretRequest)
        found, warnings = await unless_left(request, interpreter.interpret(await read_sound(request), asked))
        response.headers.update(job_headers(found.job, warnings))
        return found

    return router


async def read_sound(request: Request) -> bytes:
    """Return the samples that a request brings: 16 kHz, 16 bits, mono. Raises ApiError 413 and 422."""
    too_long = ApiError(413, f"The sound is longer than {LONGEST_S:.0f} s.", "TooLong")
    sound = await read_at_most(request, MOST_BYTES, too_long)
    if len(sound) < 2:
        raise ApiError(422, "There is no sound.", "NothingSaid")
    return sound[: len(sound) // 2 * 2]
