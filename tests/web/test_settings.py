"""A server that runs while config.yaml changes uses what the daemon uses."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from dropdub.web.serving.settings import ServedSettings
from dropdub.web.wyoming.wire import ended
from tests.web.running import Running, running

START = "job:\n  targets: [es]\n"
CHANGED = """
job: {targets: [es], synthesizer: espeak-ng}
profiles: {lessons: {targets: [pt]}}
limits: {max_size: 1 MB, max_text: 5 KB}
web: {voices: {alloy: ana}}
"""
TEXT = {"text": "Hello.", "profile": "lessons"}


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path, START) as made:
        yield made


def write(web: Running, text: str) -> None:
    (web.root / "config.yaml").write_text(text, encoding="utf-8")


def test_profiles_defaults_and_limits_that_were_added_later_hold_for_requests_from_then_on(web: Running) -> None:
    said: list[str] = []
    settings = ServedSettings(web.site, said.append)
    assert web.client.post("/v1/jobs", json=TEXT).status_code == 400
    write(web, CHANGED)
    settings.take_over()
    used = "job.synthesizer, profiles, limits.max_size, limits.max_text and web.voices"
    assert said == [f"config.yaml has changed. In use from now on: {used}."]
    assert web.client.post("/v1/jobs", json=TEXT).status_code == 201
    assert web.client.post("/v1/jobs", json={"text": "x" * 6_000}).status_code == 413
    assert web.client.options("/v1/uploads").headers["tus-max-size"] == "1000000"
    form = {"file": ("a.wav", bytes(3_000_000))}
    assert web.client.post("/v1/audio/transcriptions", files=form).status_code == 413
    assert web.json("GET", "/v1/settings")["settings"]["web"]["voices"] == {"alloy": "ana"}


def test_the_page_speaks_the_language_that_the_browser_prefers_until_a_setting_names_one(web: Running) -> None:
    def language(wanted: str) -> str:
        answer = web.client.get("/", headers={"accept-language": wanted})
        assert f'<html lang="{answer.headers["content-language"]}">' in answer.text
        return answer.headers["content-language"]

    settings = ServedSettings(web.site, lambda _line: None)
    assert (language("pt"), language("fr,en;q=0.5")) == ("pt-BR", "en")
    write(web, "web: {language: pt-BR}\n")
    settings.take_over()
    assert (language("pt"), language("en")) == ("pt-BR", "pt-BR")


def test_a_file_that_cannot_be_used_leaves_the_settings_as_they_are_and_is_reported_once(web: Running) -> None:
    said: list[str] = []
    settings = ServedSettings(web.site, said.append)
    write(web, "job: [\n")
    settings.take_over()
    settings.take_over()
    assert len(said) == 1 and "The web server continues with the settings of" in said[0]
    assert web.json("GET", "/v1/settings")["settings"]["job"]["targets"] == ["es"]


def test_what_needs_a_restart_of_the_server_is_said_once_and_what_does_not_concern_it_is_not(web: Running) -> None:
    said: list[str] = []
    settings = ServedSettings(web.site, said.append)
    write(web, f"{START}web: {{port: 9999}}\ninbox: {{settle: 5}}\n")
    settings.take_over()
    settings.take_over()
    assert said == ["web.port in config.yaml changed: restart the web server to use that."]
    assert web.site.config.web.port == 8760


def test_a_server_without_a_daemon_looks_at_the_file_itself(web: Running) -> None:
    settings = ServedSettings(web.site, lambda _line: None)
    write(web, CHANGED)

    async def until_known() -> None:
        following = asyncio.ensure_future(settings.follow())
        async with asyncio.timeout(60):
            while "lessons" not in web.site.config.profiles:
                await asyncio.sleep(0.05)
        await ended(following)

    asyncio.run(until_known())
    assert web.site.uploads.limits.max_size == 1_000_000
