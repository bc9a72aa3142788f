"""Which engine when: the guide knows every engine, agrees with the catalogue, and fits the machine."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from dropdub.config import Config
from dropdub.doctor.guide import advice_findings, licence_findings, named_engines, spoken_in
from dropdub.engines.guide import (
    CHOICES,
    EXAMPLES,
    PURPOSES,
    ROWS,
    Choice,
    Goal,
    Kind,
    Spoken,
    advice,
    best,
    cell,
    kind_of,
    measured_translator,
)
from dropdub.engines.models.candidates import Use
from dropdub.engines.models.catalogue import GB, find
from dropdub.engines.models.recommended import Machine
from dropdub.engines.offers import GROUP
from dropdub.engines.terms import WITHOUT_CATALOGUE

PROJECT = Path(__file__).parents[2] / "pyproject.toml"
EVERY = frozenset(choice.engine for choice in CHOICES)


def test_every_engine_of_this_package_is_in_the_guide() -> None:
    declared = tomllib.loads(PROJECT.read_text("utf-8"))["project"]["entry-points"][GROUP]
    assert set(declared) - EVERY == set()


@pytest.mark.parametrize("choice", CHOICES, ids=lambda one: f"{one.engine}-{one.task.name}")
def test_a_choice_allows_what_the_licence_of_its_model_allows(choice: Choice) -> None:
    model = find(choice.model) if choice.model else None
    if choice.model:
        assert model is not None and model.engine == choice.engine
    known = model.licence if model else WITHOUT_CATALOGUE.get(choice.engine)
    assert known is None or choice.commercial == known.commercial
    assert choice.why and choice.source


@pytest.mark.parametrize(
    ("machine", "kind"),
    [
        (Machine(7_800_000_000, None, cores=4), Kind.SMALL),
        (Machine(4 * GB, None, cores=2), Kind.SMALL),
        (Machine(16_500_000_000, None, cores=4), Kind.MIDDLE),
        (Machine(15_500_000_000, None, cores=4), Kind.MIDDLE),
        (Machine(64 * GB, None, cores=16, card_bytes=6 * GB), Kind.MIDDLE),
        (Machine(16 * GB, None, cores=6, card_bytes=8_300_000_000), Kind.CARD),
    ],
)
def test_a_machine_is_of_a_kind(machine: Machine, kind: Kind) -> None:
    assert kind_of(machine) is kind
    assert all(kind_of(example) is one for one, example in EXAMPLES.items())


@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize("kind", Kind)
def test_there_is_an_engine_for_every_row_machine_and_purpose(kind: Kind, purpose: str) -> None:
    for task, spoken in ROWS:
        assert cell(task, spoken, kind)[purpose], f"{task} {spoken}"  # type: ignore[index]


def test_nothing_for_commercial_use_forbids_it_or_leaves_it_open() -> None:
    chosen = [one for task, spoken in ROWS for kind in Kind for one in best(task, spoken, kind, "commercial")]
    assert {one.commercial for one in chosen} == {"yes"}


@pytest.mark.parametrize("pair", [("en", "pt"), ("pt-BR", "en"), ("en", "pt-PT")])
def test_the_translator_whose_model_is_to_get_is_the_one_of_the_guide(pair: tuple[str, str]) -> None:
    found = measured_translator(*pair)
    choices = {cell(Goal.TRANSLATE, Spoken.EN_PT, kind)["commercial"] for kind in Kind}
    assert choices == {found} == {"bergamot"}
    [why] = [one for one in CHOICES if one.engine == found and one.spoken is Spoken.EN_PT]
    assert (why.basis, why.commercial) == ("measured", "yes")


@pytest.mark.parametrize("pair", [("en", "de"), ("es", "pt"), ("pt", "pt-BR")])
def test_for_other_pairs_the_rank_decides_whose_model_is_to_get(pair: tuple[str, str]) -> None:
    assert measured_translator(*pair) is None


def test_a_larger_machine_gets_what_only_suits_it() -> None:
    def cloner(kind: Kind) -> str:
        return best(Goal.CLONE, Spoken.EN_PT, kind, "private")[0].engine

    assert (cloner(Kind.SMALL), cloner(Kind.CARD)) == ("pocket-tts", "xtts")


def test_only_engines_that_there_are_are_recommended() -> None:
    some = EVERY - {"pocket-tts", "hibari"}
    found = dict(advice(EXAMPLES[Kind.SMALL], "private", among=some))
    assert found[Goal.CLONE] == ("xtts",)
    assert found[Goal.SPEAK] == ("kokoro",)
    assert Goal.CLONE not in dict(advice(EXAMPLES[Kind.SMALL], "commercial", among=some))


def test_the_whisper_model_is_the_one_that_suits_the_machine() -> None:
    small = replace(EXAMPLES[Kind.SMALL], memory_bytes=3 * GB)
    assert dict(advice(small, "private", among=EVERY))[Goal.TRANSCRIBE] == ("faster-whisper (whisper-base)",)
    usual = dict(advice(EXAMPLES[Kind.MIDDLE], "private", among=EVERY))
    assert usual[Goal.TRANSCRIBE] == ("faster-whisper (whisper-turbo)",)


@pytest.mark.parametrize(
    ("job", "spoken"),
    [
        ({}, (Spoken.EN_PT,)),
        ({"language": "en", "targets": ["pt-BR"]}, (Spoken.EN_PT,)),
        ({"language": "de", "targets": ["pt"]}, (Spoken.EN_PT, Spoken.OTHER)),
        ({"targets": ["de"]}, (Spoken.OTHER,)),
    ],
)
def test_the_advice_is_about_the_languages_in_the_settings(job: dict[str, object], spoken: tuple[Spoken, ...]) -> None:
    assert spoken_in(Config.model_validate({"job": job})) == spoken


def test_doctor_gives_one_advice_if_the_purpose_makes_no_difference() -> None:
    same = ["faster-whisper", "bergamot", "hibari", "kokoro"]
    [finding] = advice_findings(EXAMPLES[Kind.SMALL], Config(), same)
    assert finding.what == "For private and commercial use"
    private, commercial = advice_findings(EXAMPLES[Kind.CARD], Config(), [*same, "xtts", "pocket-tts"])
    assert "cloned voice: xtts" in private.text and "cloned voice: pocket-tts" in commercial.text
    assert "(graphics card, 8 GB)" in private.text


def test_doctor_says_what_the_licences_in_use_allow() -> None:
    assert list(licence_findings([])) == []
    settings = Config.model_validate({"job": {"synthesizer": "hibari"}, "models": {"openai": {"model": "any"}}})
    profiles = Config.model_validate({"profiles": {"lessons": {"translator": "mine"}}})
    assert (named_engines(settings), named_engines(profiles)) == (["hibari", "openai"], ["mine"])
    [finding] = licence_findings([Use("faster-whisper", "whisper-base")], ["faster-whisper", "hibari", "mine"])
    assert finding.text.endswith("ask: mine (unknown); yes: faster-whisper (MIT), hibari (Apache-2)")
    used = [Use("faster-whisper", "whisper-base"), Use("nllb", "nllb-200-distilled-600M"), Use("xtts", "/srv/my-xtts")]
    [finding] = licence_findings(used)
    assert finding.text == (
        "may results be used commercially? no: nllb (CC-BY-NC); ask: xtts (unknown); yes: faster-whisper (MIT)"
    )
