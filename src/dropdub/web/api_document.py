"""The API's document: what each route is answered, errors included, in one shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter

_VALIDATION = ("HTTPValidationError", "ValidationError")
_REFERENCE = {"$ref": "#/components/schemas/ErrorAnswer"}
_MEANINGS = {
    400: "A value is wrong: `param` names it",
    401: "The token or the session is missing",
    403: "Another site sent the request",
    404: "It does not exist",
    409: "The state of the job does not allow it",
    413: "It is too large",
    415: "The type of the body is not accepted",
    416: "The file has no such part",
    421: "The server is not known by this name",
    422: "It cannot be done with this content",
    429: "Too much is waiting: try again after `Retry-After` seconds",
    500: "Something unexpected went wrong",
    502: "The daemon's answer cannot be used",
    503: "The daemon, or what it needs, is not there now",
    504: "It took too long",
    507: "The disk is full",
}
_ALWAYS = (400, 401, 403, 421, 500, 503)
"""Any route may be answered so: by what guards it, or because the database cannot be used."""
OPEN = ("/v1/health", "/status")
"""The routes that need no token."""


@dataclass(frozen=True)
class ErrorDetails:
    """`code`: the kind of error, for programs; `param`: the field that is wrong."""

    message: str
    type: str
    code: str | None = None
    param: str | None = None


@dataclass(frozen=True)
class ErrorAnswer:
    """What every error is answered. `remedy`: what to do."""

    error: ErrorDetails
    remedy: str = ""


Responses = dict[int | str, dict[str, Any]]
"""What a route is answered, by status, as FastAPI takes it."""


def errors(*statuses: int) -> Responses:
    """Return the description of error answers, for `responses` of a route."""
    return {status: {"description": _MEANINGS[status], **_content()} for status in statuses}


def document(app: FastAPI) -> dict[str, Any]:
    """Return the document of an application; the same whenever it is made."""
    found = get_openapi(title=app.title, version=app.version, routes=app.routes, description=app.description)
    schemas = found.setdefault("components", {}).setdefault("schemas", {})
    for name in _VALIDATION:
        schemas.pop(name, None)
    described = TypeAdapter(ErrorAnswer).json_schema(ref_template="#/components/schemas/{model}")
    schemas |= {**described.pop("$defs", {}), "ErrorAnswer": described}
    for path, operations in found["paths"].items():
        for operation in operations.values():
            schemas |= _moved_schemas(operation)
            _complete(operation, path)
    found["components"]["schemas"] = dict(sorted(schemas.items()))
    return found


def serve_document(app: FastAPI) -> None:
    """Let `GET /openapi.json` answer with the document, which is made once."""

    def made() -> dict[str, Any]:
        app.openapi_schema = app.openapi_schema or document(app)
        return app.openapi_schema

    app.openapi = made  # type: ignore[method-assign]  # the documented way


def _moved_schemas(operation: dict[str, Any]) -> dict[str, Any]:
    """Move the schemas that a body's schema defines to where it looks for them; return them by name."""
    moved: dict[str, Any] = {}
    for content in operation.get("requestBody", {}).get("content", {}).values():
        moved |= content["schema"].pop("$defs", {})
        if "title" in content["schema"]:
            name = content["schema"]["title"]
            moved[name], content["schema"] = content["schema"], {"$ref": f"#/components/schemas/{name}"}
    return moved


def _complete(operation: dict[str, Any], path: str) -> None:
    """Replace the framework's description of wrong values by ours, which are answered otherwise."""
    answers = operation["responses"]
    if "HTTPValidationError" in str(answers.get("422")):
        del answers["422"]
    for status in () if path in OPEN else _ALWAYS:
        answers.setdefault(str(status), {"description": _MEANINGS[status], **_content()})
    operation["responses"] = dict(sorted(answers.items()))


def _content() -> dict[str, Any]:
    return {"content": {"application/json": {"schema": _REFERENCE}}}
