"""One notion of where a sentence ends, for translation, speech, subtitles and paragraphs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropdub.abbreviations import ends_before
from dropdub.engines.speaking.text_for_speech import parts
from dropdub.pipeline.artifacts import Segment
from dropdub.sentence_ends import MARKS, ends_sentence, is_bound, sentences, surely_ends_sentence
from dropdub.speech.sentences import sentences_of


@pytest.mark.parametrize(
    "text",
    [
        "Ontem o Sr. Silva e a Dra. Costa chegaram.",
        "Mr. Smith and Dr. Jones met J. R. Tolkien.",
        "Das gilt z. B. Montags, d. h. immer, u. U. nie.",
        "It costs 3.5 euros at www.example.org today.",
        "Veja a fig. 3 e o art. 5 da lei, pág. 12.",
        "Take some, e.g. Apples, etc. and so on.",
        "Well… maybe not.",
        "«Quem?» perguntou ela.",
        "1. Introduction",
        "Ele nasceu no séc. XX em Lisboa.",
        "Mr. Smith met Dr. Jones at St. James Park.",
        "The U.S. Army came at 5 p.m. on Monday, or at 5 p.m. EST.",
        "Philip K. Dick knew Martin Luther King Jr. Day and the J. Le Goff books.",
        "O Sr. Silva mora na Av. Paulista, n.º 5, pág. Quinze, e deve R$ 1.234,56 desde 12.3.2024.",
        "A Exma. Senhora Profª. Ana e o Exmo. Prof. Rui vieram às 14h30 ao 1º andar.",
        "A Silva Ltda. e a Costa S.A. existem desde 50 a.C. ou depois, tel. 5, fl. 3, vol. II.",
        "Ella vive con D. Juan en EE. UU. y Ud. Quiere verla a las 5 p. m. o después.",
        "Il est né en 44 av. J.-C. à Rome avec M. Dupont et Mme Curie, c.-à-d. Marie.",
        "Am 3. Oktober traf er im 19. Jahrhundert Hr. Dr. Müller, Nr. 5, für 5 Mio. Euro.",
        "Il Sig. Rossi e la Dott.ssa Bianchi, pag. 5, ecc. e altro.",
        "— Vamos! — disse ele.",
        "— Quem é? — perguntou a D. Maria.",
        "— Bem... — começou ela.",
        "« Qui ? » demanda-t-il, et « Non. » répondit Mme Petit.",
        "O Cap. Sousa e o Min. Lima moram na Cx. Postal 5, perto de Sto. António, no km. 23.",
        "Rep. Pelosi met Attn. Brown, who is 5 ft. 3.",
        "Bzgl. Ihrer Frage zahlt die Fa. Meier, Goethestr. 5, 2. Stock, gem. § 5, Dr. med. Klein.",
        "Vive en Bs. As. con Sta. Teresa.",
        "Ks. Jan mieszka przy ul. Długiej, godz. 14.30, por. str. 5, np. Św. Piotr, ur. 1629.",
        "Проф. Иванов живёт на ул. Ленина, д. 5, кв. 3, тел. 5-55, и платит 5 руб. 20 коп.",
        "Ο Δρ. Νικολάου, οδ. Σταδίου 5, τηλ. 210, τρώει π.χ. μήλα.",
        "Hr. Berg kommer kl. 14.30.",
        "Проф. Петров посетил ул. Ленина д. 5 и МГТУ им. Баумана, см. стор. 12, корп. 1.",
    ],
)
def test_a_mark_inside_a_sentence_does_not_end_it(text: str) -> None:
    assert sentences(text) == [text]


@pytest.mark.parametrize(
    "found",
    [
        ["It rained.", "We stayed in."],
        ["Really?!", "Yes…", "Come in."],
        ['He said "Stop."', "Then he left."],
        ["(He came late.)", "Nobody minded."],
        ["It was 1990.", "He left."],
        ["I love art.", "He does not."],
        ["No.", "I do not."],
        ["Foi assim que é.", "Depois saímos."],
        ["He left at 5 p.m.", "She stayed."],
        ["He came at 5 p.m.", "Mr. Smith left."],
        ["He lives in the U.S.", "She does not."],
        ["He lives on Main St.", "The house is old."],
        ["He works at Apple Inc.", "The firm is big."],
        ["It has vitamin C.", "A study says so."],
        ["Comprei pão, leite, etc.", "A loja fechou."],
        ["Foi em 50 a.C.", "Roma era grande."],
        ["Trabalha na Silva S.A.", "Ela gosta."],
        ["Vive en EE. UU.", "El presidente habla."],
        ["Llegó a las 5 p. m.", "Mañana vuelve."],
        ["— Sim.", "— Não."],
        ["Where are you?", "¿Dónde estás?"],
        ["كيف حالك؟", "بخير."],
        ["यह है।", "वह नहीं।"],
        ["i was there.", "then we left."],
        ["Chegou às 9 h.", "Saiu às 10 h."],
        ["« Moi. »", "« Non. »"],
        ["„Ja.“", "»Nein.«"],
        ["Яблоки, груши и т. д.", "Потом мы ушли."],
        ["В 2020 г. он уехал.", "Это было в XX в. до н. э.", "Давно."],
        ["Mieszka w 5 woj.", "On jest stary."],
        ["Τι ώρα είναι;", "Είναι αργά.", "Μήλα κ.λπ.", "Μετά φύγαμε."],
        ["Pay; Then go."],
    ],
)
def test_a_sentence_ends_at_its_mark(found: list[str]) -> None:
    assert sentences(" ".join(found)) == found


@pytest.mark.parametrize(
    "found", [["今日は雨です。", "明日は晴れ！？", "本当？"], ["「はい。」", "「いいえ。」"], ["你好！", "再见。"]]
)
def test_wide_marks_end_a_sentence_without_a_space_and_keep_what_closes_it(found: list[str]) -> None:
    assert sentences("".join(found)) == found


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        *[("Yes.", True), ("Really?”", True), ("はい。」", True), ("Well…", True), ("etc...", True), ("art.", True)],
        *[("« Moi. »", True), ("« Moi »", False), ("Πού;", True), ("so;", False), ("às 9 h.", True)],
        *[("Yes", False), ("Dr.", False), ("the Sr.", False), ("J.", False), ("so,", False), ("", False)],
    ],
)
def test_whether_a_text_ends_a_sentence_depends_on_the_text_alone(text: str, ends: bool) -> None:
    assert ends_sentence(text) is ends


@pytest.mark.parametrize(
    ("text", "following", "ends"),
    [
        *[("the U.S.", "Army", False), ("the U.S.", "She", True), ("etc.", "e tal", False), ("etc.", "Depois", True)],
        *[
            ("the Dr.", "The", False),
            ("in 1990.", "He", True),
            ("am 3.", "Oktober", False),
            ("at 5 p.m.", "Monday", False),
        ],
    ],
)
def test_what_follows_decides_whether_an_abbreviation_ends_a_sentence(text: str, following: str, ends: bool) -> None:
    assert ends_sentence(text, following) is ends


@pytest.mark.parametrize(
    ("text", "following", "bound"),
    [
        *[("Av.", "Paulista", True), ("D.", "Juan", True), ("Ud.", "Quiere", True), ("pág.", "Quince", True)],
        *[("R$", "5,00", True), ("n.º", "5", True), ("3.", "Oktober", True), ("(Dr.", "Silva", True)],
        *[
            ("etc.", "e", False),
            ("casa.", "Ela", False),
            ("art.", "He", False),
            ("art.", "5", True),
            ("Well...", "I", False),
        ],
    ],
)
def test_an_abbreviation_is_bound_to_what_it_shortens(text: str, following: str, bound: bool) -> None:
    assert is_bound(text, following) is bound


@pytest.mark.parametrize("text", ["Yes.", "Really?", "He said “Stop.”", "Vi-o.", "It rose by 10%."])
def test_some_texts_end_a_sentence_whatever_follows(text: str) -> None:
    assert surely_ends_sentence(text) and ends_sentence(text)


@pytest.mark.parametrize("text", ["Well…", "Well...", "«Quem?»", "in 1990.", "etc.", "art.", "at 5 p.m.", "I.", ""])
def test_other_texts_may_continue(text: str) -> None:
    assert not surely_ends_sentence(text)


@pytest.mark.parametrize(
    ("word", "is_one"), [("Dr", True), ("e.g", True), ("J", True), ("I", False), ("p.m", False), ("é", False)]
)
def test_abbreviations_are_distinguished_from_words(word: str, is_one: bool) -> None:
    assert ends_before(word, "") is not is_one


PIECES = st.lists(st.sampled_from(["Dr", "z", "B", "é", "word", "Word", "3", *MARKS, " ", "”", "(", "\n"]), max_size=60)


@given(PIECES.map("".join))
def test_only_white_space_is_lost(text: str) -> None:
    found = sentences(text)
    assert "".join("".join(found).split()) == "".join(text.split())
    assert all(sentence and sentence == sentence.strip() for sentence in found)


def test_sentences_translated_as_one_are_spoken_as_one() -> None:
    text = (
        "Yesterday we all met Dr. Silva there. She had brought z. B. flowers and 3.5 kilos of sugar. What a day it was!"
    )
    translated = [sentence.text for sentence in sentences_of([Segment(0, 0.0, 9.0, text)])]
    assert translated == parts(text, limit=200) and len(translated) == 3


def test_a_title_at_a_segments_end_does_not_end_the_sentence() -> None:
    said = [Segment(0, 0.0, 2.0, "Yesterday I met Dr."), Segment(1, 2.0, 4.0, "Silva in Lisbon.")]
    assert [one.text for one in sentences_of(said)] == ["Yesterday I met Dr. Silva in Lisbon."]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("「はい。」と言った。", ["「はい。」と言った。"]),
        ("「はい。」「いいえ。」", ["「はい。」", "「いいえ。」"]),
        ("彼は「行く！」と叫んだ。そして帰った。", ["彼は「行く！」と叫んだ。", "そして帰った。"]),
        ("「はい。」彼は帰った。", ["「はい。」", "彼は帰った。"]),
        ("“你好。”他说。", ["“你好。”他说。"]),
        ("他说：“你好。”然后走了。", ["他说：“你好。”", "然后走了。"]),
        ("“네.” 하고 말했다.", ["“네.” 하고 말했다."]),
        ("“क्या?” उसने पूछा।", ["“क्या?” उसने पूछा।"]),
        ("«هل أنت هنا؟» سأل أحمد.", ["«هل أنت هنا؟» سأل أحمد."]),
        ("« Oui. » dit-il. « Non\u202f! » Il partit.", ["« Oui. » dit-il.", "« Non\u202f! »", "Il partit."]),
        ("(Sim.) disse ele. (Sim.) Ele saiu.", ["(Sim.) disse ele.", "(Sim.)", "Ele saiu."]),
    ],
)
def test_a_sentence_continues_after_the_bracket_of_a_quotation(text: str, found: list[str]) -> None:
    assert sentences(text) == found
    assert not ends_sentence("「はい。」", "と言った")
