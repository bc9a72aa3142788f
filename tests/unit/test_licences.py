"""What licences allow, in one word: of every model and engine, in the manifest and in the report."""

from __future__ import annotations

import tomllib
from importlib.metadata import distributions, entry_points
from pathlib import Path
from typing import Any, get_args

import pytest

from dropdub.dubbing.published_timing import fits_of
from dropdub.dubbing.quality import quality_of
from dropdub.engines.bergamot.engine import BergamotTranslator
from dropdub.engines.licence import Commercial, Licence, strictest
from dropdub.engines.models.catalogue import ENGINES_BY_LANGUAGE, ENGINES_BY_PAIR, MODELS
from dropdub.engines.models.known import KnownModel
from dropdub.engines.offers import GROUP, engine_class
from dropdub.engines.terms import WITHOUT_CATALOGUE, terms_of, terms_of_use
from dropdub.pipeline.facts import Facts
from dropdub.publishing.commercial_use import with_terms
from dropdub.report.commercial_use import CommercialUse
from dropdub.report.contents import contents_of
from dropdub.report.page import page
from dropdub.translations.words import Words, words_in
from tests import plugged
from tests.reports import a_manifest, contents, facts, transcripts

PROJECT = Path(__file__).parents[2] / "pyproject.toml"


def engine(name: str, **details: Any) -> dict[str, Any]:
    return {"name": name, "version": "1.0", "details": details, "steps": ["translate/pt"]}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_every_model_says_in_one_word_whether_it_allows_commercial_use(model: KnownModel) -> None:
    assert model.licence.commercial in get_args(Commercial)
    if "CC-BY" in model.licence.short:
        assert model.licence.author, "the licence demands that somebody is credited"
    if "-NC" in model.licence.short:
        assert model.licence.commercial == "no"


def test_every_engine_of_this_package_has_a_known_licence() -> None:
    declared = tomllib.loads(PROJECT.read_text("utf-8"))["project"]["entry-points"][GROUP]
    with_models = {model.engine for model in MODELS}
    assert set(declared) - with_models - set(WITHOUT_CATALOGUE) == set()


def test_the_strictest_answer_decides() -> None:
    assert strictest([]) == strictest(["yes"]) == "yes"
    assert strictest(["yes", "ask"]) == "ask"
    assert strictest(["ask", "no", "yes"]) == "no"


@pytest.mark.parametrize(
    ("name", "details", "licence", "commercial"),
    [
        ("faster-whisper", {"model": "whisper-base", "files": "0123"}, "MIT", "yes"),
        ("faster-whisper", {"model": "my-own-whisper"}, "unknown", "ask"),
        ("nllb", {"model": "nllb-200-distilled-600M"}, "CC-BY-NC", "no"),
        ("xtts", {"model": "xtts-v2", "device": "cpu"}, "CPML", "no"),
        ("bergamot", {"models": {"bergamot-en-pt": "0123", "bergamot-es-en": "4567"}}, "MPL-2", "yes"),
        ("bergamot", {"models": {"bergamot-en-pt": "0123", "bergamot-en-xx": "4567"}}, "MPL-2, unknown", "ask"),
        ("transformers", {"model": "opus-mt-tc-big-en-pt"}, "CC-BY", "yes"),
        ("espeak-ng", {"voices": 131}, "GPL-3", "yes"),
        ("hibari", {}, "Apache-2", "yes"),
        ("openai", {"model": "any-model"}, "your own", "ask"),
        ("engine-of-nobody", {}, "unknown", "ask"),
    ],
)
def test_an_engine_has_the_terms_of_its_model(name: str, details: Any, licence: str, commercial: str) -> None:
    found = terms_of(name, details)
    assert (found.licence, found.commercial) == (licence, commercial)


def test_an_engine_of_another_package_states_its_licence_itself() -> None:
    if not any(entry.name == "pocketsphinx" for entry in entry_points(group=GROUP)):
        pytest.skip("the package plugins/light is not installed")
    found = terms_of("pocketsphinx", {"model": "en-us", "language": "en"})
    assert (found.licence, found.commercial) == ("BSD-2", "yes")


class FakeSinger:
    """An engine of another package."""


@pytest.mark.parametrize(
    ("licence", "said", "commercial", "credits"),
    [
        (Licence("MIT", "the MIT licence", "yes"), "MIT", "yes", ()),
        (
            Licence("CC-BY", "CC-BY-4.0: credit Ana", "yes", author="Ana"),
            *("CC-BY", "yes"),
            ("singer is by Ana, under CC-BY-4.0 (creativecommons.org/licenses/by/4.0).",),
        ),
        ("MIT", "unknown", "ask", ()),
        (Licence("MIT", "the MIT licence", "of course"), "unknown", "ask", ()),  # type: ignore[arg-type]
        (Licence("two\nlines", "the MIT licence", "yes"), "unknown", "ask", ()),
        (None, "unknown", "ask", ()),
    ],
)
def test_the_licence_that_an_engine_of_another_package_states_is_taken_only_if_it_is_one(
    monkeypatch: pytest.MonkeyPatch, licence: Any, said: str, commercial: str, credits: tuple[str, ...]
) -> None:
    kind = type("Stating", (FakeSinger,), {"licence": licence} if licence else {})
    monkeypatch.setattr("dropdub.engines.terms.engine_class", lambda _name: kind)
    found = terms_of("singer", {})
    assert (found.licence, found.commercial, found.credits) == (said, commercial, credits)


