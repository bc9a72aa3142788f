"""The translator that asks a language model: a real HTTP server plays those that there are, with all their faults."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dropdub.engines.base import (
    Context,
    EngineSettings,
    TakesContext,
    TakesGlossary,
    Translator,
    UsesServer,
    WorksApart,
)
from dropdub.engines.espeak.engine import EspeakSynthesizer
from dropdub.engines.make_room import make_room
from dropdub.engines.openai import chat
from dropdub.engines.openai.engine import OpenAiTranslator
from dropdub.engines.registry import EngineRegistry
from dropdub.engines.xtts.engine import XttsSynthesizer
from dropdub.errors import EngineMissing, UnsupportedLanguage, Waiting
from dropdub.language_server import exchange, presence
from dropdub.language_server.server import Server
from dropdub.pipeline.cache import Cache
from tests.drive import LIGHT, Drive
from tests.fake_openai import MODEL, Asked, FakeOpenAiServer, Said, good, serving, translated
from tests.receiver import free_port

LINES = [
    "Good evening to all of you.",
    "The train to Lisbon leaves at nine.",
    "Nobody knew where the old man lived.",
    "She closed the window and sat down.",
]
EN_PT = {"source": "en", "target": "pt"}


@pytest.fixture
def server() -> Iterator[FakeOpenAiServer]:
    with serving() as running:
        yield running


def engine_for(server: FakeOpenAiServer, **values: Any) -> OpenAiTranslator:
    """Return a loaded engine. `values` are those of `Server`."""
    engine = OpenAiTranslator(settings_for(server, **values))
    engine.load()
    return engine


def settings_for(server: FakeOpenAiServer, **values: Any) -> EngineSettings:
    return EngineSettings(server=Server(**{"address": server.address, "is_named": True, **values}))


def by_size(*, most: int, else_: Said) -> Any:
    """Return a way to answer that is good for at most `most` lines."""
    return lambda asked: good(asked) if len(asked.lines) <= most else else_


def test_it_follows_the_protocols_and_its_answers_are_those_of_the_model(server: FakeOpenAiServer) -> None:
    engine = engine_for(server)
    assert isinstance(engine, Translator | UsesServer | TakesContext) and isinstance(engine, TakesGlossary | WorksApart)
    assert engine.translate([*LINES, "", " \n"], **EN_PT) == [*map(translated, LINES), "", " \n"]
    assert engine.translate([], **EN_PT) == []
    [request] = server.batches
    assert list(request.lines.values()) == LINES
    assert (request.body["temperature"], request.body["stream"]) == (0.0, False)
    assert request.body["response_format"]["json_schema"]["schema"]["required"] == ["1", "2", "3", "4"]
    assert not engine.announcements()


def test_it_is_met_once_and_described_without_its_address_and_key(server: FakeOpenAiServer) -> None:
    server.key = "k3y-of-mine"
    engine = engine_for(server, key="k3y-of-mine")
    engine.load()
    info = engine.info()
    assert server.paths.count("/v1/models") == 1
    assert info.details | {"model": MODEL, "server": "this machine", "form": "json_schema"} == info.details
    assert info.details["fingerprint"] == "fp_1"
    assert "k3y" not in f"{info} {Server(key='k3y-of-mine')}" and str(server.port) not in str(info)


def test_pairs_of_known_languages_are_translated(server: FakeOpenAiServer) -> None:
    engine = engine_for(server)
    assert engine.supports("en", "pt-BR") and engine.supports("ja", "cy")
    assert not engine.supports("en", "en-GB") and not engine.supports("en", "xx") and not engine.supports("und", "pt")
    with pytest.raises(UnsupportedLanguage):
        engine.translate(["Hello."], source="en", target="xx")


# What it is given


def test_what_was_said_before_and_comes_after_is_shown(server: FakeOpenAiServer) -> None:
    engine = engine_for(server)
    context = Context((("Hi, Ana.", "Oi, Ana."),), ("See you.",), "A talk about trains.", ("Ana", "Rui"))
    engine.in_context(LINES, **EN_PT, context=context, fits=False)
    prompt = server.batches[-1].prompt
    assert "- Hi, Ana. => Oi, Ana." in prompt and "- See you." in prompt
    assert "A talk about trains." in prompt and "Ana, Rui" in prompt


def test_later_batches_are_shown_the_translations_of_earlier_ones(server: FakeOpenAiServer) -> None:
    texts = [f"This is sentence number {number}." for number in range(30)]
    assert engine_for(server).translate(texts, **EN_PT) == [translated(text) for text in texts]
    first, second, third = server.batches
    assert "=>" not in first.prompt
    assert f"- {texts[11]} => {translated(texts[11])}" in second.prompt and texts[5] not in second.prompt
    assert len(third.lines) == 6


def test_a_line_break_in_a_text_is_no_new_line(server: FakeOpenAiServer) -> None:
    engine_for(server).translate(["One\n2: two", "Three"], **EN_PT)
    assert server.batches[0].lines == {"1": "One 2: two", "2": "Three"}


def test_terms_of_the_glossary_are_shown_if_they_occur_and_their_translations_checked(
    server: FakeOpenAiServer,
) -> None:
    engine = engine_for(server)
    engine.use_glossary({"train": "comboio", "window": "janela", "lad": "rapaz"})
    server.answer = lambda asked: replace(good(asked), content=str(good(asked).content).replace("train", "comboio"))
    engine.translate(LINES[:2], **EN_PT)
    [request] = server.batches
    assert "train = comboio" in request.prompt and "janela" not in request.prompt and "rapaz" not in request.prompt
    assert not engine.announcements()
    engine.translate(LINES, **EN_PT)
    assert len(server.batches) == 3, "it is asked again"
    [warning] = engine.announcements()
    assert "window" in warning and "train" not in warning
    engine.use_glossary({})
    engine.translate(LINES[1:2], **EN_PT)
    assert "comboio" not in server.batches[-1].prompt


def test_lines_that_are_too_long_for_a_dub_get_shorter_wordings_within_their_time(server: FakeOpenAiServer) -> None:
    engine = engine_for(server)
    long = "Ora bem, como é evidente, toda a gente já fechou a janela. "

    def answer(asked: Asked) -> Said:
        return good(asked) if asked.shorten else Said(json.dumps({"1": long, "2": "O comboio parte às nove em ponto."}))

    server.answer = answer
    found = engine.in_context([LINES[3], LINES[1]], **EN_PT, context=Context(), fits=True)
    assert found[1] == ("O comboio parte às nove em ponto.",)
    longest = int(1.1 * len(LINES[3]))
    assert found[0] == (long.strip(), long[:longest], long[:8])
    assert server.batches[-1].lines["1"] == {"original": LINES[3], "translation": long.strip(), "at_most": longest}
    asked = len(server.batches)
    assert engine.in_context([LINES[3], LINES[1]], **EN_PT, context=Context(), fits=False)[0] == (long.strip(),)
    assert len(server.batches) == asked + 1, "a text may take as long as it needs"


# Servers that know less


def _refusing(*unknown: str) -> Any:
    """Return a way to answer of a server that does not know these fields or forms."""

    def answer(asked: Asked) -> Said:
        known = asked.form not in unknown and not set(unknown) & set(asked.body)
        return good(asked) if known else Said("Unrecognized request argument supplied", status=400)

    return answer


@pytest.mark.parametrize(
    ("unknown", "form", "quiet"),
    [
        (("reasoning_effort",), "json_schema", False),
        (("json_schema",), "json_object", True),
        (("json_schema", "json_object", "chat_template_kwargs"), "plain", False),
    ],
)
def test_a_server_is_asked_in_the_best_form_that_it_knows(
    server: FakeOpenAiServer, unknown: tuple[str, ...], form: str, quiet: bool
) -> None:
    server.answer = _refusing(*unknown)
    engine = engine_for(server)
    assert (engine.info().details["form"], engine.info().details["quiet"]) == (form, quiet)
    assert engine.translate(LINES, **EN_PT) == list(map(translated, LINES))
    assert len(server.batches) == 1


def test_a_server_that_ignores_the_form_is_asked_for_plain_lines(server: FakeOpenAiServer) -> None:
    server.answer = lambda asked: Said("\n".join(f"{at}: {translated(str(one))}" for at, one in asked.lines.items()))
    engine = engine_for(server)
    assert engine.info().details["form"] == "plain"
    assert engine.translate(LINES, **EN_PT) == list(map(translated, LINES))


def test_a_server_that_lists_no_models_is_used_with_the_model_that_is_set(server: FakeOpenAiServer) -> None:
    server.models = None
    assert engine_for(server, model=MODEL).translate(LINES[:1], **EN_PT) == [translated(LINES[0])]
    with pytest.raises(Waiting):
        engine_for(server)


def test_the_only_model_is_used_and_of_several_one_must_be_set(server: FakeOpenAiServer) -> None:
    server.models = [MODEL, "other"]
    with pytest.raises(EngineMissing, match="several models") as error:
        engine_for(server)
    assert MODEL in error.value.remedy and "other" in error.value.remedy
    assert engine_for(server, model="other").info().details["model"] == "other"


# Models that answer badly


def test_a_model_that_thinks_aloud_is_understood(server: FakeOpenAiServer) -> None:
    thought = '<think>The user wants {"1": "no"}.\n1: wrong\n</think>\n'
    server.answer = lambda asked: replace(good(asked), content=thought + f"```json\n{good(asked).content}\n```")
    assert engine_for(server).translate(LINES, **EN_PT) == list(map(translated, LINES))
    server.answer = lambda asked: replace(good(asked), message={"reasoning_content": "Hm.", "reasoning": "Hm."})
    assert engine_for(server).translate(LINES, **EN_PT) == list(map(translated, LINES))
    server.answer = lambda asked: replace(good(asked), content=[{"type": "text", "text": good(asked).content}])
    assert engine_for(server).translate(LINES, **EN_PT) == list(map(translated, LINES))


def test_a_thought_without_end_is_no_translation(server: FakeOpenAiServer) -> None:
    engine = engine_for(server)
    server.answer = lambda _asked: Said("<think>1: one\n2: two\n3: three\n4: four")
    with pytest.raises(EngineMissing, match="no usable translations") as error:
        engine.translate(LINES, **EN_PT)
    assert "models.openai.model" in error.value.remedy


def _merged(asked: Asked) -> Said:
    lines = dict(asked.lines)
    if len(lines) > 1:
        lines = {"1": f"{lines['1']} {lines.pop('2')}", **{at: one for at, one in lines.items() if at != "1"}}
    return Said(json.dumps({at: translated(one) for at, one in lines.items()}))


def _emptied(asked: Asked) -> Said:
    found = {at: translated(one) for at, one in asked.lines.items()}
    return Said(json.dumps({**found, "1": " ".join(found.values()), "2": ""} if len(found) > 1 else found))


def _said_twice(asked: Asked) -> Said:
    found = {at: translated(one) for at, one in asked.lines.items()}
    return Said(json.dumps({**found, "2": found["1"]} if len(found) > 1 else found))


@pytest.mark.parametrize("answer", [_merged, _emptied, _said_twice])
def test_lines_that_a_model_merges_are_asked_for_again(server: FakeOpenAiServer, answer: Any) -> None:
    engine = engine_for(server)
    server.answer = answer
    found = engine.translate(LINES, **EN_PT)
    assert found[1:] == list(map(translated, LINES[1:]))
    assert found[0] == translated(LINES[0]) or answer is _merged, "what has a number of its own may be too long"
    assert not engine.announcements()


def test_a_bad_answer_is_asked_for_again_then_halved_then_line_by_line_without_history(
    server: FakeOpenAiServer,
) -> None:
    engine = engine_for(server)
    hard = LINES[2]
    server.answer = lambda asked: good(asked) if hard not in asked.prompt or "=>" not in asked.prompt else Said("Hm.")
    assert engine.translate(LINES, **EN_PT) == list(map(translated, LINES)), "nothing is wrong without history"
    server.asked.clear()
    context = Context((("Before.", "Antes."),))
    assert [one for (one,) in engine.in_context(LINES, **EN_PT, context=context, fits=False)] == list(
        map(translated, LINES)
    )
    sizes = [len(one.lines) for one in server.batches]
    assert sizes == [4, 4, 2, 2, 2, 1, 1, 1, 1] or sizes[:3] == [4, 4, 2], sizes
    assert any(list(one.lines.values()) == [hard] and "=>" not in one.prompt for one in server.batches)
    seeds = [one.body["seed"] for one in server.batches[:2]]
    assert seeds == [0, 1], "the same question would have the same answer"


@pytest.mark.parametrize(
    "refusal",
    [
        "I'm sorry, but I can't assist with that request, since it would be harmful to some people.",
        "As an AI, I cannot translate this.",
        "Nobody knew where the old man lived.",
        "",
        "Ninguém sabia. " * 30,
    ],
)
def test_a_line_that_a_model_refuses_echoes_or_repeats_stays_and_is_reported(
    server: FakeOpenAiServer, refusal: str
) -> None:
    engine = engine_for(server)

    def answer(asked: Asked) -> Said:
        found = {at: refusal if one == LINES[2] else translated(one) for at, one in asked.lines.items()}
        return Said(json.dumps(found))

    server.answer = answer
    assert engine.translate(LINES, **EN_PT) == [*map(translated, LINES[:2]), LINES[2], translated(LINES[3])]
    [warning] = engine.announcements()
    assert "1 text" in warning and MODEL in warning
    assert not engine.announcements(), "it is reported once"


def test_an_answer_in_any_order_is_put_in_order(server: FakeOpenAiServer) -> None:
    engine = engine_for(server)
    server.answer = lambda asked: Said(
        json.dumps({at: translated(one) for at, one in reversed(list(asked.lines.items()))})
    )
    assert engine.translate(LINES, **EN_PT) == list(map(translated, LINES))


# Too much at once


def test_an_answer_that_was_cut_off_is_asked_for_in_parts(server: FakeOpenAiServer) -> None:
    engine = engine_for(server)
    server.answer = lambda asked: replace(good(asked), finish="length" if len(asked.lines) > 2 else "stop")
    assert engine.translate(LINES, **EN_PT) == list(map(translated, LINES))
    assert [len(one.lines) for one in server.batches] == [4, 2, 2]


def test_a_server_that_says_that_it_is_too_much_is_asked_in_parts(server: FakeOpenAiServer) -> None:
    engine = engine_for(server)
    says = "the request exceeds the available context size, try increasing it"
    server.answer = by_size(most=1, else_=Said(says, status=400))
    assert engine.translate(LINES, **EN_PT) == list(map(translated, LINES))
    assert [len(one.lines) for one in server.batches] == [4, 2, 1, 1, 2, 1, 1]


def test_a_prompt_that_was_cut_off_silently_is_noticed_with_what_to_do(server: FakeOpenAiServer) -> None:
    server.ollama = {"name": MODEL, "model": MODEL}
    engine = engine_for(server, context=20_000)
    texts = [f"{text} " + "And so it went on and on, from one day to the next one. " * 20 for text in LINES]

    def answer(asked: Asked) -> Said:
        said, tokens = good(asked), len(asked.prompt) // 4
        return replace(said, prompt_tokens=min(tokens, 600)) if len(asked.lines) > 1 else said

    server.answer = answer
    assert engine.translate(texts, **EN_PT) == [translated(text).strip() for text in texts]
    [warning] = engine.announcements()
    assert "cut off" in warning and "num_ctx 20000" in warning
    assert f"ollama create {MODEL}-20000 -f Modelfile" in warning


def test_batches_are_as_small_as_the_context(server: FakeOpenAiServer) -> None:
    engine = engine_for(server, context=1_024)
    texts = [f"{text} {'It was a long day. ' * 12}" for text in LINES * 2]
    assert engine.translate(texts, **EN_PT) == [translated(text).strip() for text in texts]
    assert max(len(one.lines) for one in server.batches) < 8
    assert all(one.body["max_tokens"] + len(one.prompt) // 4 <= 1_024 for one in server.batches)


def test_the_context_that_ollama_really_gives_a_model_is_used_and_reported(server: FakeOpenAiServer) -> None:
    server.ollama = {"name": MODEL, "model": MODEL, "context_length": 4_096, "digest": "sha256:1234"}
    engine = engine_for(server, context=16_384)
    details = engine.info().details
    assert (details["context"], details["digest"], details["ollama"]) == (4_096, "sha256:1234", "0.20.1")
    [warning] = engine.announcements()
    assert "4096" in warning and "PARAMETER num_ctx 16384" in warning and "ollama create" in warning


def test_an_answer_without_end_or_of_another_kind_is_no_translation(server: FakeOpenAiServer) -> None:
    engine = engine_for(server)
    huge = json.dumps({"choices": [{"message": {"content": "x" * exchange.MOST_BYTES}}]}).encode()
    page = Said(raw=b"<html>Welcome</html>", headers={"Content-Type": "text/html"})
    for bad in (
        Said(raw=huge),
        page,
        Said(raw=b"[" * 100_000),
        Said(raw=b"\x1f\x8b", headers={"Content-Encoding": "gzip"}),
    ):
        server.answer = by_size(most=2, else_=bad)
        assert engine.translate(LINES, **EN_PT) == list(map(translated, LINES))


def test_a_correct_answer_of_another_content_type_is_taken(server: FakeOpenAiServer) -> None:
    server.answer = lambda asked: Said(
        raw=json.dumps({"choices": [{"message": {"content": good(asked).content}}]}).encode(),
        headers={"Content-Type": "text/plain"},
    )
    assert engine_for(server).translate(LINES, **EN_PT) == list(map(translated, LINES))


# Servers that are away


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
    monkeypatch.setattr(chat, "_LINE_S", 0.05)
    server.answer = lambda _asked: Said(raw=b"x" * 1_000, trickles=True) if manner == "trickles" else Said(stalls=True)
    assert "has not answered" in waits(engine).message
    assert len(server.batches) <= 3, "half the lines are tried, then it waits"


def test_a_slow_server_is_asked_for_less_at_once(server: FakeOpenAiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = engine_for(server)
    monkeypatch.setattr(chat, "_START_S", 1.0)
    monkeypatch.setattr(chat, "_LINE_S", 0.0)
    server.answer = by_size(most=2, else_=Said(stalls=True))
    assert engine.translate(LINES * 2, **EN_PT) == list(map(translated, LINES * 2))
    assert [len(one.lines) for one in server.batches] == [8, 4, 2, 2, 2, 2]


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


# The registry


def test_auto_takes_it_only_if_the_settings_name_a_server(server: FakeOpenAiServer) -> None:
    named = EngineRegistry(settings=settings_for(server))
    assert named.translator("auto", source="en", target="pt").name == "openai"
    unnamed = EngineRegistry(settings=settings_for(server, is_named=False))
    assert "openai" not in [engine.name for engine, _ in unnamed.usable("translator")]
    with pytest.raises(EngineMissing, match="not set up") as error:
        unnamed.translator("openai", source="en", target="pt")
    assert "models.openai.model" in error.value.remedy


def test_a_server_is_not_asked_before_a_step_needs_it(server: FakeOpenAiServer) -> None:
    registry = EngineRegistry(settings=settings_for(server))
    registry.preload("translator", "openai")
    registry.preload("translator", "auto")
    registry.describe()
    assert registry.translates("auto", source="en", target="pt") and not server.paths


def test_what_is_done_aside_has_neither_the_glossary_nor_the_reports_of_the_other(server: FakeOpenAiServer) -> None:
    engine = engine_for(server)
    engine.use_glossary({"train": "comboio"})
    engine.translate(LINES[1:2], **EN_PT)
    with engine.apart():
        engine.translate(LINES[1:2], **EN_PT)
        assert "comboio" not in server.batches[-1].prompt
        assert not engine.announcements()
    assert re.search("train", " ".join(engine.announcements()))


# The stage


def translation(server: FakeOpenAiServer, folder: Path, text: str, **options: Any) -> Drive:
    """Translate a text into Portuguese; results are kept in `cache` beside the folder."""
    folder.mkdir()
    file = folder / "story.txt"
    file.write_text(text, encoding="utf-8")
    wanted = LIGHT.overridden({"translator": "openai", "language": "en", "targets": ["pt"], **options})
    engines = EngineRegistry(settings=settings_for(server))
    cache = Cache(folder.parent / "cache", max_bytes=10_000_000)
    return Drive(file, folder / "job", options=wanted, engines=engines, cache=cache).run(until="synthesize")


def test_a_translation_is_kept_with_all_that_it_depends_on(server: FakeOpenAiServer, tmp_path: Path) -> None:
    text = "\n\n".join(f"This is paragraph number {number} of the story." for number in range(14))

    def asked(name: str, text: str, **options: Any) -> int:
        server.asked.clear()
        drive = translation(server, tmp_path / name, text, **options)
        assert translated("This is paragraph number 13") in (drive.job_dir / "translation.pt.json").read_text("utf-8")
        return len(server.batches)

    assert asked("first", text) == 2
    assert asked("again", text) == 0
    assert asked("term", text, glossary={"story": "conto"}) > 0
    assert asked("other term", text, glossary={"story": {"es": "cuento"}}) == 0, "it is for another language"
    assert asked("hint", text, initial_prompt="A tale.") == 2
    assert asked("end", text.replace("13 of the", "13 of this")) == 2, "the last text is shown to the first batch"


def test_a_glossary_that_the_translator_does_not_follow_is_reported(tmp_path: Path) -> None:
    file = tmp_path / "story.txt"
    file.write_text("The house is big.", encoding="utf-8")
    options = LIGHT.overridden({"language": "en", "targets": ["pt"], "glossary": {"house": "lar"}})
    drive = Drive(file, tmp_path / "job", options=options).run(until="synthesize")
    assert any("glossary had no effect" in warning for warning in drive.warnings)


def test_ollama_frees_the_card_before_a_large_voice_is_loaded_there(server: FakeOpenAiServer) -> None:
    server.ollama = {"name": MODEL, "model": MODEL}
    for device, is_named, unloaded in (("cpu", True, []), ("cuda", False, []), ("cuda", True, [MODEL])):
        settings = replace(settings_for(server, is_named=is_named), device=device)
        make_room(XttsSynthesizer(settings), settings)
        make_room(EspeakSynthesizer(settings), settings)
        assert server.unloaded == unloaded
    server.ollama = None
    make_room(XttsSynthesizer(settings), settings)
    make_room(XttsSynthesizer(settings), replace(settings, server=Server("http://127.0.0.1:9/v1", is_named=True)))
