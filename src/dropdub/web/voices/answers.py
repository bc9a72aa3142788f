"""Voices in answers: in Dropdub's own shape, in OpenAI's, and in the one that Open WebUI reads."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from dropdub.web.voices.consents import RecordedConsent
from dropdub.web.voices.listing import ListedVoice, OwnVoiceOf


def voice(listed: ListedVoice) -> dict[str, Any]:
    """Return a voice of the root."""
    consent = listed.consent
    return {
        "id": listed.name,
        "name": listed.name,
        "seconds": listed.seconds,
        "level_db": listed.level_db,
        "prepared": listed.prepared,
        "consent": consent and {"by": consent.by, "statement": consent.statement, "at": consent.at},
        "problems": list(listed.problems),
        "warnings": list(listed.warnings),
        "created_at": int(listed.created_at),
        "sample_url": f"/v1/voices/{quote(listed.name, safe='')}/sample",
    }


def engine_voice(own: OwnVoiceOf) -> dict[str, Any]:
    """Return a voice that an engine has of its own."""
    return {"id": own.voice.name, "name": own.voice.name, "language": own.voice.language, "engine": own.engine}


def brief(listed: ListedVoice) -> dict[str, Any]:
    """Return a voice of the root as Open WebUI lists it. A cloned voice speaks any language."""
    return {"id": listed.name, "name": listed.name, "language": None, "seconds": listed.seconds}


def brief_engine_voice(own: OwnVoiceOf) -> dict[str, Any]:
    """Return a voice of an engine as Open WebUI lists it."""
    name = f"{own.voice.name} ({own.engine})"
    return {"id": own.voice.name, "name": name, "language": own.voice.language, "seconds": None}


def openai_voice(listed: ListedVoice) -> dict[str, Any]:
    """Return a voice as OpenAI's API does. Its id is its name."""
    created = int(listed.created_at)
    named = {"id": listed.name, "name": listed.name}
    return {**named, "object": "audio.voice", "created_at": created, "type": "audio_sample"}


def openai_consent(consent: RecordedConsent) -> dict[str, Any]:
    """Return a recorded consent as OpenAI's API does."""
    return {
        "id": consent.id,
        "object": "audio.voice_consent",
        "name": consent.name,
        "language": consent.language,
        "created_at": int(consent.created_at),
    }
