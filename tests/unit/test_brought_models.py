"""Models that other packages bring: what is accepted, and that nothing else does any harm."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from dropdub.config import Config
from dropdub.engines.base import EngineSettings
from dropdub.engines.models import catalogue
from dropdub.engines.models.brought import GROUP, Brought, brought, problem_of
from dropdub.engines.models.candidates import Use
from dropdub.engines.models.catalogue import MODELS, Licence
from dropdub.engines.models.known import KnownModel, Source
from dropdub.engines.models.misnamed import misnamed
from dropdub.engines.models.packaged import Member, Package
from dropdub.engines.models.pins import Pin
from dropdub.engines.models.uses import uses

GOOD = KnownModel(
    "nest",
    "raven",
    (Source("birds/nest", ("twigs.bin",)),),
    "en",
    1_000,
    2_000,
    Licence("MIT", "the MIT licence", "yes"),
)
SUM = "0" * 64


@pytest.fixture
def listing() -> Iterator[ModuleType]:
    """A module whose attributes entry points name."""
    module = ModuleType("lists_models_for_a_test")
    sys.modules[module.__name__] = module
    yield module
    del sys.modules[module.__name__]


def found(listing: ModuleType, **lists: Any) -> Brought:
    for name, models in lists.items():
        setattr(listing, name, models)
    entries = [EntryPoint(name, f"{listing.__name__}:{name}", GROUP) for name in lists]
    return brought(lambda name: catalogue._own(name) is not None, entries)


def test_entry_has_one_model_or_several(listing: ModuleType) -> None:
    other = replace(GOOD, name="den")
    assert found(listing, one=GOOD, several=(GOOD, other)) == Brought((GOOD, other))


def sourced(**changes: Any) -> KnownModel:
    return replace(GOOD, sources=(replace(GOOD.sources[0], **changes),))


def packaged(name: str = "twigs", version: str = "1.0", path: str = "twigs/data/twigs.bin") -> KnownModel:
    members = {"twigs.bin": (Member(Package(name, version, 1_000), path),)}
    return sourced(pins={"twigs.bin": Pin(1, SUM)}, packages=members)


HOSTILE: dict[str, KnownModel] = {
    "its name leads out": replace(GOOD, name="../nest"),
    "its name is absolute": replace(GOOD, name="/etc/passwd"),
    "its name is empty": replace(GOOD, name=""),
    "its name is hidden": replace(GOOD, name=".nest"),
    "its name is a device": replace(GOOD, name="con"),
    "its name is endless": replace(GOOD, name="n" * 10_000),
    "its name is no text": replace(GOOD, name=7),  # type: ignore[arg-type]
    "its name writes to the terminal": replace(GOOD, name="nest\x1b[2J"),
    "its engine is no name": replace(GOOD, engine="raven; rm"),
    "its licence is two lines": replace(GOOD, licence=Licence("MIT", "free\nfor all", "yes")),
    "its remark writes to the terminal": replace(GOOD, remark="\x1b]0;hello\x07"),
    "its size is negative": replace(GOOD, download_bytes=-1),
    "its size is no number": replace(GOOD, memory_bytes="much"),  # type: ignore[arg-type]
    "it has no sources": replace(GOOD, sources=()),
    "its sources are none": replace(GOOD, sources=None),  # type: ignore[arg-type]
    "its file leads out": sourced(files=("../../twigs.bin",)),
    "its file is a path": sourced(files=("a/b",)),
    "its file is the record": sourced(files=("dropdub-model.json",)),
    "its file is there twice": sourced(files=("a.bin", "A.bin")),
    "its optional file leads out": sourced(optional=("..",)),
    "its repository leads out": sourced(repository="birds/.."),
    "its repository is an address": sourced(repository="https://birds.example/nest"),
    "its folder leads out": sourced(folder="a/../../b"),
    "its revision is a path": sourced(revision="../main"),
    "it can be had nowhere": sourced(repository=""),
    "it names a publisher's server": sourced(published={"twigs.bin": "twigs.bin"}),
    "its pin is no sum": sourced(pins={"twigs.bin": Pin(1, "abc")}),
    "its package is an option of pip": packaged(name="--index-url=x"),
    "its package is an address": packaged(name="twigs @ https://x"),
    "its version is a range": packaged(version=">=1"),
    "its member leads out": packaged(path="twigs/../../x"),
    "its member has no pin": sourced(packages=packaged().sources[0].packages),
}


@pytest.mark.parametrize("model", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_model_is_left_out_with_a_sentence_and_hides_no_other(listing: ModuleType, model: KnownModel) -> None:
    result = found(listing, bad=(model, GOOD))
    assert result.models == (GOOD,)
    [problem] = result.problems
    assert problem.isprintable() and problem.endswith(".") and len(problem) < 400


def test_good_models_and_dropdubs_own_keep_to_the_rules() -> None:
    assert [problem_of(model) for model in (GOOD, packaged(), sourced(folder="a/b"))] == [None] * 3
    published = [model for model in MODELS if any(source.published for source in model.sources)]
    assert [problem for model in MODELS if model not in published and (problem := problem_of(model))] == []


@pytest.mark.parametrize("name", ["whisper-base", "WHISPER-BASE", "opus-mt-en-xx"])
def test_name_that_dropdub_has_stays_its_own(listing: ModuleType, name: str) -> None:
    result = found(listing, clash=replace(GOOD, name=name))
    assert result.models == () and "Dropdub has a model of that name" in result.problems[0]


def test_of_two_models_of_one_name_the_first_package_keeps_it(listing: ModuleType) -> None:
    result = found(listing, a=GOOD, b=replace(GOOD, name="NEST", engine="crow"))
    assert result.models == (GOOD,)
    module = listing.__name__
    assert result.problems == (
        f"The model 'NEST' of the package {module}:b is left out: {module}:a has a model of that name.",
    )


@pytest.mark.parametrize("listed", [7, "nest", [GOOD, "nest"], None], ids=repr)
def test_entry_that_lists_something_else_is_reported(listing: ModuleType, listed: Any) -> None:
    result = found(listing, odd=listed, right=GOOD)
    assert result.models == (GOOD,) and result.problems


def test_module_that_cannot_be_imported_is_reported_once(
    listing: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "exits_at_import.py").write_text("raise SystemExit('no')\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    broken = EntryPoint("broken", "exits_at_import:MODELS", GROUP)
    listing.right = GOOD
    result = brought(lambda _: False, [broken, EntryPoint("ok", f"{listing.__name__}:right", GROUP)])
    assert result.models == (GOOD,)
    assert len(result.problems) == 1 and "cannot be read (SystemExit: no)" in result.problems[0]


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Models as if a package had brought them."""
    monkeypatch.setattr(catalogue, "brought_models", lambda: Brought((GOOD, replace(GOOD, name="den"))))


