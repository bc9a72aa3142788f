"""Bazarr's requests, as its Whisper provider and its test button send them: the same library, arguments and waits.

Source: Bazarr's `custom_libs/subliminal_patch/providers/whisperai.py` and `bazarr/app/ui.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import requests

SAMPLE_RATE = 16_000
"""Of the 16-bit mono sound without a header that Bazarr sends, since it asks with `encode=false`."""


def _session() -> requests.Session:
    session = requests.Session()
    session.headers["User-Agent"] = "Subliminal/2.1.0"
    return session


@dataclass
class Bazarr:
    """A Bazarr whose Whisper endpoint is `endpoint`, which may hold a password: `http://x:TOKEN@127.0.0.1:8760`.

    `response_s` and `timeout_s` are its defaults: seconds until it is connected, and between two bytes of the answer.
    """

    endpoint: str
    video_name: str | None = None
    response_s: int = 5
    timeout_s: int = 3_600
    session: requests.Session = field(default_factory=_session)

    def detected_language(self, sound: bytes) -> tuple[str, str] | None:
        """Return code and name of the language; None if the answer is no JSON or has no code, as Bazarr decides."""
        answer = self.session.post(
            f"{self.endpoint}/detect-language",
            params={"encode": "false", "video_file": self.video_name},
            files={"audio_file": sound},
            timeout=(self.response_s, self.timeout_s),
        )
        try:
            found = answer.json()
        except requests.exceptions.JSONDecodeError:
            return None
        if not found.get("language_code") or found["language_code"] == "und":
            return None
        return found["language_code"], found["detected_language"]

    def downloaded_subtitle(self, sound: bytes, *, task: str = "transcribe", language: str = "en") -> bytes:
        """Return what Bazarr saves as the subtitle: the body, whatever the status is."""
        answer = self.session.post(
            f"{self.endpoint}/asr",
            params={
                **{"task": task, "language": language, "output": "srt", "encode": "false"},
                "video_file": self.video_name,
            },
            files={"audio_file": sound},
            timeout=(self.response_s, self.timeout_s),
        )
        return answer.content

    def test_button(self) -> dict[str, Any]:
        """Return what the button beside the endpoint shows: `status` is True if it is green."""
        answer = self.session.get(
            f"{self.endpoint}/status", {}, allow_redirects=False, timeout=5, headers={"User-Agent": "Bazarr"}
        )
        if answer.status_code != 200:
            return {"status": False, "code": answer.status_code}
        try:
            return {"status": True, "version": answer.json()["version"], "code": 200}
        except (ValueError, KeyError, TypeError):
            return {"status": False, "code": 200}
