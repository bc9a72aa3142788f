"""What is sent to clone a voice: its name, and the consent of the person whose voice it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dropdub.web.answering.errors import ApiError
from dropdub.web.fields import Fields, invalid
from dropdub.web.uploads.form import Form
from dropdub.web.voices.consents import Consents

LONGEST_STATEMENT = 10_000
CONSENT_NEEDED = (
    "A voice may only be cloned with the consent of the person whose voice it is, and none was sent. Send it in the "
    'field consent: {"by": "their name", "statement": "what they agree to"}, or the id of a recorded consent.'
)


@dataclass(frozen=True)
class GivenConsent:
    """A consent as a request gives it: `by` whom, and their `statement`; for a recorded one, its id and SHA-256."""

    by: str
    statement: str
    consent_id: str | None = None
    recording: str | None = None


@dataclass(frozen=True)
class CloneRequest:
    """`replace`: whether the voice replaces one of the same name."""

    name: str
    consent: GivenConsent
    replace: bool = False


def read_clone(form: Form, consents: Consents) -> CloneRequest:
    """Return what a form asks for. Reads the consent from the disk, if it is a recorded one. Raises ApiError."""
    fields = Fields.of(form.texts)
    if fields.text("type") not in (None, "audio_sample"):
        raise invalid("type", "must be audio_sample: a voice is made of a recording")
    name = fields.required("name")
    return CloneRequest(name, _consent(form, fields, consents), fields.flag("replace", default=False))


def _consent(form: Form, fields: Fields, consents: Consents) -> GivenConsent:
    text = fields.text("consent", longest=LONGEST_STATEMENT)
    members = form.members("consent")
    if text is None and not members:
        raise ApiError(403, CONSENT_NEEDED, "ConsentNeeded", "consent")
    if text is not None and not text.startswith("{"):
        recorded = consents.find(text)
        statement = f"Recorded consent {recorded.id}, in the language {recorded.language}"
        return GivenConsent(recorded.name, statement, recorded.id, recorded.sha256)
    return _stated(members if text is None else _parsed(text))


def _parsed(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise invalid("consent", "is not valid JSON") from None
    return found if isinstance(found, dict) else {}


def _stated(found: Mapping[str, Any]) -> GivenConsent:
    stated = {name: value for name in ("by", "statement") if isinstance(value := found.get(name), str)}
    read = Fields.of(stated.items())
    by, statement = read.text("by"), read.text("statement", longest=LONGEST_STATEMENT)
    if by is None or statement is None:
        raise ApiError(403, CONSENT_NEEDED, "ConsentNeeded", "consent")
    return GivenConsent(by, statement)
