"""Portuguese clean-up: what cannot mean anything is removed, everything else stays."""

from __future__ import annotations

import json
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropdub.config import JobOptions
from dropdub.pipeline.artifacts import Segment, TimedWord, Transcript
from dropdub.speech.cleanup_pt import clean_segments, cleaned
from dropdub.stages.merge import cleaned_up


@pytest.mark.parametrize(
    ("heard", "clean"),
    [
        ("Hum, eu acho que sim.", "Eu acho que sim."),
        ("eu hum acho, ahn, que sim", "Eu acho, que sim"),
        ("Então, ahn... vamos embora.", "Então, vamos embora."),
        ("Nós temos hã três filhos.", "Nós temos três filhos."),
        ("A reunião foi éé ontem.", "A reunião foi ontem."),
        ("Ãã, não sei.", "Não sei."),
        ("Acabou hum. Depois fomos.", "Acabou. Depois fomos."),
        ("Acabou. Hum. depois fomos.", "Acabou. Depois fomos."),
        ("E foi assim hum…", "E foi assim…"),
        ("Comprei pão, hum, leite e ovos.", "Comprei pão, leite e ovos."),
        ("É… eu acho que não.", "Eu acho que não."),
        ("Pois, é... então vamos.", "Pois, então vamos."),
        ("O carro, é…, vermelho.", "O carro, vermelho."),
        ("e\u0301e\u0301 nós vamos", "Nós vamos"),
    ],
)
def test_hesitations_are_removed(heard: str, clean: str) -> None:
    assert cleaned(heard) == clean


@pytest.mark.parametrize(
    "text",
    [
        "É… difícil.",
        "Isto é… um problema.",
        "A verdade é... eu sei lá.",
        "Hã?",
        "Hum? Não ouvi.",
        "Hum hum, pode ser.",
        "Ah, que bom!",
        "Eh pá, que frio.",
        "Oh, não!",
        "Ele comprou um carro.",
        "O HMM é um modelo.",
        "Disse «hum» e saiu.",
    ],
)
def test_what_may_mean_something_stays(text: str) -> None:
    assert cleaned(text) == text


@pytest.mark.parametrize(
    ("heard", "clean"),
    [
        ("o o o carro", "O carro"),
        ("A a casa é grande.", "A casa é grande."),
        ("Fomos de, de Lisboa ao Porto.", "Fomos de Lisboa ao Porto."),
        ("Estava na… na escola.", "Estava na escola."),
        ("Eu eu acho que sim.", "Eu acho que sim."),
        ("Você você sabe.", "Você sabe."),
        ("E hum e depois.", "E depois."),
        ("Isso é do do meu pai.", "Isso é do meu pai."),
    ],
)
def test_false_starts_of_function_words_are_removed(heard: str, clean: str) -> None:
    assert cleaned(heard) == clean


@pytest.mark.parametrize(
    "text",
    [
        "Não, não, não quero.",
        "Muito muito grande.",
        "O que que é isso?",
        "Não sei se se lembra.",
        "O carro para para abastecer.",
        "Ligue nove um um três.",
        "Eu, eu mesmo.",
        "Só quero uma, uma pequena.",
        "Vitamina a a mais.",
        "Da classe A a B.",
        "Casa casa com casa.",
        "Ele dá-lhe lhe.",
    ],
)
def test_repeats_that_may_be_meant_stay(text: str) -> None:
    assert cleaned(text) == text


@pytest.mark.parametrize(
    ("heard", "clean"),
    [
        ("Olá  ,  mundo !", "Olá, mundo!"),
        ("Olá,mundo;adeus", "Olá, mundo; adeus"),
        ("Foi assim , , não foi ?", "Foi assim, não foi?"),
        ("Isto ( disse ele ) é « bom ».", "Isto (disse ele) é «bom»."),
        ("Custa\u00a03,5 euros\nou 1.000 reais.", "Custa 3,5 euros ou 1.000 reais."),
        ("Escreva a ana@rtp.pt ou veja www.rtp.pt/a,b .", "Escreva a ana@rtp.pt ou veja www.rtp.pt/a,b."),
    ],
)
def test_punctuation_is_spaced(heard: str, clean: str) -> None:
    assert cleaned(heard) == clean


@pytest.mark.parametrize(
    ("heard", "clean"),
    [
        ("é verdade. ótimo! não é? é.", "É verdade. Ótimo! Não é? É."),
        ("foi em… outubro", "Foi em… outubro"),
        ("foi em... outubro", "Foi em... outubro"),
        ("iPhone é caro", "iPhone é caro"),
        ("ver art. quinto e pág. vinte", "Ver art. quinto e pág. vinte"),
        ("ele disse: «sim.» depois saiu", "Ele disse: «sim.» Depois saiu"),
        ("guarda-chuva", "Guarda-chuva"),
        ("«quem?» perguntou ela", "«Quem?» perguntou ela"),
    ],
)
def test_sentences_begin_with_a_capital(heard: str, clean: str) -> None:
    assert cleaned(heard) == clean


