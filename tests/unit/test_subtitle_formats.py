"""Subtitles in all formats, under any name: what they are decides, nothing is lost, and captions are read once."""

from __future__ import annotations

from pathlib import Path

import pytest

from dropdub.errors import NotText, TooLong
from dropdub.subtitles.cue_file import is_subtitle_file, read_subtitles
from dropdub.subtitles.formats import Cue

THE_HOUSE = [(1.0, 3.0, "The house\nis white."), (4.0, 6.0, "The garden.")]
ASS = """[Script Info]
ScriptType: v4.00+

[Events]
Format: Layer, Start, End, Style, Text
Comment: 0,0:00:01.00,0:00:03.00,Default,nobody sees this
Dialogue: 0,0:00:01.00,0:00:03.00,Default,{\\an8\\k20}The {\\k30}house\\Nis white.
Dialogue: 0,0:00:04.00,0:00:06.00,Default,{\\p1}m 0 0 l 100 0{\\p0}
Dialogue: 0,0:00:04.00,0:00:06.00,Default,The garden.
"""
TTML = """<?xml version="1.0" encoding="utf-16"?>
<tt xmlns="http://www.w3.org/2006/10/ttaf1" xmlns:x="urn:x" x:tickRate="10"><body><div begin="1s">
<p begin="0s" dur="2s">The house<br/>is&nbsp;white.</p><p begin="30t" end="00:00:05.000">The garden.</p>
</div></body></tt>"""
SAMI = """<SAMI><BODY><SYNC Start=1000><P Class=KRCC>The house<br>is white.
<SYNC Start=3000><P Class=KRCC>&nbsp;
<SYNC Start=4000><P Class=KRCC>The garden.<SYNC Start=6000><P Class=KRCC>&nbsp;</BODY></SAMI>"""
SBV = "0:00:01.000,0:00:03.000\nThe house\nis white.\n\n0:00:04.000,0:00:06.000\nThe garden.\n"
SRV1 = (
    '<transcript><text start="1" dur="2">The house\nis white.</text>'
    '<text start="4" dur="2">The garden.</text></transcript>'
)
SRV3 = (
    '<timedtext format="3"><body><p t="1000" d="2000"><s>The</s><s t="9"> house</s>\nis white.</p>'
    '<p t="4000" d="2000">The garden.</p></body></timedtext>'
)
JSON3 = (
    '{"events": [{"tStartMs": 1000, "dDurationMs": 2000, "segs": [{"utf8": "The house\\nis white."}]},'
    '{"tStartMs": 4000, "dDurationMs": 2000, "segs": [{"utf8": "The garden."}]}]}'
)
SRT = "1\n00:00:01,000 --> 00:00:03,000\nThe house\nis white.\n\n2\n00:00:04,000 --> 00:00:06\nThe garden.\n"
VTT = "WEBVTT\n\nNOTE a\n\n00:01.0 --> 00:03.0 align:start\nThe house\nis white.\n\n00:04.0 --> 00:06.0\nThe garden.\n"


@pytest.mark.parametrize("suffix", [".txt", ".srt", ".vtt", ".xml", ".sub"])
@pytest.mark.parametrize(
    "text",
    [
        *(SRT, VTT, ASS, TTML, SAMI, SBV, SRV1, SRV3, JSON3),
        "{1}{1}25\n{25}{75}The house|is white.\n{100}{150}{y:i}The garden.\n",
        "[10][30]The house|/is white.\n[40][60]The garden.\n",
        "$FontName = Arial\n00:00:01:00 , 00:00:03:00 , The house|is white.\n00:00:04:00 , 00:00:06:00 , The garden.\n",
    ],
)
def test_each_format_is_read_under_any_name(tmp_path: Path, text: str, suffix: str) -> None:
    path = tmp_path / f"talk{suffix}"
    path.write_text(text, encoding="utf-8")
    assert is_subtitle_file(path)
    assert _read(path) == THE_HOUSE


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_the_formats_are_recognized_in_utf_16_too(tmp_path: Path, encoding: str) -> None:
    for number, text in enumerate((SRT, VTT, ASS, TTML, SAMI)):
        path = tmp_path / f"{number}.txt"
        path.write_text(text, encoding=encoding)
        assert _read(path) == THE_HOUSE