def test_a_licence_is_asked_of_the_package_whose_engine_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = "from dropdub.engines.api import Licence\nclass Engine:\n    licence = Licence('X', 'any', 'yes')\n"
    path = plugged.written(tmp_path, "a-impostor", "1", module, dropdub_engines={"bergamot": "Engine"})
    theirs = next(iter(distributions(path=[str(path)]))).entry_points
    ours = tuple(entry_points(group=GROUP))
    monkeypatch.setattr("dropdub.engines.offers.entry_points", lambda group: (*theirs, *ours))
    assert engine_class("bergamot") is BergamotTranslator
    assert terms_of("bergamot", {"model": "my-own"}).commercial == "ask"


def test_before_it_is_loaded_an_engine_has_the_terms_of_the_model_that_it_will_use() -> None:
    assert terms_of_use("nllb", "/srv/models/nllb-200-distilled-1.3B").commercial == "no"
    assert terms_of_use("transformers", None).commercial == "ask"
    assert {terms_of_use(one, None).commercial for one in ENGINES_BY_PAIR | ENGINES_BY_LANGUAGE} == {"yes"}


def test_the_manifest_has_the_terms_of_each_engine_and_of_the_whole() -> None:
    found = with_terms({"engines": [engine("faster-whisper", model="whisper-base"), engine("xtts", model="xtts-v2")]})
    whisper, xtts = found["engines"]
    assert (whisper["licence"], whisper["commercial"], "credit" in whisper) == ("MIT", "yes", False)
    assert (xtts["licence"], xtts["commercial"]) == ("CPML", "no")
    assert found["commercial_use"] == {"answer": "no", "engines": ["xtts"]}


def test_the_manifest_credits_whom_a_licence_demands_to_credit() -> None:
    [found] = with_terms({"engines": [engine("parakeet", model="parakeet-tdt-0.6b-v3")]})["engines"]
    assert found["credit"] == (
        "parakeet-tdt-0.6b-v3 is by NVIDIA, under CC-BY-4.0 (creativecommons.org/licenses/by/4.0)."
    )
    assert found["details"] == {"model": "parakeet-tdt-0.6b-v3"}, "what the engine says itself is kept"


def test_the_words_of_a_user_need_no_licence() -> None:
    found = with_terms({"engines": [{"name": "user", "file": "clip.srt", "steps": ["merge"]}]})
    assert found["commercial_use"] == {"answer": "yes", "engines": []}
    assert "licence" not in found["engines"][0]


def answered(words: Words, *engines: dict[str, Any]) -> tuple[CommercialUse | None, str]:
    """Return what the report of a job with these engines says, and its page."""
    made = facts()
    manifest = with_terms({**a_manifest(made), "engines": list(engines)})
    source, target = transcripts()
    quality = quality_of(Facts(made), fits_of(manifest), ["pt"])
    shown = contents_of(manifest, quality, Facts(made), source, {"pt": target}, words)
    return shown.commercial_use, " ".join(page(shown).split())


def test_the_report_answers_whether_the_result_may_be_used_commercially() -> None:
    english = words_in("en")
    use, html = answered(english, engine("nllb", model="nllb-200-distilled-600M"), engine("hibari"))
    assert use is not None and use.answer == "No, because of nllb (CC-BY-NC)."
    assert f"May this result be used commercially? <strong>{use.answer}</strong>" in html
    assert "nllb-200-distilled-600M is by Meta AI" in html
    use, html = answered(english, engine("hibari"))
    assert use == CommercialUse("Yes, as far as the engines that made it are concerned.", ())
    assert "To be credited" not in html
    use, _ = answered(english, engine("hibari"), engine("mine"))
    assert use is not None and use.answer == "Find out first, because of mine (unknown)."


def test_the_report_names_of_an_engine_with_two_models_the_licence_that_decides() -> None:
    own, usual = engine("faster-whisper", model="my-own"), engine("faster-whisper", model="whisper-base")
    for engines in ((own, usual), (usual, own)):
        use, _ = answered(words_in("en"), *engines)
        assert use is not None and use.answer == "Find out first, because of faster-whisper (unknown)."


def test_the_report_answers_in_portuguese_too() -> None:
    _, html = answered(words_in("pt-BR"), engine("nllb", model="nllb-200-distilled-600M"))
    assert "Este resultado pode ser usado comercialmente? <strong>Não, por causa de nllb (CC-BY-NC).</strong>" in html


def test_the_report_of_a_manifest_without_licences_says_nothing_of_them() -> None:
    assert contents().commercial_use is None
    assert "commercially" not in page(contents())
