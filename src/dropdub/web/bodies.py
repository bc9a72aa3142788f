"""Read bodies of requests: what is wrong is said in one sentence, with the name of the field."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, TypeVar
from urllib.parse import parse_qs

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from dropdub.web.answering.errors import ApiError

Body = TypeVar("Body", bound=BaseModel)

INVALID = "invalid_value"
MOST_FIELDS = 2_000
MISSING = "missing_required_parameter"
_CODES = {"missing": MISSING, "extra_forbidden": "unknown_parameter"}
_MESSAGES = {
    "missing": "is required",
    "extra_forbidden": "is not a field of this request",
    "string_type": "must be a text",
    "string_too_short": "is empty",
    "string_too_long": "has more than {max_length:,} characters",
    "too_short": "is empty",
    "too_long": "has more than {max_length:,} entries",
    "tuple_type": "must be a list",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than_equal": "must be at most {le:g}",
    "finite_number": "must be a number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "enum": "must be {expected}",
    "literal_error": "must be {expected}",
    "model_type": "must be a JSON object",
    "model_attributes_type": "must be a JSON object",
}
"""What pydantic's errors mean to somebody who writes a client, by their types."""


async def read_at_most(request: Request, most: int, too_large: ApiError) -> bytes:
    """Return the body of a request. Raises `too_large` as soon as it has more than `most` bytes."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise too_large
        parts.append(part)
    return b"".join(parts)


def read_body(data: bytes, model: type[Body]) -> Body:
    """Return a JSON body as `model`. Raises ApiError (400); its `param` is the path of the first wrong field."""
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        raise refusal(error) from None


def read_form(data: bytes) -> dict[str, list[str]]:
    """Return the fields of a form of the page, each with its values. Raises ApiError (400) if it is none."""
    try:
        return parse_qs(data.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise ApiError(400, "The form cannot be read.", INVALID) from None


def read_fields(values: Any, model: type[Body]) -> Body:
    """Return what was JSON as `model`. Raises as `read_body` does."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise refusal(error) from None


def body_of(model: type[BaseModel]) -> dict[str, Any]:
    """Return what the API's document says of a route whose handler reads a body of this kind itself.

    A handler does that after it has found out whether the request can be served: FastAPI would read the body before.
    """
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def form_of(*fields: str, file: str, required: Collection[str]) -> dict[str, Any]:
    """Return what the API's document says of a route that takes a form with a `file` and these text `fields`."""
    texts = {name: {"type": "string"} for name in fields}
    properties = {**texts, file: {"type": "string", "format": "binary"}}
    schema = {"type": "object", "properties": properties, "required": [*required, file]}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


def refusal(error: ValidationError, *, within: str = "") -> ApiError:
    """Return the answer for a value that is wrong. `within`: the field of the request that was validated."""
    # Without the value: a text may be a hundred pages long.
    found = error.errors(include_url=False, include_input=False)[0]
    if found["type"] == "json_invalid":
        return ApiError(400, "The body of the request is not valid JSON.", code="invalid_json")
    param = _path((within, *found["loc"]) if within else found["loc"])
    return ApiError(400, _sentence(param, found), code=_CODES.get(found["type"], INVALID), param=param)


def _sentence(param: str | None, found: Any) -> str:
    known = _MESSAGES.get(found["type"])
    if known is None:
        said = found["msg"].removeprefix("Value error, ")
        return f"{param}: {said}." if param else f"{said[:1].upper()}{said[1:]}."
    return f"{param or 'The body of the request'} {known.format(**found.get('ctx', {}))}."


def _path(location: tuple[int | str, ...]) -> str | None:
    """Return a field's path as OpenAI writes it: `items[3].text`."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in location]
    return "".join(parts).removeprefix(".") or None
