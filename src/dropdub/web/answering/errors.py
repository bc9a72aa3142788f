"""Errors of requests, in the shape of OpenAI's API, which most clients read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dropdub.errors import (
    DiskFull,
    DropdubError,
    NoAudio,
    NotMedia,
    PermanentError,
    StoreUnavailable,
    TooLarge,
    TransitionRefused,
    UsageError,
    VoiceInUse,
    VoiceMissing,
    Waiting,
)

TYPES = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}
"""The `type` of an error by its status. Others are `invalid_request_error` or, of the server, `server_error`."""
_STATUSES: tuple[tuple[type[DropdubError], int], ...] = (
    (VoiceMissing, 404),
    (TooLarge, 413),
    (NotMedia, 415),
    (NoAudio, 422),
    (TransitionRefused, 409),
    (VoiceInUse, 409),
    (UsageError, 404),
    (DiskFull, 507),
    (Waiting, 503),
    (StoreUnavailable, 503),
    (PermanentError, 422),
)


@dataclass
class ApiError(Exception):
    """A request that is answered with an error. `param`: the field that is wrong; `headers` are added to the answer.

    `details` are further fields of the answer's JSON.
    """

    status: int
    message: str
    code: str | None = None
    param: str | None = None
    remedy: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """Return the answer's JSON: `error` as OpenAI's clients read it, the `remedy`, and the details."""
        kind = TYPES.get(self.status, "invalid_request_error" if self.status < 500 else "server_error")
        error = {"message": self.message, "type": kind, "code": self.code, "param": self.param}
        return {"error": error, **({"remedy": self.remedy} if self.remedy else {}), **self.details}

    @staticmethod
    def of(error: DropdubError) -> ApiError:
        """Return the answer for an error of a job or an operation. If no retry can mend it, a header says so."""
        status = next((number for kind, number in _STATUSES if isinstance(error, kind)), 500)
        headers = {} if status in (429, 503) or status >= 500 else {"x-should-retry": "false"}
        return ApiError(status, error.message, type(error).__name__, remedy=error.remedy, headers=headers)
