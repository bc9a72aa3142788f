"""Every text comes in with its characters written in one way, whoever wrote it."""

from __future__ import annotations

import unicodedata
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropdub.engines.speaking.text_for_speech import is_speakable, plain
from dropdub.subtitles.cue_file import read_cues
from dropdub.text.documents import read_document
from dropdub.text.reading import looks_like_text, read_text
from dropdub.untrusted.characters import as_read, on_one_line, visible

DECOMPOSED = "A maçã não está na estação. Tiếng Việt, 한국어, “über” e Ἄρης."


def nfd(text: str) -> str:
    return unicodedata.normalize("NFD", text)


@pytest.mark.parametrize("name", ["note.txt", "note.srt", "note.vtt", "note.docx"])
def test_accents_are_composed_in_every_kind_of_file(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name.endswith(".docx"):
        names = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
        body = f"<w:document {names}><w:body><w:p><w:r><w:t>{nfd(DECOMPOSED)}</w:t></w:r></w:p></w:body></w:document>"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("word/document.xml", body)
        found = read_document(path).strip()
    elif name.endswith(".txt"):
        path.write_text(nfd(DECOMPOSED), encoding="utf-8")
        found = read_text(path)
    else:
        head = "WEBVTT\n\n" if name.endswith(".vtt") else "1\n"
        path.write_text(
            f"{head}00:00:01,000 --> 00:00:02,000\n{nfd(DECOMPOSED)}\n".replace(",0", ".0" if "V" in head else ",0"),
            encoding="utf-8",
        )
        found = read_cues(path)[0].text
    assert found == DECOMPOSED


def test_entities_of_a_subtitle_bring_in_no_other_characters(tmp_path: Path) -> None:
    path = tmp_path / "note.vtt"
    cue = "00:01.000 --> 00:02.000\nna&#x303;o im&shy;por&#8203;tante\n\n00:03.000 --> 00:04.000\n&shy;\n"
    path.write_text(f"WEBVTT\n\n{cue}", encoding="utf-8")
    assert [one.text for one in read_cues(path)] == ["não importante"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("in\u00adfor\u00adma\u00adtion", "information"),
        ("im\u200bpor\u200ctant gov\u2060ern\ufeffment a\u200db", "important government ab"),
        ("impor\u00ad\n  tant emo\ufffe\ntional", "important emotional"),
        ("left\u200e and \u202aright\u202c", "left and right"),
        ("first\u2028second\x0bthird\u2029fourth\x1a", "first\nsecond\nthird\n\nfourth"),
        ("The ﬁrst ofﬁcer, ﬂoor, ﬀ ﬃ ﬄ ﬅ ﬆ ﬓ", "The first officer, floor, ff ffi ffl st st մն"),
        ("ﻣﺮﺣﺒﺎ", "مرحبا"),
        ("ﹶ", "\u064e"),
        ("𝓗𝓮𝓵𝓵𝓸 ⼀⼆ what⁉", "Hello 一二 what!?"),
        ("nº 1º ½ 5² x₂ ＡＢ ĳ", "nº 1º ½ 5² x₂ ＡＢ ĳ"),
        ("Å Ω", "Å Ω"),
    ],
)
def test_characters_that_mean_the_same_become_the_same(text: str, found: str) -> None:
    assert as_read(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "मैं क्\u200dया करूँ? श्री\u200dमान",
        "می\u200cخواهم",
        "ക്\u200d ක්\u200dෂ",
        "👩\u200d👩\u200d👧 ❤️ 🏴\U000e0067\U000e0062\U000e007f",
        "ไทย\u200bไป ខ្មែរ\u200bទៅ",
        "葛\U000e0100",
    ],
)
def test_characters_without_width_stay_where_a_script_needs_them(text: str) -> None:
    assert as_read(text) == text and "".join(visible(text).split()) == "".join(text.split())


def test_directions_stay_on_the_screen_but_not_for_voices() -> None:
    text = "שלום (\u200fabc\u200e)"
    assert as_read(text) == text and visible(text) == "שלום (abc)"


def test_joiners_and_blanks_for_a_voice() -> None:
    assert on_one_line("श्री\u200dमान\x07می\u200cخواهم\n\u00a0x") == "श्री\u200dमान می\u200cخواهم x"


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60))
def test_reading_again_changes_nothing(text: str) -> None:
    found = as_read(text)
    assert as_read(found) == found == unicodedata.normalize("NFC", found)


@pytest.mark.parametrize("text", ["A casa é branca.\x0bO jardim é verde.", "Fim do texto.\x1a", "Uma nota\x07 só."])
def test_single_control_characters_do_not_refuse_a_short_text(tmp_path: Path, text: str) -> None:
    path = tmp_path / "note.txt"
    path.write_bytes(text.encode())
    assert not set(read_text(path)) & set("\x0b\x1a\x07")


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"\x1b[1;31mError:\x1b[0m not found.\x1b[K\n", "Error: not found.\n"),
        (b"\x1b]0;title\x07Done, and nothing is left to do.\n", "Done, and nothing is left to do.\n"),
        (b"Hello there, my old friend.\0\nHow are you?\n", "Hello there, my old friend.\nHow are you?\n"),
        (
            b"It was written until the crash." + b"\0" * 512 + b"\nIt went on.\n",
            "It was written until the crash.\nIt went on.\n",
        ),
    ],
)
def test_traces_of_terminals_and_crashes_are_left_out(tmp_path: Path, data: bytes, text: str) -> None:
    path = tmp_path / "note.txt"
    path.write_bytes(data)
    assert looks_like_text(data) and read_text(path) == text


def test_many_control_characters_refuse_a_text() -> None:
    assert not looks_like_text(b"\x01\x02\x03ab") and not looks_like_text(b"abc \x01\x02\x03\x04 def" * 9)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("The party was great 😀🎉 and the house is white ❤️.", "The party was great and the house is white."),
        ("👩\u200d👩\u200d👧 Hi 👍🏽! 🇧🇷 is 1️⃣ (🏴\U000e0067\U000e0062\U000e007f big) ☺♥★", "Hi! is (big)"),
        ("A → B ■ C • D ✓", "A B C D"),
        ("© 2024, ™, § 5, 25 °C, € 5, £ 3, C♯, №", "© 2024, ™, § 5, 25 °C, € 5, £ 3, C♯, №"),
        ("©️ and ™️", "© and ™"),
        ("one😀two", "one two"),
        ("मैं क्\u200dया", "मैं क्\u200dया"),
        ("5 # 3 * 2", "5 # 3 * 2"),
    ],
)
def test_pictures_are_not_read_aloud(text: str, said: str) -> None:
    assert plain(text) == said


@pytest.mark.parametrize("text", ["😀", "1️⃣ 2️⃣", "❤️🔥", "★★★", "→"])
def test_a_line_of_pictures_is_not_spoken(text: str) -> None:
    assert not is_speakable(text)
