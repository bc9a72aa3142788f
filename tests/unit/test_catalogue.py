"""The known models: every entry complete, and what a configuration selects."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from dropdub.config import Config
from dropdub.config.settings import ModelSource
from dropdub.engines.models.catalogue import DEFAULT_MODELS, MB, MODELS, find, how_to_download, named
from dropdub.engines.models.firefox import PUBLISHED
from dropdub.engines.models.known import KnownModel
from dropdub.engines.models.packaged import PACKAGED
from dropdub.engines.models.pins import FILES, PINS, Pinned
from dropdub.engines.models.places import Place
from dropdub.engines.pocket.languages import LANGUAGES
from dropdub.errors import UsageError
from dropdub.files.durable import key, safe_name
from dropdub.kits import EXTRAS


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_every_known_model_is_complete(model: KnownModel) -> None:
    assert model.engine in EXTRAS
    assert safe_name(model.name) == model.name
    assert model.download_bytes > MB < model.memory_bytes
    assert model.languages
    assert model.licence.short
    assert model.licence.name
    assert len(model.name) <= 23, "the table fits 80 columns"
    assert len(model.licence.short) <= 8


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_every_source_names_plain_files_of_a_repository(model: KnownModel) -> None:
    for source in model.sources:
        assert re.fullmatch(r"([\w.-]+/[\w.-]+)?", source.repository)
        assert re.fullmatch(r"([\w-]+(/[\w-]+)*)?", source.folder)
        assert model.places(), "it can be downloaded from somewhere"
        assert source.revision
        assert source.files
        for name in [part for choice in (*source.files, *source.optional) for part in choice.split("|")]:
            assert re.fullmatch(r"\w[\w.-]*", name), "a name, no pattern and no way out of the folder"


UNPINNED = frozenset({"quickmt-en-pt", "quickmt-pt-en"})
"""Models whose checksums no public record states in full. `models list` says that the first download is trusted."""
GATED = frozenset({"pocket-tts"})
"""Engines whose weights are given to signed-in accounts only: no public source says what is in them."""
_PINNED_ENGINES = [model for model in MODELS if model.engine not in {"transformers", *GATED}]


def test_only_those_models_are_not_pinned_that_cannot_be() -> None:
    assert {model.name for model in _PINNED_ENGINES if not model.is_pinned} == UNPINNED


@pytest.mark.parametrize(
    "model", [model for model in _PINNED_ENGINES if model.name not in UNPINNED], ids=lambda one: one.name
)
def test_every_model_that_an_engine_uses_by_itself_is_pinned(model: KnownModel) -> None:
    assert model.is_pinned
    assert sum(pin.size for pin in model.pins.values()) == pytest.approx(model.download_bytes, rel=0.02)


@pytest.mark.parametrize("model", [model for model in MODELS if model.engine in GATED], ids=lambda one: one.name)
def test_a_gated_model_is_fetched_from_known_commits_and_its_terms_are_announced(model: KnownModel) -> None:
    assert all(re.fullmatch(r"[0-9a-f]{40}", source.revision) for source in model.sources)
    assert "accept terms" in model.remark and model.licence.commercial == "yes"
    assert model.origin == "kyutai/pocket-tts" and model.places() == [Place.HUB]
    assert model.only_language and model.name == LANGUAGES[model.only_language].model
    assert {"model.safetensors", "tokenizer.json"} < model.names() and len(model.names()) == 3


@pytest.mark.parametrize(("repository", "pinned"), PINS.items(), ids=lambda one: one if isinstance(one, str) else "")
def test_a_pin_is_a_commit_and_the_sums_of_files_that_are_fetched(repository: str, pinned: Pinned) -> None:
    sources = [source for model in MODELS for source in model.sources if source.repository == repository]
    assert re.fullmatch(r"[0-9a-f]{40}", pinned.revision)
    assert sources and all(source.revision == pinned.revision for source in sources)
    assert pinned.files and set(pinned.files) <= set(sources[0].names())
    assert all(re.fullmatch(r"[0-9a-f]{64}", pin.sha256) and pin.size > 0 for pin in pinned.files.values())


def test_every_file_in_a_package_and_on_a_publisher_s_server_is_pinned() -> None:
    for model in MODELS:
        for source in model.sources:
            assert set(source.packages) <= set(source.pinned_names()), model.name
            assert set(source.published) <= set(source.pinned_names()), model.name
    assert set(PACKAGED) <= {model.name for model in MODELS}
    assert set(FILES) <= {model.name for model in MODELS}


def test_the_packages_and_paths_of_files_are_plain() -> None:
    members = [part for files in PACKAGED.values() for parts in files.values() for part in parts]
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", part.package.name) for part in members)
    assert all(re.fullmatch(r"\d+(\.\d+)+", part.package.version) and part.package.size > MB for part in members)
    assert all(not part.path.startswith("/") and ".." not in part.path.split("/") for part in members)
    paths = [file.path for files in PUBLISHED.values() for file in files.values()]
    assert all(re.fullmatch(r"[0-9a-f-]{36,}\.(bin|spm)", path) for path in paths)
    assert len(set(paths)) == len(paths)


def test_a_pair_of_firefox_has_the_files_that_its_engine_loads() -> None:
    for model in (model for model in MODELS if model.engine == "bergamot"):
        pair = "".join(model.languages.split("-"))
        kinds = sorted(name.partition(".")[0] for name in model.names())
        assert kinds == ["lex", "model", "vocab"]
        assert all(f".{pair}." in name for name in model.names())


def test_a_package_that_does_not_name_a_licence_is_announced_as_such() -> None:
    assert "does not mention the licence" in named("bergamot-en-pt").remark
    assert named("bergamot-en-es").remark == ""
    assert named("bergamot-en-pt").origin == "Mozilla's Firefox Translations"
    assert named("whisper-base").origin == "Systran/faster-whisper-base"


def test_the_setting_has_the_names_of_all_places() -> None:
    assert set(get_args(ModelSource)) == set(Place) == set(Config().models.sources)


def test_a_model_that_is_known_by_its_pattern_is_not_pinned() -> None:
    assert not named("opus-mt-tc-big-en-pt").is_pinned
    assert named("opus-mt-en-roa").sources[0].revision == "main"


def test_a_file_comes_from_one_source_only() -> None:
    for model in MODELS:
        names = [name for source in model.sources for name in (*source.files, *source.optional)]
        assert len(names) == len(set(names)), model.name


def test_names_are_unique_even_if_case_is_ignored() -> None:
    assert len({key(model.name) for model in MODELS}) == len(MODELS)


def test_every_engine_with_a_default_model_has_a_known_one_that_is_its_own() -> None:
    for engine, name in DEFAULT_MODELS.items():
        assert named(name).engine == engine


@pytest.mark.parametrize(("name", "engine", "repository", "languages"), [
    ("quickmt-en-de", "quickmt", "quickmt/quickmt-en-de", "en-de"),
    ("quickmt-pt-en", "quickmt", "quickmt/quickmt-pt-en", "pt-en"),
    ("opus-mt-en-roa-ct2", "quickmt", "gaudi/opus-mt-en-roa-ctranslate2", "en-roa"),
    ("opus-mt-en-roa", "transformers", "Helsinki-NLP/opus-mt-en-roa", "en-roa"),
])  # fmt: skip
def test_a_model_for_any_pair_is_found_by_its_name(name: str, engine: str, repository: str, languages: str) -> None:
    model = find(name)
    assert model is not None and model.licence.commercial == "yes"
    assert (model.engine, model.origin, model.languages) == (engine, repository, languages)


@pytest.mark.parametrize("name", ["quickmt-en", "quickmt-en-../x", "opus-mt-tc-big-en-pt-ct2"])
def test_other_names_are_none_of_the_catalogue(name: str) -> None:
    assert find(name) is None


def test_a_model_for_any_pair_of_languages_is_known_by_its_pattern() -> None:
    model = named("opus-mt-tc-big-en-pt")
    assert (model.sources[0].repository, model.languages) == ("Helsinki-NLP/opus-mt-tc-big-en-pt", "en-pt")
    assert model.engine == "transformers"
    assert find("opus-mt-en") is None
    assert find("opus-mt-en-../../etc") is None


def test_a_misspelt_name_is_answered_with_similar_ones() -> None:
    with pytest.raises(UsageError, match="Similar names: whisper-medium"):
        named("wisper-medium")
    assert named("WHISPER-Tiny").name == "whisper-tiny"


def test_alternative_files_count_as_one_missing_file() -> None:
    present = {"config.json", "tokenizer.json", "vocabulary.txt"}
    assert named("whisper-tiny").missing(present) == ["model.bin"]


def test_the_command_that_downloads_a_model_is_named_with_its_size() -> None:
    assert how_to_download("whisper-small") == "Download it (487.0 MB) with: `dropdub models pull whisper-small`"
    assert how_to_download("mine") == "Download it with: `dropdub models pull mine`"
