"""Who reads which part of a text: by quotation marks, dashes, and names before colons."""

from __future__ import annotations

import pytest

from dropdub.dubbing.readers import DIALOGUE, Passage, Readers, passages_of, with_turns_apart
from dropdub.pipeline.artifacts import Segment
from dropdub.text.quoted_speech import parts_of
from dropdub.text.reading import paragraphs


def marked(line: str) -> str:
    """Return the parts of a line, those that are said in braces."""
    return " ".join(f"{{{part.text}}}" if part.is_said else part.text for part in parts_of(line))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("“Hello,” he said. “How are you?”", "{“Hello,”} he said. {“How are you?”}"),
        ('"Stop!" he cried, 5" tall.', '{"Stop!"} he cried, 5" tall.'),
        ("‘Don't go,’ she said. ‘I’m here.’", "{‘Don't go,’} she said. {‘I’m here.’}"),
        ("She asked “Why?” and left.", "She asked {“Why?”} and left."),
        ("“One.” “Two”", "{“One.” “Two”}"),
        ("“Who goes there", "{“Who goes there}"),
        ("Ele disse: “Olá”.", "Ele disse: {“Olá”.}"),
        ("«Olá», respondeu ela.", "{«Olá»,} respondeu ela."),
        ("«Bonjour !» dit-il. « Ça va ? »", "{«Bonjour !»} dit-il. {« Ça va ? »}"),
        ("Er sagte: „Guten Tag.“ Dann ging er.", "Er sagte: {„Guten Tag.“} Dann ging er."),
        ("»Ja«, sagte er.", "{»Ja«,} sagte er."),
        ("「はい。」と言った。", "{「はい。」} と言った。"),
        ("— Olá! — disse ele. — Tudo bem?", "{Olá!} disse ele. {Tudo bem?}"),
        ("– Eu vou – disse ela.", "{Eu vou} disse ela."),
        ("—Hola —dijo él—. ¿Qué tal?", "{Hola} dijo él. {¿Qué tal?}"),
        ("— A Maria — a Ana também.", "{A Maria} a Ana também."),
        ("— Vem cá — disse ela —, depressa.", "{Vem cá} disse ela, {depressa.}"),
        ("—Olá!—disse ela.—Tudo bem?", "{Olá!} disse ela. {Tudo bem?}"),
        ("--Olá!--disse ela.--Tudo bem?", "{Olá!} disse ela. {Tudo bem?}"),
        ("“I told him, ‘Go away!’” she said.", "{“I told him, ‘Go away!’”} she said."),
        ("“He said “go” and left,” she said.", "{“He said “go” and left,”} she said."),
        ("«Il m'a dit «viens» hier», dit-elle.", "{«Il m'a dit «viens» hier»,} dit-elle."),
        ("„Er sagte ‚komm‘ zu mir“, sagte sie.", "{„Er sagte ‚komm‘ zu mir“,} sagte sie."),
        ("“Hello, he said. “How are you?”", "“Hello, he said. {“How are you?”}"),
        ("He yelled “Stop now!", "He yelled {“Stop now!}"),
        ("He yelled “stop now and left.", "He yelled “stop now and left."),
        ("The dogs’ bowl, ‘he said’.", "The dogs’ bowl, ‘he said’."),
        ("Leu “Hamlet”, “Otelo”, “Macbeth”.", "Leu “Hamlet”, “Otelo”, “Macbeth”."),
        ("“Um”, “dois”, contou ela.", "{“Um”, “dois”,} contou ela."),
        ("He read “Hamlet” again.", "He read “Hamlet” again."),
        ("“Hamlet” is a play.", "“Hamlet” is a play."),
        ("He called it “nonsense.”", "He called it “nonsense.”"),
        ("It was the ’90s — and the rest — as ever.", "It was the ’90s — and the rest — as ever."),
        ("", ""),
    ],
)
def test_what_is_said_differs_from_what_is_only_quoted(line: str, expected: str) -> None:
    assert marked(line) == expected


def test_a_line_of_marks_is_read_in_linear_time() -> None:
    for marks in ("“", "‘", '"', "— ", "«»", "‘a.’", "„“", "“a “b” ", "“a” ", "--"):
        parts_of(marks * 20_000)


def test_names_before_colons_choose_the_reader_and_are_not_read() -> None:
    text = "JOÃO: Bom dia. Tudo bem? MARIA: Tudo. Nota: nada mais."
    assert passages_of(text, text, {"joão", "maria"}) == [
        Passage("Bom dia. Tudo bem?", "joão"),
        Passage("Tudo. Nota: nada mais.", "maria"),
    ]
    assert passages_of(text, text, {"maria"})[0] == Passage("JOÃO: Bom dia. Tudo bem?")


