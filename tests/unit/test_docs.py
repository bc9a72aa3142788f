"""The documents say what the program does: pages made from it are up to date, and both READMEs say the same."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

HERE = Path(__file__).resolve().parents[2]
ENGLISH, PORTUGUESE = HERE / "README.md", HERE / "README.pt-BR.md"


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", HERE / "docs" / "generate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_generated_pages_and_the_checkouts_settings_are_up_to_date(generate: ModuleType) -> None:
    old = [str(path.relative_to(HERE)) for path, text in generate.pages().items() if path.read_text("utf-8") != text]
    assert old == [], "run: .venv/bin/python docs/generate.py"


def test_every_setting_is_documented(generate: ModuleType) -> None:
    assert generate.documented_settings() == generate.every_setting()


def test_every_command_is_documented(generate: ModuleType) -> None:
    page = (HERE / "docs" / "commands.md").read_text("utf-8")
    names = [name for name, _, _ in generate.commands()]
    assert len(names) > 20
    assert re.findall(r"^## (.+)$", page, re.MULTILINE) == names


def test_the_readme_is_one_page() -> None:
    for readme in (ENGLISH, PORTUGUESE):
        lines = readme.read_text("utf-8").splitlines()
        assert len(lines) <= 150
        assert [line for line in lines if len(line) > 100] == []


def test_both_readmes_have_the_same_sections_and_commands() -> None:
    english, portuguese = ENGLISH.read_text("utf-8"), PORTUGUESE.read_text("utf-8")
    assert _levels(english) == _levels(portuguese)
    assert _commands(english) == _commands(portuguese)
    assert _links(english) == _links(portuguese)


def test_every_file_that_the_front_pages_link_to_exists() -> None:
    for page in (ENGLISH, PORTUGUESE, HERE / "CONTRIBUTING.md"):
        gone = [link for link in _links(page.read_text("utf-8")) if not (HERE / link).exists()]
        assert gone == [], page.name


def test_every_picture_is_small_shown_and_described_in_words() -> None:
    pages = [ENGLISH, PORTUGUESE, *(HERE / "docs").glob("*.md")]
    shown = [found for page in pages for found in re.findall(r"!\[([^]]*)\]\(([^)]+)\)", page.read_text("utf-8"))]
    assert [path for words, path in shown if len(words.split()) < 4] == []
    pictures = list((HERE / "docs" / "pictures").iterdir())
    assert {Path(path).name for _, path in shown} == {picture.name for picture in pictures}
    assert [picture.name for picture in pictures if picture.stat().st_size > 80_000] == []


def test_every_module_in_where_do_i_change_x_exists() -> None:
    table = (HERE / "CONTRIBUTING.md").read_text("utf-8").partition("## Where do I change")[2].partition("\n## ")[0]
    named = re.findall(r"`([\w./-]+/[\w./-]*)`", table)
    assert len(named) >= 10
    assert [name for name in named if not any((base / name).exists() for base in (HERE, HERE / "src/dropdub"))] == []


def test_every_test_that_a_page_mentions_exists() -> None:
    modules = [path for path in (HERE / "tests").rglob("test_*.py") if path != Path(__file__)]
    defined = {name for path in modules for name in re.findall(r"\bdef (test_\w+)", path.read_text("utf-8"))}
    named = {name for page in (HERE / "docs").rglob("*.md") for name in _names_of_tests(page.read_text("utf-8"))}
    assert len(named) >= 10
    assert named - defined - {path.stem for path in modules} - {Path(__file__).stem} == set()


def _names_of_tests(text: str) -> list[str]:
    """Return the names of tests and of their modules, without `.py`, that occur in code."""
    return [name for code in re.findall(r"`([^`\n]+)`", _without_code(text)) for name in re.findall(r"test_\w+", code)]


def _levels(text: str) -> list[int]:
    return [len(line.split()[0]) for line in _without_code(text).splitlines() if line.startswith("#")]


def _commands(text: str) -> list[str]:
    """Return the indented lines, without their comments: what the reader is to type, and the tree of a root."""
    return [
        line.partition(" #")[0].strip() for line in text.splitlines() if line.startswith("    ") and "$" not in line
    ]


def _links(text: str) -> list[str]:
    """Return what is linked to in this repository; the two READMEs link to each other."""
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)
    return [target for target in targets if target not in (ENGLISH.name, PORTUGUESE.name)]


def _without_code(text: str) -> str:
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)
