"""How long the body of a request may be, and whether it may be a form, by its path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dropdub.config import Limits

IDLE_S = 60.0
"""How long a client may send nothing of a body that it has begun."""
SLOWEST_BYTES_S = 500
"""Who sends more slowly than this on average, after the first `IDLE_S`, only keeps the connection occupied."""
_AROUND_A_FILE = 1_000_000
_RECORDING = 100_000_000
_LOGIN = 4_096
_FILES = (
    "/v1/audio/transcriptions", "/v1/audio/translations", "/asr", "/detect-language", "/v1/jobs", "/v1/uploads",
    "/v1/uploads/",
)  # fmt: skip
_RECORDINGS = (
    "/v1/audio/voices", "/v1/audio/voice_consents", "/v1/audio/voice_consents/", "/v1/clone-voice", "/v1/rooms/*/voice",
)  # fmt: skip
_OF_PAGES = ("/do/", "/new", "/new/")
"""What the forms of the server's own pages are sent to: they are only taken from its pages."""
_FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain")
"""The types that a form of any page can send to any address without asking."""


@dataclass(frozen=True)
class BodyLimit:
    """The longest body of a route in bytes, and whether it may be a form; otherwise it is JSON or raw data."""

    most: int
    takes_forms: bool = False


@dataclass(frozen=True)
class BodyLimits:
    """The limits of all routes: by path, by the beginning of a path if that ends in a slash, or with any id as `*`."""

    usual: BodyLimit
    by_path: Mapping[str, BodyLimit]

    def of(self, path: str) -> BodyLimit:
        parent = path[: path.rfind("/") + 1]
        of_any = _with_any_id(path)
        return self.by_path.get(path) or self.by_path.get(parent) or self.by_path.get(of_any) or self.usual


def body_limits(limits: Limits) -> BodyLimits:
    """Return the limits that follow from those of files and texts. A text may take three times its bytes."""
    file = BodyLimit(limits.max_size + _AROUND_A_FILE, takes_forms=True)
    recording = BodyLimit(min(_RECORDING, limits.max_size) + _AROUND_A_FILE, takes_forms=True)
    usual = 3 * limits.max_text + _AROUND_A_FILE
    return BodyLimits(
        usual=BodyLimit(usual),
        by_path={
            **dict.fromkeys(_FILES, file),
            **dict.fromkeys(_RECORDINGS, recording),
            **dict.fromkeys(_OF_PAGES, BodyLimit(usual, takes_forms=True)),
            "/login": BodyLimit(_LOGIN, takes_forms=True),
        },
    )


def _with_any_id(path: str) -> str:
    """Return a path with `*` as its last but one part."""
    parts = path.split("/")
    return "/".join([*parts[:-2], "*", parts[-1]])


def is_form(content_type: str) -> bool:
    """Return whether a body is of a type that any page can make a browser send here."""
    return content_type.partition(";")[0].strip().lower() in _FORM_TYPES