@pytest.mark.parametrize(
    ("heard", "clean"),
    [
        ("O sr Silva e a dra. Ana.", "O Sr. Silva e a Dra. Ana."),
        ("Os srs deputados, o dr João.", "Os Srs. deputados, o Dr. João."),
        ("Pão, leite, etc", "Pão, leite, etc."),
        ("Pão, etc, e mais.", "Pão, etc., e mais."),
        ("Moro na av Paulista e ele na av. Brasil.", "Moro na Av. Paulista e ele na Av. Brasil."),
        ("A av da Liberdade.", "A av da Liberdade."),
        ("O prof Costa é bom, mas o prof novo não.", "O Prof. Costa é bom, mas o prof novo não."),
        ("O eng Sousa e a arq Lima.", "O Eng. Sousa e a Arq. Lima."),
        ("O DR publicou.", "O DR publicou."),
        ("A Dr.ª Ana.", "A Dr.ª Ana."),
        ("O sr. não sabe? sei.", "O Sr. não sabe? Sei."),
    ],
)
def test_abbreviations_are_written_properly(heard: str, clean: str) -> None:
    assert cleaned(heard) == clean


@pytest.mark.parametrize("text", ["hum", "Hum, ahn…", "…", "", "?", "éé"])
def test_a_text_of_hesitations_alone_keeps_them(text: str) -> None:
    assert cleaned(text, begins_sentence=False) == text


PIECES = """
    o O a de de, na… eu Eu hum Hum, hum. ahn hã? éé é… é..., carro vermelho. sr dra. etc av Lisboa João um ( ) , . ? …
    « » 3,5 ana@rtp.pt olá,mundo iPhone vitamina É não
"""
CONTENT = "carro vermelho Lisboa não três casa, bom! azul? 3,5 João"
WORDS = st.sampled_from(PIECES.split())
TEXTS = st.lists(WORDS, max_size=12).map(" ".join) | st.text(max_size=40)


@given(TEXTS, st.booleans())
def test_cleaning_again_changes_nothing(text: str, begins: bool) -> None:
    once = cleaned(text, begins_sentence=begins)
    assert cleaned(once, begins_sentence=begins) == once


@given(TEXTS)
def test_there_are_no_double_spaces_and_no_spaces_around(text: str) -> None:
    assert cleaned(text) == " ".join(cleaned(text).split())


@given(TEXTS)
def test_a_text_with_a_word_is_never_empty(text: str) -> None:
    assert any(map(str.isalnum, cleaned(text))) or not any(map(str.isalnum, text))


@given(st.lists(st.sampled_from(CONTENT.split()), max_size=12))
def test_words_that_are_neither_hesitations_nor_function_words_all_stay(words: list[str]) -> None:
    assert cleaned(" ".join(words)).lower().split() == " ".join(words).lower().split()


def a_segment(id_: int, text: str) -> Segment:
    words = tuple(TimedWord(id_ + 0.1, id_ + 0.9, word, 0.5) for word in text.split())
    return Segment(id_, float(id_), id_ + 1.0, text, words)


def test_a_segment_in_the_middle_of_a_sentence_gets_no_capital() -> None:
    heard = ["ontem fomos", "ao Porto.", "foi bom", "com o sr.", "silva… e", "depois"]
    clean = [one.text for one in clean_segments(a_segment(number, text) for number, text in enumerate(heard))]
    assert clean == ["Ontem fomos", "ao Porto.", "Foi bom", "com o Sr.", "silva… e", "depois"]


def test_words_and_times_stay_and_the_raw_text_is_kept_if_it_changed() -> None:
    changed, same = clean_segments([a_segment(0, "hum, o o carro."), a_segment(1, "É azul.")])
    assert (changed.text, changed.raw) == ("O carro.", "hum, o o carro.")
    assert changed.words == a_segment(0, "hum, o o carro.").words and changed.start == 0.0
    assert same == a_segment(1, "É azul.")


@pytest.mark.parametrize(
    ("cleanup", "language", "text"),
    [
        ("pt", "pt", "Sim"),
        ("pt", "pt-BR", "Sim"),
        ("pt", "por", "Sim"),
        ("pt", "en", "hum sim"),
        ("none", "pt", "hum sim"),
    ],
)
def test_only_portuguese_is_cleaned_and_only_if_asked(cleanup: Literal["none", "pt"], language: str, text: str) -> None:
    heard = Transcript(language, 1.0, (a_segment(0, "hum sim"),), {})
    assert cleaned_up(heard, JobOptions(cleanup=cleanup)).segments[0].text == text


def test_a_transcript_from_before_the_cleanup_can_still_be_read() -> None:
    item = {"id": 0, "start": 0.0, "end": 1.0, "text": "sim", "words": [], "speaker": None}
    old = {"language": "pt", "duration_s": 1.0, "segments": [item], "engine": {}, "source_language": None}
    assert Transcript.from_json(json.dumps(old)).segments[0].raw is None
