"""Open WebUI's calls of an OpenAI-compatible server, with the same library and arguments.

Source: Open WebUI's `backend/open_webui/routers/audio.py`, of several versions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import requests


@dataclass
class OpenWebUi:
    """An Open WebUI whose base URL of speech is `base_url`, ending in `/v1`, with an API key."""

    base_url: str
    key: str
    session: requests.Session = field(default_factory=requests.Session)

    def voices(self, *, with_key: bool = True) -> dict[str, str]:
        """Return the names of the voices by their ids. Older versions send no key. Raises HTTPError."""
        listed = self._listed("voices", with_key=with_key)
        return {voice["id"]: voice["name"] for voice in listed}

    def models(self, *, with_key: bool = True) -> list[str]:
        """Return the ids of the models. Older versions send no key. Raises HTTPError."""
        return [model["id"] for model in self._listed("models", with_key=with_key)]

    def transcription(
        self, name: str, sound: bytes, *, language: str | None = None, with_segments: bool = False
    ) -> dict[str, Any]:
        """Return the answer for a dictated message. Some versions ask for segments. Raises HTTPError."""
        fields = {"model": "whisper-1", **({"language": language} if language else {})}
        if with_segments:
            fields |= {"response_format": "verbose_json", "timestamp_granularities[]": "segment"}
        answer = self.session.post(
            url=f"{self.base_url}/audio/transcriptions",
            headers=self._key(),
            files={"file": (name, sound)},
            data=fields,
        )
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def speech(self, text: str, *, voice: str = "alloy") -> requests.Response:
        """Return the answer for a message that is read aloud: a whole file."""
        headers = {"Content-Type": "application/json", **self._key()}
        body = {"input": text, "voice": voice, "model": "tts-1"}
        return self.session.post(url=f"{self.base_url}/audio/speech", json=body, headers=headers)

    def shown_error(self, answer: requests.Response) -> str:
        """Return what a person sees of an answer that is an error."""
        return f"External: {answer.json()['error'].get('message', '')}"

    def _listed(self, kind: str, *, with_key: bool) -> list[dict[str, str]]:
        answer = self.session.get(f"{self.base_url}/audio/{kind}", headers=self._key() if with_key else {})
        answer.raise_for_status()
        found: list[dict[str, str]] = answer.json().get(kind, [])
        return found

    def _key(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}
