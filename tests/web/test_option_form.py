"""The form of a job's options is made from their schema, and says the same as the file beside a recording."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dropdub.config import Config, JobOptions, read_sidecar
from dropdub.web.pages.option_form import (
    GROUPS,
    LINES,
    NOT_IN_FORMS,
    PREFIX,
    Kind,
    different,
    options,
    usual,
    written,
)
from dropdub.web.pages.sidecar import asked_for

EVERYTHING: dict[str, Any] = {
    "language": "pt",
    "targets": ["en", "es"],
    "audio_track": 2,
    "voice": "ana",
    "voices": {"João": "rui", "S1 [host]": "ana", "dialogue": "pm_alex"},
    "glossary": {
        "meeting": "reunião",
        "a = b": "c = d",
        "no": {"pt": "não", "pt-BR": "não é"},
        '"x"': "[y]",
        "1": "um",
    },
    "transcriber": "pocketsphinx",
    "initial_prompt": "A lesson: about “no”, and 3.5",
    "hotwords": ["Dropdub", "João"],
    "cleanup": "pt",
    "speakers": "all",
    "synthesis": {"verify": True, "takes": 2},
    "mix": {"original": "mute", "duck_db": 6.5, "separate": True},
    "report": False,
    "duplicates": "again",
    "subtitles": {"formats": ["ass"], "mode": "none", "lines": 1, "gap": 0.2},
    "text": {"m4b": True},
}


def form(chosen: dict[str, Any]) -> dict[str, list[str]]:
    return {PREFIX + name: values for name, values in written(chosen).items()}


def test_every_option_is_in_one_group_and_has_its_help() -> None:
    grouped = [name for group in GROUPS for name in group.names]
    assert sorted(grouped) == sorted(options())
    assert [one.name for one in options().values() if not one.help or not one.label] == []
    assert set(JobOptions.model_fields) - {name.partition(".")[0] for name in options()} == NOT_IN_FORMS


def test_what_the_schema_allows_is_what_the_form_offers() -> None:
    found = options()
    assert (found["speakers"].kind, found["speakers"].choices) == (Kind.CHOICE, ("auto", "all", "one"))
    assert found["synthesis.verify"].choices == ("auto", "true", "false")
    assert (found["subtitles.formats"].kind, found["subtitles.formats"].choices) == (
        Kind.SEVERAL,
        ("srt", "vtt", "ass"),
    )
    takes = found["synthesis.takes"]
    assert (takes.kind, takes.least, takes.most, takes.step) == (Kind.NUMBER, 1, 5, "1")
    assert found["initial_prompt"].kind is Kind.TEXT
    assert (found["glossary"].kind, found["glossary"].by_language) == (Kind.LINES, True)
    assert (found["voices"].kind, found["voices"].by_language) == (Kind.LINES, False)
    assert set(LINES) == {name for name, option in found.items() if option.kind is Kind.LINES}


def test_what_is_entered_is_read_from_the_file_in_the_same_way(tmp_path: Path) -> None:
    asked = asked_for(form(EVERYTHING), Config())
    assert asked.problem is None
    file = tmp_path / "talk.mp4.job.yaml"
    file.write_text(asked.yaml, encoding="utf-8")
    assert read_sidecar(file) == asked.options == EVERYTHING


def test_nothing_can_be_set_where_something_is_usual(tmp_path: Path) -> None:
    usually = {"voice": "ana", "voices": {"S1": "rui"}, "targets": ["pt"], "hotwords": ["x"], "glossary": {"a": "b"}}
    config = Config.model_validate({"job": usually})
    nothing: dict[str, Any] = {"targets": [], "voice": None, "voices": {}, "hotwords": [], "glossary": {}}
    nothing |= {"subtitles": {"formats": []}}
    asked = asked_for(form(nothing), config)
    made_with = JobOptions().overridden({"subtitles": {"formats": []}}).model_dump(mode="json")
    assert asked.options == nothing == different(made_with, config.job)
    file = tmp_path / "talk.mp4.job.yaml"
    file.write_text(asked.yaml, encoding="utf-8")
    assert read_sidecar(file) == nothing
    assert asked_for({PREFIX + "targets": ["-"]}, config).options == {"targets": []}


def test_an_empty_form_sets_nothing() -> None:
    asked = asked_for({PREFIX + name: [" "] for name in options()}, Config())
    assert (asked.options, asked.yaml, asked.problem) == ({}, "", None)


@pytest.mark.parametrize(
    ("name", "text", "param"),
    [
        ("subtitles.lines", "9", "subtitles.lines"),
        ("mix.duck_db", "much", "mix.duck_db"),
        ("targets", "klingon-", "targets[0]"),
        ("voices", "João = rui\nMaria", "voices"),
        ("voices", f"João = {'x' * 101}", "voices.João"),
        ("glossary", "meeting = reunião\nmeeting = encontro", "glossary"),
        ("glossary", "meeting [klingon-] = reunião", "glossary"),
        ("glossary", f"meeting = {'x' * 101}", "glossary"),
        ("glossary", "\n".join(f"{number} = x" for number in range(201)), "glossary"),
    ],
)
def test_what_cannot_be_used_is_said_with_the_name_of_the_field(name: str, text: str, param: str) -> None:
    asked = asked_for({PREFIX + name: [text]}, Config())
    assert asked.param == param and asked.problem
    assert {one: asked.wrong_with(one) for one in options() if asked.wrong_with(one)} == {name: asked.problem}


def test_options_that_only_the_profile_makes_impossible_are_refused() -> None:
    config = Config.model_validate({"profiles": {"quick": {"subtitles": {"max_duration": 2}}}})
    values = {PREFIX + "subtitles.min_duration": ["3"], "profile": ["quick"]}
    assert asked_for(values, config).problem is not None
    assert asked_for({**values, "profile": ["another"]}, config).profile is None


def test_what_is_usual_is_that_of_the_profile() -> None:
    lessons = {"targets": ["pt", "es"], "glossary": {"meeting": {"pt": "reunião", "es": "reunión"}, "x": "y"}}
    config = Config.model_validate({"job": {"voice": "ana"}, "profiles": {"lessons": lessons}})
    shown = usual(config.options_for("lessons", {}))
    assert (shown["targets"], shown["voice"], shown["hotwords"], shown["report"]) == ("pt, es", "ana", "–", "true")
    assert shown["glossary"] == "meeting [pt] = reunião\nmeeting [es] = reunión\nx = y"


def test_the_options_of_an_earlier_job_are_those_that_differ_from_what_is_usual_now() -> None:
    made_with = JobOptions(targets=("pt",)).overridden({"subtitles": {"lines": 1}}).model_dump(mode="json")
    assert different(made_with, JobOptions(targets=("pt",))) == {"subtitles": {"lines": 1}}
    assert different(made_with, JobOptions()) == {"targets": ["pt"], "subtitles": {"lines": 1}}


def test_the_voices_and_the_glossary_of_an_earlier_job_are_kept_unless_they_are_usual_now() -> None:
    tables = {"voices": {"S1": "rui"}, "glossary": {"meeting": {"pt": "reunião"}}}
    made_with = JobOptions().overridden(tables)
    assert different(made_with.model_dump(mode="json"), JobOptions()) == tables
    assert different(made_with.model_dump(mode="json"), made_with) == {}
