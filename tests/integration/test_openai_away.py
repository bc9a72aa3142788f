"""Servers of language models that are away, stall, refuse or lead elsewhere."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest

from dropdub.engines.openai import chat
from dropdub.engines.openai.engine import OpenAiTranslator
from dropdub.errors import EngineMissing, Waiting
from dropdub.language_server import presence
from tests.fake_openai import (
    EN_PT,
    LINES,
    MODEL,
    FakeOpenAiServer,
    Said,
    by_size,
    engine_for,
    good,
    serving,
    settings_for,
    translated,
)
from tests.receiver import free_port


def waits(engine: OpenAiTranslator) -> Waiting:
    with pytest.raises(Waiting) as error:
        engine.translate(LINES, **EN_PT)
    assert error.value.condition == presence.SERVER and error.value.remedy
    return error.value


def test_a_server_that_is_not_there_is_waited_for(server: FakeOpenAiServer) -> None:
    away = replace(server, port=free_port())
    error = waits(OpenAiTranslator(settings_for(away)))
    assert f"127.0.0.1:{away.port}" in error.message and "resumes automatically" in error.remedy


def test_a_server_that_loads_its_model_is_waited_for_and_then_used(server: FakeOpenAiServer) -> None:
    engine = OpenAiTranslator(settings_for(server))
    server.loading = True
    assert "loads its model" in waits(engine).message
    server.loading = False
    assert engine.translate(LINES, **EN_PT) == list(map(translated, LINES))


def test_a_model_that_is_not_there_is_waited_for(server: FakeOpenAiServer) -> None:
    error = waits(OpenAiTranslator(settings_for(server, model="qwen3:8b")))
    assert MODEL in error.message and "ollama pull qwen3:8b" in error.remedy
    server.models = []
    waits(OpenAiTranslator(settings_for(server)))


def test_an_address_with_another_path_is_named(server: FakeOpenAiServer) -> None:
    address = f"{server.address}/api"
    error = waits(OpenAiTranslator(settings_for(server, address=address, model=MODEL)))
    assert f"has nothing at {address}/chat/completions" in error.message
    assert "models.openai.address" in error.remedy


def test_a_server_that_goes_away_meanwhile_is_waited_for_and_met_again(server: FakeOpenAiServer) -> None:
    engine = engine_for(server)
    server.answer = lambda _asked: Said("out of memory", status=500)
    assert "out of memory" in waits(engine).message
    server.answer = good
    assert engine.translate(LINES, **EN_PT) == list(map(translated, LINES))
    assert server.paths.count("/v1/models") >= 2, "another model may answer now"


def test_errors_now_and_then_do_no_harm(server: FakeOpenAiServer) -> None:
    engine = engine_for(server)
    errors = iter([True, False, True])
    server.answer = lambda asked: Said("busy", status=500) if next(errors, False) else good(asked)
    assert engine.translate(LINES, **EN_PT) == list(map(translated, LINES))


@pytest.mark.parametrize("manner", ["stalls", "trickles"])
def test_a_server_that_does_not_come_to_an_end_is_waited_for(
    server: FakeOpenAiServer, manner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = engine_for(server)
    monkeypatch.setattr(chat, "_START_S", 0.3)
    monkeypatch.setattr(chat, "_TOKEN_S", 0.0)
    server.answer = lambda _asked: Said(raw=b"x" * 1_000, trickles=True) if manner == "trickles" else Said(stalls=True)
    assert "has not answered" in waits(engine).message
    assert len(server.batches) <= 3, "half the lines are tried, then it waits"


def test_a_slow_server_is_asked_for_less_at_once(server: FakeOpenAiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = engine_for(server)
    monkeypatch.setattr(chat, "_START_S", 1.0)
    monkeypatch.setattr(chat, "_TOKEN_S", 0.0)
    server.answer = by_size(most=2, else_=Said(stalls=True))
    assert engine.translate(LINES * 2, **EN_PT) == list(map(translated, LINES * 2))
    assert [len(one.lines) for one in server.batches] == [8, 4, 2, 2, 2, 2]


def test_a_line_with_which_the_model_does_not_come_to_an_end_costs_that_line_only(
    server: FakeOpenAiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = engine_for(server)
    monkeypatch.setattr(chat, "_START_S", 0.5)
    monkeypatch.setattr(chat, "_TOKEN_S", 0.0)
    server.answer = lambda asked: Said(stalls=True) if LINES[0] in asked.lines.values() else good(asked)
    assert engine.translate(LINES, **EN_PT) == [LINES[0], *map(translated, LINES[1:])]
    assert "1 text" in engine.announcements()[0]


def test_another_address_is_never_followed_and_learns_nothing(server: FakeOpenAiServer) -> None:
    with serving() as other:
        place = {"Location": f"{other.address}/chat/completions"}
        for status in (301, 302, 307, 308):
            server.answer = lambda _asked, status=status: Said(raw=b"", status=status, headers=place)  # type: ignore[misc]
            with pytest.raises(EngineMissing, match="redirects"):
                engine_for(server, key="k3y")
        assert not other.paths


def test_a_key_is_sent_if_it_is_set_and_asked_for_if_it_is_missing(server: FakeOpenAiServer) -> None:
    server.key = "k3y"
    for key in (None, "another"):
        with pytest.raises(EngineMissing, match="key") as error:
            engine_for(server, key=key)
        assert "models.openai.key" in error.value.remedy and "k3y" not in error.value.sentence
    assert engine_for(server, key="k3y").translate(LINES, **EN_PT) == list(map(translated, LINES))


def test_no_proxy_of_the_environment_is_asked_for_this_machine(
    server: FakeOpenAiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "https_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert engine_for(server).translate(LINES, **EN_PT) == list(map(translated, LINES))
        assert not proxy.paths


def test_a_server_that_refuses_everything_since_it_was_met_is_met_again(server: FakeOpenAiServer) -> None:
    engine = engine_for(server)
    server.answer = lambda _asked: Said("Unrecognized request argument supplied", status=400)
    assert "Unrecognized request argument" in waits(engine).message
    server.answer = lambda asked: Said("unknown", status=400) if asked.form == "json_schema" else good(asked)
    assert engine.translate(LINES, **EN_PT) == list(map(translated, LINES))
    assert engine.info().details["form"] == "json_object"


def test_another_model_behind_the_same_address_is_noticed(server: FakeOpenAiServer) -> None:
    engine = engine_for(server)
    first = engine.info()
    server.models = ["other"]
    second = engine.info()
    assert (first.details["model"], second.details["model"]) == (MODEL, "other")
    assert engine.translate(LINES, **EN_PT) == list(map(translated, LINES))
    assert {one.body["model"] for one in server.batches} == {"other"}


def test_another_version_of_a_model_of_ollama_is_noticed(server: FakeOpenAiServer) -> None:
    server.ollama = {"name": MODEL, "model": MODEL, "digest": "sha256:1"}
    engine = engine_for(server)
    assert engine.info().details["digest"] == "sha256:1"
    server.ollama = {"name": MODEL, "model": MODEL, "digest": "sha256:2"}
    assert engine.info().details["digest"] == "sha256:2"


def test_a_server_that_is_away_between_two_steps_changes_nothing(server: FakeOpenAiServer) -> None:
    engine = engine_for(server)
    info = engine.info()
    server.loading = True
    assert engine.info() == info
    assert "loads its model" in waits(engine).message


def test_two_servers_are_distinguished_without_naming_them(server: FakeOpenAiServer) -> None:
    with serving() as other:
        assert engine_for(server).info() != engine_for(other).info()
        assert engine_for(server).info() == engine_for(server).info()


def test_a_key_that_a_server_repeats_in_an_error_is_not_shown(server: FakeOpenAiServer) -> None:
    engine = engine_for(server, key="k3y-of-mine")
    server.answer = lambda _asked: Said("bad request of k3y-of-mine\x1b[31m\nat line 1", status=500)
    error = waits(engine)
    assert "k3y-of-mine" not in error.sentence
    assert "at line 1" in error.message and error.message.isprintable()


def test_names_of_models_that_no_message_could_show_are_ignored(server: FakeOpenAiServer) -> None:
    server.models = [MODEL, "\x1b[31m", "x" * 100_000, "a\nb", "\ud800"]
    assert engine_for(server).info().details["model"] == MODEL


ELSEWHERE = "http://llm.invalid:8000/v1"


def test_a_proxy_of_the_environment_is_asked_for_another_machine(
    server: FakeOpenAiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{server.port}")
    waits(OpenAiTranslator(settings_for(server, address=ELSEWHERE, model=MODEL)))
    assert server.proxied[0] == f"{ELSEWHERE}/models"
    monkeypatch.setenv("no_proxy", "llm.invalid")
    server.proxied.clear()
    waits(OpenAiTranslator(settings_for(server, address=ELSEWHERE, model=MODEL)))
    assert not server.proxied


def test_a_socks_proxy_without_its_package_is_named(server: FakeOpenAiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "socksio", None)
    monkeypatch.setenv("all_proxy", f"socks5://127.0.0.1:{server.port}")
    assert "SOCKS proxy" in waits(OpenAiTranslator(settings_for(server, address=ELSEWHERE, model=MODEL))).message
    assert engine_for(server).translate(LINES, **EN_PT) == list(map(translated, LINES)), "not asked for this machine"
