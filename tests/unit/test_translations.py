"""The catalogues of the page: complete, up to date, and chosen by what a browser wants."""

from __future__ import annotations

import importlib.util
import plistlib
import re
import sys
from itertools import zip_longest
from pathlib import Path
from types import ModuleType

import pytest

from dropdub.process.language import language_without_browser, languages_of_environment
from dropdub.translations import accepted, best, catalogue, offered
from dropdub.translations.words import IN_ENGLISH, words_in

TOOL = Path(__file__).parents[2] / "tools" / "translate.py"
PLACES = re.compile(r"%\(\w+\)s|\{\w+\}")


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    pytest.importorskip("babel", reason="Babel is not installed")
    spec = importlib.util.spec_from_file_location("translate", TOOL)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("language", offered()[1:])
def test_a_catalogue_has_a_translation_of_every_text_with_all_its_places(tool: ModuleType, language: str) -> None:
    """After a change of texts, run: python3 tasks.py translate"""
    file = tool.FOLDER / f"{language.replace('-', '_')}.po"
    found = tool.updated(file)
    assert tool.written(found) == file.read_bytes()
    assert tool.compiled(found) == file.with_suffix(".mo").read_bytes()
    for message in found:
        originals = message.id if isinstance(message.id, tuple) else (message.id,)
        said = message.string if isinstance(message.string, tuple) else (message.string,)
        if originals != ("",):
            assert all(said), originals
            for one, original in zip_longest(said, originals, fillvalue=originals[-1]):
                assert set(PLACES.findall(one)) == set(PLACES.findall(original)), one


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("pt-BR,pt;q=0.9,en;q=0.8", "pt-BR"),
        ("pt-PT", "pt-BR"),
        ("en-US,pt;q=0.9", "en"),
        ("fr;q=0.9,PT-br;q=0.1", "pt-BR"),
        ("fr", "en"),
        ("", "en"),
        ("*;q=x,,;;,pt;q=0", "en"),
    ],
)
def test_the_language_that_a_browser_wants_most_is_chosen(header: str, language: str) -> None:
    assert best(accepted(header)) == language


def test_languages_have_their_names_and_numbers_their_decimals() -> None:
    portuguese = words_in("pt-BR")
    assert portuguese.name_of("pt-PT") == "português (PT)" and portuguese.title_of("en") == "Inglês"
    assert portuguese.name_of("tlh") == "tlh" and portuguese.decimal(5.826, 2) == "5,83"
    assert portuguese.size(1_400_000_000) == "1,4 GB" and IN_ENGLISH.size(1_400_000_000) == "1.4 GB"
    assert IN_ENGLISH.name_of("pt-BR") == "Portuguese (BR)" and IN_ENGLISH.decimal(5.826, 2) == "5.83"


@pytest.mark.parametrize(
    ("variables", "tags"),
    [
        ({"LANG": "pt_BR.UTF-8"}, ["pt-BR"]),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "pt_BR"}, ["pt-BR"]),
        ({"LC_ALL": "sr_RS@latin", "LANG": "pt_BR", "LANGUAGE": "hr:pt"}, ["hr", "pt", "sr-RS"]),
        ({"LANG": "C.UTF-8", "LANGUAGE": "pt"}, []),
        ({"LANG": ""}, None),
        ({}, None),
    ],
)
def test_the_locale_names_the_languages_of_the_system(variables: dict[str, str], tags: list[str] | None) -> None:
    assert languages_of_environment(variables) == tags


def test_without_a_browser_the_setting_or_the_system_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "pt_PT.UTF-8")
    assert language_without_browser("auto") == "pt-BR" and language_without_browser("en") == "en"
    monkeypatch.setenv("LANG", "fr_FR.UTF-8")
    assert language_without_browser("auto") == "en"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such file")
def test_macos_names_the_languages_in_the_settings_of_the_user(tmp_path: Path) -> None:
    from dropdub.process.posix import system_languages

    settings = tmp_path / "settings.plist"
    assert system_languages(settings) == []
    settings.write_bytes(plistlib.dumps({"AppleLanguages": ["pt-BR", "en"]}, fmt=plistlib.FMT_BINARY))
    assert system_languages(settings) == ["pt-BR", "en"]
    for odd in (b"bplist00 no", b"<plist", plistlib.dumps({"AppleLanguages": "pt"}), plistlib.dumps(["pt"])):
        settings.write_bytes(odd)
        assert system_languages(settings) == []


def test_english_needs_no_catalogue() -> None:
    assert catalogue("en").gettext("Jobs") == "Jobs"
    assert catalogue("pt-BR").gettext("Jobs") == "Trabalhos"