def test_lines_of_a_song_stay_until_the_next(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(
        "[ar:Me]\n[00:01.50]First\n[00:04.00]<00:04.00>Sec<00:04.50>ond\n", encoding="utf-8"
    )
    assert [one[::2] for one in _read(tmp_path / "a.txt")] == [(1.5, "First"), (4.0, "Second")]


def test_ebu_stl_is_read_with_its_accents_from_the_start_of_the_programme(tmp_path: Path) -> None:
    header = bytearray(b" " * 1024)
    header[3:11], header[12:14], header[256:264] = b"STL25.01", b"00", b"10000000"
    text = b"Caf\xc2e\x8a\xc8uber".ljust(112, b"\x8f")
    block = bytes([0, 0, 0, 0xFF, 0, 10, 0, 1, 0, 10, 0, 3, 5, 20, 2, 0]) + text
    (tmp_path / "a.stl").write_bytes(bytes(header) + block)
    assert _read(tmp_path / "a.stl") == [(1.0, 3.2, "Café\nüber")]


@pytest.mark.parametrize(
    ("name", "data", "called"),
    [
        ("a.idx", b"# VobSub index file, v7\n", "VobSub"),
        ("a.sub", b"\0\0\1\xba" + bytes(99), "VobSub"),
        ("a.sup", b"PG" + bytes(8) + b"\x16" + bytes(99), "PGS"),
        ("a.txt", b"Scenarist_SCC V1.0\n\n00:00:01:00\t9420\n", "Scenarist"),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_name(tmp_path: Path, name: str, data: bytes, called: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(NotText, match=called) as refused:
        is_subtitle_file(tmp_path / name)
    assert "Subtitle Edit" in refused.value.remedy


def test_prose_about_subtitles_is_prose(tmp_path: Path) -> None:
    text = "# Subtitles\n\nA file looks so:\n\n```\n1\n00:00:01,000 --> 00:00:02,000\nHi\n```\n\n" + "And so on.\n" * 20
    (tmp_path / "a.md").write_text(text, encoding="utf-8")
    assert not is_subtitle_file(tmp_path / "a.md")


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ("1\n00:00:01,000 --> 00:00:02,000\nThe year was\n1984", ["The year was\n1984"]),
        ("00:00:01,0 --> 00:00:02,0\nIt is\n42\n\n00:00:03,0 --> 00:00:04,0\n3\n", ["It is\n42", "3"]),
        ("WEBVTT\n\n00:01.0 --> 00:02.0\nIt is\n42\n\nid\n00:03.0 --> 00:04.0\nYes\n", ["It is\n42", "Yes"]),
        ("WEBVTT\n\n00:01.0 --> 00:02.0\nGreen.\n \nOpen.\n", ["Green.\nOpen."]),
        (
            "1\n00:00:01,000 --> 00:00:02,000\nfrom\n00:00:10,000 to 00:00:20,000\n00:00:10,000 --> there\n",
            ["from\n00:00:10,000 to 00:00:20,000\n00:00:10,000 --> there"],
        ),
        ("1\n00:00:01,000 --> 00:00:02,000\n&amp;&nbsp;&#39;x&#39; &lt;i&gt;R&B&lt;/i&gt;\n", ["& 'x' R&B"]),
        ("1\n00:00:01,000 --> 00:00:02,000\n<ruby>漢字<rt>かんじ</rt></ruby> {laughs}\n", ["漢字 {laughs}"]),
        ("1\n00:00:01,000 --> 00:00:02,000\n{\\an7\\p1}m 0 0 l 1 0{\\p0}\n\n2\n00:00:03 --> 00:00:04\nHi\n", ["Hi"]),
        (
            "1\n00:00:01,000 --> 00:00:02,000\nمی\u200cخواهم\n\n2\n00:00:03,000 --> 00:00:04,000\n\u200f\n",
            ["می\u200cخواهم"],
        ),
    ],
)
def test_no_words_are_lost_and_no_markup_is_shown(tmp_path: Path, text: str, texts: list[str]) -> None:
    (tmp_path / "a.srt").write_text(text, encoding="utf-8")
    found = read_subtitles(tmp_path / "a.srt")
    assert ([cue.text for cue in found.cues], found.warnings) == (texts, ())


def test_what_cannot_be_read_is_named_with_its_line(tmp_path: Path) -> None:
    text = "Hello\n\n1\n00:00:0x,000 --> 00:00:02,000\nLost words\n\n2\n-00:00:01,000 --> 00:00:04,000\nHi\n"
    (tmp_path / "a.srt").write_text(text, encoding="utf-8")
    found = read_subtitles(tmp_path / "a.srt")
    assert found.cues == (Cue(0.0, 4.0, ("Hi",)),)
    first, second, third = found.warnings
    assert "Line 1 " in first and "Hello" in first
    assert "Line 4 " in second and "Lost words" in second
    assert "line 8 starts before 0:00" in third


@pytest.mark.parametrize("name", ["a.srt", "a.vtt"])
def test_times_after_99_hours_are_refused(tmp_path: Path, name: str) -> None:
    head = "WEBVTT\n\n" if name.endswith("vtt") else ""
    (tmp_path / name).write_text(f"{head}100:00:05.000 --> 100:00:07.000\nLate\n", encoding="utf-8")
    with pytest.raises(TooLong, match="99 hours"):
        read_subtitles(tmp_path / name)


ROLLING = """WEBVTT

00:00:00.160 --> 00:00:03.429 align:start position:0%
 
the<00:00:00.960><c> white</c><00:00:01.520><c> house</c>

00:00:03.429 --> 00:00:03.439 align:start position:0%
the white house
 

00:00:03.439 --> 00:00:05.749 align:start position:0%
the white house
near<00:00:03.760><c> the</c><00:00:04.000><c> garden</c>

00:00:05.749 --> 00:00:05.759 align:start position:0%
near the garden
 
"""  # noqa: W293
GROWING = "WEBVTT\n\n" + "\n".join(
    f"00:0{at}.000 --> 00:0{at + 1}.000\n{' '.join(['the', 'white', 'house', 'near', 'the', 'garden'][: at + 1])}\n"
    for at in range(6)
)


@pytest.mark.parametrize("text", [ROLLING, ROLLING.replace("WEBVTT\n\n", "").replace(" align:start position:0%", "")])
def test_captions_that_roll_are_read_once(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.vtt").write_text(text, encoding="utf-8")
    assert [one[::2] for one in _read(tmp_path / "a.vtt")] == [(0.16, "the white house"), (3.439, "near the garden")]


def test_captions_that_grow_word_by_word_are_read_once(tmp_path: Path) -> None:
    (tmp_path / "a.vtt").write_text(GROWING, encoding="utf-8")
    assert _read(tmp_path / "a.vtt") == [(0.0, 6.0, "the white house near the garden")]


def test_people_who_repeat_themselves_are_read_as_often(tmp_path: Path) -> None:
    lines = ["No.", "No.", "No. I said no.", "Why?", "So.", "Yes."]
    cues = (f"{at + 1}\n00:00:0{at},000 --> 00:00:0{at + 1},000\n{line}\n" for at, line in enumerate(lines))
    (tmp_path / "a.srt").write_text("\n".join(cues), encoding="utf-8")
    assert [text for _, _, text in _read(tmp_path / "a.srt")] == lines


def _read(path: Path) -> list[tuple[float, float, str]]:
    return [(cue.start, cue.end, cue.text) for cue in read_subtitles(path).cues]
