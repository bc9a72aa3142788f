"""What a subtitle shows but nobody says."""

from __future__ import annotations

import pytest

from dropdub.pipeline.artifacts import Segment
from dropdub.speech.described_lines import DescribedLines
from dropdub.speech.descriptions import Descriptions


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[door slams] Who is there?", "Who is there?"),
        ("(sighs) I am very tired.", "I am very tired."),
        ("I am (sighs) very tired.", "I am very tired."),
        ("Who is it? (laughs)", "Who is it?"),
        ("JOHN: The house is white.", "The house is white."),
        ("JOHN: Hello. MARY: Good day.", "Hello. Good day."),
        ("MAN 2: Go.", "Go."),
        ("DR. SMITH (on the phone): Come in.", "Come in."),
        ("Narrador: A casa é branca.", "A casa é branca."),
        (">> JOHN: Well", "Well"),
        ("McGEE: Well", "Well"),
        ("I'm trying to! (MASTER): Faster now.", "I'm trying to! Faster now."),
        ("(thunder)", ""),
        ("[SIGHS]", ""),
        ("♪ la la ♪", ""),
        ("♪ la la", ""),
        ("♪ la la ♪ Who is there?", "Who is there?"),
        ("# Happy birthday to you #", ""),
        ("*sighs* I am tired.", "I am tired."),
        ("（ドアの音）こんにちは", "こんにちは"),
        ("【音楽】", ""),
        ("- [man] Who?", "Who?"),
        ("\u200f(صوت) مرحبا", "مرحبا"),
        ("JOHN [on the radio]: Come in.", "Come in."),
        ("Dr. Smith: Come in.", "Come in."),
        (">> Hi there >> Hello", "Hi there Hello"),
        ("(phone rings 3 times) Hello?", "Hello?"),
        ("彼は東京（とうきょう）に行った。", "彼は東京に行った。"),
        ("そうですね（笑）。", "そうですね。"),
        ("그래요(웃음) 좋아요.", "그래요 좋아요."),
    ],
)
def test_sounds_songs_and_names_are_not_said(text: str, said: str) -> None:
    assert Descriptions.of([text], language="en").said(text) == said


@pytest.mark.parametrize(
    "text",
    [
        "Note: this is important.",
        "WARNING: Keep out.",
        "At 10:30 we go.",
        "I said: no",
        "The list: Bread and milk.",
        "It costs 5 euros (about 6 dollars) now.",
        "My house (the old one) is white.",
        "The United Nations (UN) said so.",
        "(Yes.)",
        "Read the item(s).",
        "#1 in the charts",
        "Results: Good.",
        "Cause of death: Drowning.",
        "John: I said so.",
        "Captain America: The First Avenger is a film.",
        "It was long ago (2020) in Spain.",
        "We meet at 5 (pm) today.",
        "(1) Open the door. (2) Close it.",
        "他来自北京（中国的首都）。",
    ],
)
def test_what_is_no_description_is_said(text: str) -> None:
    assert Descriptions.of([text, "Another line.", "And another."], language="en").said(text) == text


def test_a_label_that_comes_again_is_a_name() -> None:
    lines = ["John: Where is she?", "Mary: Here.", "John: Good."]
    found = Descriptions.of(lines, language="en")
    assert [found.said(line) for line in lines] == ["Where is she?", "Here.", "Good."]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["- John: Hi.", "- Mary: Hello."], ["Hi.", "Hello."]),
        (["Maria Silva: Good evening.", "Thank you, Maria."], ["Good evening.", "Thank you, Maria."]),
        (["John: Hi. Mary: Hello. John: Bye."], ["Hi. Hello. Bye."]),
        (["Will: I will go.", "Will: Good.", "Will: Bye."], ["I will go.", "Good.", "Bye."]),
        (["John: Hi.", "Mary: Hi.", "John: Me.", "Mary: You.", "Ann: All."], ["Hi.", "Hi.", "Me.", "You.", "All."]),
        (["小明：你好", "小红：你好", "小明：再见"], ["你好", "你好", "再见"]),
        (["أحمد: مرحبا", "أحمد: كيف حالك؟"], ["مرحبا", "كيف حالك؟"]),
    ],
)
def test_the_whole_file_shows_which_words_before_colons_are_names(lines: list[str], said: list[str]) -> None:
    others = ["The weather is fine.", "We walked for an hour.", "Nobody knew.", "It was late."]
    found = Descriptions.of([*lines, *others], language="en")
    assert [found.said(line) for line in lines] == said


@pytest.mark.parametrize(
    "lines",
    [
        ["Remember: Never give up.", "Remember: Stay calm."],
        ["Disse-lhe: Vem comigo.", "Disse-lhe: Vai embora."],
        ["Pros: Cheap.", "Cons: Slow."],
        ["My point: It works.", "My point: It is cheap."],
        ["Dog: Cachorro.", "Cat: Gato.", "House: Casa.", "Tree: Árvore.", "Water: Água."],
        ["他说：你好", "他说：再见"],
        ["قال: تعال", "قال: اذهب"],
    ],
)
def test_sentences_with_a_colon_are_said_whole_however_often_they_come(lines: list[str]) -> None:
    found = Descriptions.of([*lines, "It was late.", "Nobody knew."], language="en")
    assert [found.said(line) for line in lines] == lines


def test_a_translation_keeps_the_names_of_its_source() -> None:
    assert Descriptions.of(["Maria: Bom dia."], language="pt", names=frozenset(["maria"])).said("Maria: Bom dia.") == (
        "Bom dia."
    )


def test_in_a_subtitle_of_capitals_a_label_is_a_name_only_if_it_comes_again() -> None:
    lines = ["THE RESULT: NOTHING AT ALL.", "BOB: WHO IS THERE?", "BOB: WE ARE."]
    found = Descriptions.of(lines, language="en")
    assert [found.said(line) for line in lines] == ["THE RESULT: NOTHING AT ALL.", "WHO IS THERE?", "WE ARE."]


def test_descriptions_are_translated_apart_and_put_back() -> None:
    texts = ["[door slams] Who is there?", "JOHN: I am (sighs) tired.", "(thunder)", "Come."]
    lines = DescribedLines.of([Segment(at, at, at + 1, text) for at, text in enumerate(texts)], language="en")
    assert [one.text for one in lines.said] == ["Who is there?", "I am tired.", "", "Come."]
    assert list(lines.shown_only()) == ["door slams", "sighs", "thunder"]
    known = {"door slams": "portazo", "sighs": "Suspira.", "thunder": "truenos."}
    said = ["¿Quién es?", "Estoy muy cansado.", "", "Ven."]
    assert [lines.whole(at, text, known) for at, text in enumerate(said)] == [
        "[portazo] ¿Quién es?",
        "JOHN: Estoy (suspira) muy cansado.",
        "(truenos)",
        "Ven.",
    ]
    translated = [lines.whole(at, text, known) for at, text in enumerate(said)]
    assert list(map(Descriptions.of(translated, language="es").said, translated)) == said
