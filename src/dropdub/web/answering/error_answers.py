"""Answer with an error, whatever raised it: each has the same shape."""

from __future__ import annotations

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from dropdub.errors import DropdubError
from dropdub.web.answering.errors import ApiError
from dropdub.web.bodies import INVALID
from dropdub.web.presence import ClientLeft
from dropdub.web.site import Site

REQUEST_ID = "dropdub.request_id"
"""What the scope of a request has: the X-Request-Id of its answer."""
CLIENT_CLOSED = 499
"""The status that nginx logs for a client that left. Nobody receives it."""
_NOT_FIELDS = ("body", "query", "path", "header")
_logger = logging.getLogger("dropdub.web")


def answer_errors(app: FastAPI, site: Site) -> None:
    """Make an application answer its errors in the shape of OpenAI's API."""

    async def answer(request: Request, error: Exception) -> Response:
        if isinstance(error, (ClientLeft, ClientDisconnect)):
            return Response(status_code=CLIENT_CLOSED)
        found = site.worded(api_error(error, request_id=request.scope.get(REQUEST_ID)))
        return JSONResponse(found.body(), found.status, headers=dict(found.headers))

    for kind in (
        ApiError,
        DropdubError,
        RequestValidationError,
        HTTPException,
        ClientLeft,
        ClientDisconnect,
        Exception,
    ):
        app.add_exception_handler(kind, answer)


def api_error(error: Exception, *, request_id: str | None = None) -> ApiError:
    """Return the answer to a request that ended with any error; an unexpected one is logged with the request's id."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, DropdubError):
        return ApiError.of(error)
    if isinstance(error, RequestValidationError):
        return _invalid(error)
    if isinstance(error, HTTPException):
        return ApiError(error.status_code, str(error.detail), headers=dict(error.headers or {}))
    _logger.error("unexpected error: request=%s", request_id, exc_info=error)
    return ApiError(500, "Something unexpected went wrong.", type(error).__name__, remedy="Look at: `dropdub logs`")


def _invalid(error: RequestValidationError) -> ApiError:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"] if part not in _NOT_FIELDS)
    return ApiError(400, f"{place}: {first['msg']}.", INVALID, param=place or None)
