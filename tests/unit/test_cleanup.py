"""Portuguese speech written down tidily, and nothing of its meaning changed."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropdub.pipeline.cleanup import tidied

PIECES = "o a que casa Sr dr etc hum éé ahn é um João, . , ! … foi-se 3,5 www.exemplo.pt eh mmm Ana"
WORDS = st.sampled_from(PIECES.split())


@pytest.mark.parametrize(
    ("heard", "written"),
    [
        ("hum, eu acho que ahn sim", "Eu acho que sim"),
        ("Éé... o o o carro parou", "O carro parou"),
        ("de, de manhã", "De manhã"),
        ("o sr João e a dra. Ana chegaram", "O Sr. João e a Dra. Ana chegaram"),
        ("pão , leite ,ovos etc", "Pão, leite, ovos etc."),
        ("acabou .voltamos amanhã", "Acabou. Voltamos amanhã"),
        ("é isso. é verdade", "É isso. É verdade"),
        ("custa 3,5 euros às 10:30", "Custa 3,5 euros às 10:30"),
        ("veja www.exemplo.pt hoje", "Veja www.exemplo.pt hoje"),
        ("um carro e um gato", "Um carro e um gato"),
        ("ele veio, ah, ontem", "Ele veio, ah, ontem"),
        ("o dr de serviço", "O dr de serviço"),
        ("hum", "hum"),
        ("muito muito bom", "Muito muito bom"),
    ],
)
def test_examples(heard: str, written: str) -> None:
    assert tidied(heard) == written


@given(st.lists(WORDS, max_size=25).map(" ".join))
def test_tidying_again_changes_nothing_and_no_real_word_is_lost(text: str) -> None:
    found = tidied(text)
    assert tidied(found) == found
    assert "  " not in found
    for word in ("casa", "João", "Ana", "foi-se", "3,5", "www.exemplo.pt"):
        assert len(re.findall(re.escape(word), found, re.IGNORECASE)) == len(re.findall(re.escape(word), text))


@given(st.text(max_size=60))
def test_any_text_can_be_tidied(text: str) -> None:
    assert bool(tidied(text).strip()) == bool(text.strip())