@pytest.mark.usefixtures("installed")
def test_brought_models_are_known_everywhere() -> None:
    assert catalogue.find("Nest") == GOOD == catalogue.named("nest")
    assert GOOD in catalogue.all_models() and catalogue.all_models()[: len(MODELS)] == MODELS
    assert catalogue.how_to_download("nest") == "Download it (1 kB) with: `dropdub models pull nest`"
    assert catalogue.default_models() == {**catalogue.DEFAULT_MODELS, "raven": "nest"}


@pytest.mark.usefixtures("installed")
def test_misspelt_model_of_a_package_is_named() -> None:
    settings = EngineSettings(models={"raven": "nset"})
    [error] = misnamed(settings, ["raven"])
    assert "Did you mean nest?" in error.message


def test_translator_of_a_package_needs_the_models_of_its_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = tuple(replace(GOOD, name=f"raven-{pair}", languages=pair) for pair in ("en-pt", "pt-en", "en-es"))
    monkeypatch.setattr(catalogue, "brought_models", lambda: Brought(pairs))

    def used(**options: Any) -> list[Use]:
        job = {"translator": "raven", "transcriber": "pocketsphinx", "synthesizer": "espeak-ng", **options}
        return uses(Config(job=job), [], models_dir=Path("models"))

    assert used(language="en", targets=["pt-BR"]) == [Use("raven", "raven-en-pt")]
    assert used(language="auto", targets=["pt", "en"]) == [
        Use("raven", "raven-en-pt"),
        Use("raven", "raven-pt-en", only_from="pt"),
    ]
    assert used(language="fr", targets=["pt"]) == []
