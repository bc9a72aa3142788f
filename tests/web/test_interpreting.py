"""What somebody says, spoken in another language: a real server with its daemon and the light engines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.acceptance.served import Served
from tests.acceptance.site import Site
from tests.integration.test_dictate import silence, spoken
from tests.integration.test_engines import usable
from tests.web.test_dictation import pcm


class Interpreted(Served):
    """A served root, and a program that lets it interpret."""

    def send(self, sound: bytes, **query: Any) -> httpx2.Response:
        headers = {"authorization": f"Bearer {self.token}", "content-type": "application/octet-stream"}
        address = f"{self.address}/v1/interpret"
        return httpx2.post(address, content=sound, params=query, headers=headers, timeout=60, trust_env=False)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Interpreted]:
    for engine in ("pocketsphinx", "apertium", "espeak-ng"):
        usable(engine)
    made = Interpreted(Site(tmp_path_factory.mktemp("interpreting") / "root"))
    made.start()
    yield made
    made.close()
    made.site.stop()


def test_what_is_said_is_heard_translated_and_spoken(served: Interpreted) -> None:
    answer = served.send(pcm(spoken(0.0, 2.4)), target="es", language="en", voice="es")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert "fellow" in found["text"] and found["translation"] and found["translation"] != found["text"]
    assert (found["language"], found["target"], found["voice"]) == ("en", "es", "es")
    assert answer.headers["x-dropdub-job"] == str(found["job"])
    status, headers, sound = served.ask(found["audio_url"])
    assert (status, headers["content-type"], sound[:4]) == (200, "audio/wav", b"RIFF")
    stages = [row["stage"] for row in served.site.rows("SELECT stage FROM step ORDER BY id")]
    assert stages == ["dictate", "interpret", "say"]
    assert served.left() == [], "the sound is not kept"


def test_whoever_is_understood_in_the_same_language_is_spoken_as_heard(served: Interpreted) -> None:
    found = served.send(pcm(spoken(0.0, 2.4)), target="en").json()
    assert found["translation"] == found["text"]


def test_what_cannot_be_interpreted_is_refused_in_a_sentence(served: Interpreted) -> None:
    silent = served.send(pcm(silence(2.0)), target="es")
    assert (silent.status_code, silent.json()["error"]["code"]) == (422, "NothingSaid")
    assert served.send(b"", target="es").status_code == 422
    assert served.send(bytes(2_000_000), target="es").status_code == 413
    missing = served.send(pcm(silence(1.0)))
    assert (missing.status_code, missing.json()["error"]["param"]) == (400, "target")
    unknown = served.send(pcm(spoken(0.0, 2.4)), target="en", voice="nobody")
    assert unknown.status_code == 200 and served.ask(unknown.json()["audio_url"])[0] == 404
    assert served.left() == []
