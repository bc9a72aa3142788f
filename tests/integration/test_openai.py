"""The translator that asks a language model: what it asks for, and what it makes of good answers."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dropdub.engines.abilities import Context, TakesContext, TakesGlossary, UsesServer, WorksApart
from dropdub.engines.base import Translator
from dropdub.engines.espeak.engine import EspeakSynthesizer
from dropdub.engines.make_room import make_room
from dropdub.engines.registry import EngineRegistry
from dropdub.engines.xtts.engine import XttsSynthesizer
from dropdub.errors import EngineMissing, UnsupportedLanguage, Waiting
from dropdub.language_server.server import Server
from dropdub.pipeline.cache import Cache
from tests.drive import LIGHT, Drive
from tests.fake_openai import (
    EN_PT,
    LINES,
    MODEL,
    Asked,
    FakeOpenAiServer,
    Said,
    engine_for,
    good,
    serving,
    settings_for,
    translated,
)


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
    assert server.paths.count("/v1/models") == 1
    info = engine.info()
    assert not server.batches, "it is not met again"
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


def warnings_of(drive: Drive) -> list[str]:
    """Return the warnings of the stages, and of the engines that they used, as a worker puts them together."""
    assert isinstance(drive.engines, EngineRegistry)
    return [*drive.warnings, *drive.engines.notices()]


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


def test_a_translation_is_kept_for_one_server_only(server: FakeOpenAiServer, tmp_path: Path) -> None:
    translation(server, tmp_path / "first", "The house is big.")
    with serving() as other:
        translation(other, tmp_path / "second", "The house is big.")
        assert len(server.batches) == len(other.batches) == 1
        other.models = ["other"]
        translation(other, tmp_path / "third", "The house is big.")
        assert len(other.batches) == 2, "another model may translate it otherwise"


def test_what_was_not_translated_is_reported_each_time_and_asked_for_again(
    server: FakeOpenAiServer, tmp_path: Path
) -> None:
    text = "\n\n".join(LINES)
    server.answer = lambda asked: Said(
        json.dumps({at: "" if one == LINES[2] else translated(one) for at, one in asked.lines.items()})
    )
    for name in ("first", "again"):
        drive = translation(server, tmp_path / name, text)
        assert any("no usable translation of 1 text" in warning for warning in warnings_of(drive)), name
        assert LINES[2] in (drive.job_dir / "translation.pt.json").read_text("utf-8")
    server.answer = good
    drive = translation(server, tmp_path / "better", text)
    assert translated(LINES[2]) in (drive.job_dir / "translation.pt.json").read_text("utf-8")
    assert not any("usable" in warning for warning in warnings_of(drive))


def test_what_is_left_in_its_language_is_not_shown_as_a_translation(server: FakeOpenAiServer, tmp_path: Path) -> None:
    texts = [f"This is paragraph number {number} of the story." for number in range(14)]
    server.answer = lambda asked: Said(
        json.dumps({at: "" if one == texts[10] else translated(one) for at, one in asked.lines.items()})
    )
    translation(server, tmp_path / "story", "\n\n".join(texts))
    last = server.batches[-1].prompt
    assert f"{texts[11]} => {translated(texts[11])}" in last and texts[10] not in last


def test_a_server_that_goes_away_in_the_middle_costs_nothing_that_was_done(
    server: FakeOpenAiServer, tmp_path: Path
) -> None:
    texts = [f"This is paragraph number {number} of the story." for number in range(30)]
    server.answer = lambda asked: good(asked) if texts[12] not in asked.lines.values() else Said("no", status=503)
    with pytest.raises(Waiting):
        translation(server, tmp_path / "first", "\n\n".join(texts))
    server.answer = good
    server.asked.clear()
    drive = translation(server, tmp_path / "again", "\n\n".join(texts))
    assert [len(one.lines) for one in server.batches] == [12, 6]
    assert translated(texts[0]) in (drive.job_dir / "translation.pt.json").read_text("utf-8")


def test_long_texts_are_asked_for_in_smaller_batches(server: FakeOpenAiServer, tmp_path: Path) -> None:
    texts = [f"This is part {number}, {'which goes on and on and does not end, ' * 10}." for number in range(5)]
    translation(server, tmp_path / "long", "\n\n".join(texts))
    assert [len(one.lines) for one in server.batches] == [2, 2, 1]


def test_terms_that_a_kept_translation_lacks_are_reported_again(server: FakeOpenAiServer, tmp_path: Path) -> None:
    for name in ("first", "again"):
        drive = translation(server, tmp_path / name, "The house is big.", glossary={"house": "lar"})
        assert any("glossary" in warning and "house" in warning for warning in warnings_of(drive)), name
    assert len(server.batches) == 2, "the second job asked for nothing"


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