def test_names_that_a_translation_changed_are_those_of_the_source() -> None:
    said = passages_of("João: Bom dia. MARIA: Olá.", "John: Good morning. MARY: Hello.", {"joão"})
    assert said == [Passage("Good morning.", "joão"), Passage("MARY: Hello.")]
    fewer = passages_of("João: Bom dia. Maria: Olá.", "João: Good morning. Hello.", {"joão"})
    assert fewer == [Passage("Good morning. Hello.", "joão")]


def test_a_title_before_a_name_is_part_of_it_and_not_read() -> None:
    for names in ({"silva"}, {"dr. silva"}):
        for text in ("Dr. Silva: Bom dia.", "DR. SILVA: Bom dia."):
            assert passages_of(text, text, names) == [Passage("Bom dia.", *names)]
    text = "Não. Ana: Sim. Dr. Silva: Bom dia."
    assert passages_of(text, text, {"ana"}) == [
        Passage("Não."),
        Passage("Sim.", "ana"),
        Passage("Dr. Silva: Bom dia."),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Às 10:30 veio.",
        "Em https://ana.pt/rui: nada.",
        "Nota: ana.",
        "Ana 3:16 diz.",
        "Ana disse: sim.",
        "Ana e Rui: Sim.",
    ],
)
def test_times_addresses_notes_and_verses_are_no_names(text: str) -> None:
    names = {"ana", "rui"}
    assert passages_of(text, text, names) == [Passage(text)]
    assert passages_of(f"Ana: Sim. {text}", f"Ana: Sim. {text}", names) == [Passage(f"Sim. {text}", "ana")]


def test_each_line_of_a_play_that_begins_with_a_name_is_a_paragraph() -> None:
    play = "Ana: Bom dia\nDr. Rui:\nOlá, e\nadeus. Nota: Ana\n**Ana:** Sim\nEle disse: não"
    assert paragraphs(with_turns_apart(play, {"ana", "rui"})) == [
        "Ana: Bom dia",
        "Dr. Rui: Olá, e adeus. Nota: Ana",
        "**Ana:** Sim Ele disse: não",
    ]
    assert with_turns_apart(play, ()) == play


def test_the_lines_of_a_list_are_read_with_pauses_between_them() -> None:
    text = "- um\n- dois\n- Ana: três\n- “Vem!” disse ela"
    assert passages_of(text, text, {"ana", DIALOGUE}) == [
        Passage("um. dois."),
        Passage("três.", "ana"),
        Passage("“Vem!”", DIALOGUE),
        Passage("disse ela"),
    ]


def test_markup_around_a_name_and_in_a_quotation_is_not_read() -> None:
    assert passages_of("**João:** Bom *dia*.", "**João:** Bom *dia*.", {"joão"}) == [Passage("Bom dia.", "joão")]
    for text in ("— Não *pode* ser! — disse ela.", "> — Não pode ser! — disse ela.", "—Não pode ser! —disse ela."):
        assert passages_of(text, text, {DIALOGUE}) == [Passage("Não pode ser!", DIALOGUE), Passage("disse ela.")]
    text = "**“Olá,”** disse *ela*."
    assert passages_of(text, text, {DIALOGUE}) == [Passage("“Olá,”", DIALOGUE), Passage("disse ela.")]


def test_a_name_counts_more_than_quotation_marks_and_a_heading_is_the_narrators() -> None:
    text = "João: “Bom dia”, disse eu."
    assert passages_of(text, text, {"joão", DIALOGUE}) == [Passage("“Bom dia”, disse eu.", "joão")]
    assert passages_of("# “Run!”", "# “Run!”", {DIALOGUE}) == [Passage("“Run!”")]


def test_without_voices_every_paragraph_is_the_narrators() -> None:
    lines = [Segment(0, 0, 0, "João: “Bom dia.”")]
    readers = Readers.of_text(lines, lines, ())
    assert readers == Readers({0: None}, {})
    assert readers.as_read(lines[0]) is lines[0]


def test_a_tag_in_a_subtitle_names_the_speaker_of_its_line() -> None:
    lines = [
        Segment(0, 0, 1, "JOHN: Hi.", speaker="S1"),
        Segment(1, 1, 2, "Hello.", speaker="S2"),
        Segment(2, 2, 3, "JOHN: Hi. MARY: Hello.", speaker="S2"),
    ]
    assert Readers.of_lines(lines, lines, {"john", "mary"}).speakers == {0: "john", 1: "S2", 2: "S2"}


def test_lines_that_translate_others_have_their_own_speakers_and_the_source_keeps_its_own() -> None:
    source = [Segment(0, 0, 1, "Hi.", speaker="S1"), Segment(1, 1, 2, "Hello.", speaker="S2")]
    lines = [Segment(0, 0, 2, "MARY: Olá.", speaker="S2")]
    readers = Readers.of_lines(source, lines, {"mary"})
    assert readers.speakers == {0: "mary"}
    assert [one.speaker for one in readers.cast(source)] == ["S1", "S2", "mary"]
    assert Readers.of_lines(source, lines, ()).speakers == {0: "S2"}
