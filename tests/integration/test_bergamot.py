"""The small translator with its real models."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from dropdub.engines.base import EngineSettings
from dropdub.engines.bergamot.engine import BergamotTranslator
from dropdub.errors import UnsupportedLanguage

ENGLISH = (
    "The meeting starts at nine o'clock tomorrow morning. I think we took the wrong road. How much does this book cost?"
)


@pytest.fixture(scope="module")
def engine(real_model: Callable[[str], Path]) -> BergamotTranslator:
    if problem := BergamotTranslator.unavailable():
        pytest.skip(problem)
    real_model("bergamot-pt-en")
    engine = BergamotTranslator(EngineSettings(models_dir=real_model("bergamot-en-pt").parent))
    engine.load()
    return engine


def to_portuguese(engine: BergamotTranslator, *texts: str) -> list[str]:
    return engine.translate(texts, source="en", target="pt-BR")


def test_three_sentences_in_one_text_are_three_sentences(engine: BergamotTranslator) -> None:
    [found] = to_portuguese(engine, ENGLISH)
    assert found == " ".join(to_portuguese(engine, *re.split(r"(?<=[.?]) ", ENGLISH)))
    assert len(re.findall(r"[.?]", found)) == 3
    assert "reunião" in found and "errado" in found and "livro" in found


def test_equal_sentences_are_not_merged(engine: BergamotTranslator) -> None:
    assert to_portuguese(engine, "Three. Three. Three.") == ["Três. Três. Três."]


def test_markup_signs_lines_addresses_and_capitals_survive(engine: BergamotTranslator) -> None:
    markup = "<i>Hello, my friend.</i>\n{\\an8}♪ We are the champions ♪\n"
    plain = "Write to ana@example.com 😀\nHELLO WORLD\n...\n12/31"
    lines = to_portuguese(engine, markup + plain)[0].split("\n")
    assert lines[0].startswith("<i>Olá") and lines[0].endswith("</i>")
    assert lines[1].startswith("{\\an8}♪ ") and lines[1].endswith(" ♪")
    assert "ana@example.com" in lines[2] and "😀" in lines[2]
    assert lines[3].isupper() and "MUNDO" in lines[3] and "(" not in lines[3]
    assert lines[4:] == ["...", "12/31"]


def test_nothing_is_invented_after_thank_you(engine: BergamotTranslator) -> None:
    assert to_portuguese(engine, "Thank you, John.") == ["Obrigado, John."]
    assert engine.translate(["Sim. Dois."], source="pt", target="en") == ["Yes. Two."]


def test_an_empty_text_stays_empty_and_another_pair_is_refused(engine: BergamotTranslator) -> None:
    assert to_portuguese(engine, "", "  ") == ["", "  "]
    with pytest.raises(UnsupportedLanguage):
        engine.translate(["Hallo"], source="de", target="pt")
    assert engine.announcements() == []
