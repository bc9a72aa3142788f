"""Subtitles in all formats, under any name: what they are decides, nothing is lost, and captions are read once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dropdub.errors import NotText, TooLong
from dropdub.subtitles.cue_file import is_subtitle_file, read_subtitles
from dropdub.subtitles.formats import Cue

IN_MILLIS = [(1000, 3000, "Hi."), (4000, 6000, "Bye.")]
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


@pytest.mark.parametrize(
    "text",
    [
        "[00:01.000 --> 00:03.000]  Hi.\n[00:04.000 --> 00:06.000]  Bye.\n",
        "[1.00s -> 3.00s] Hi.\n[4.00s -> 6.00s] Bye.\n",
        "[00:00:01 - 00:00:03] Hi.\n[00:00:04 - 00:00:06] Bye.\n",
        "1 00:00:01,000 --> 00:00:03,000\nHi.\n\n2 00:00:04,000 --> 00:00:06,000\nBye.\n",
        "[1]\n00:00:01,000 - -> 00:00:03,000\nHi.\n\n2.\n00:00:04,000 --> 00:00:06,000\nBye.\n",
        "1\n00:00:01,000 --> 00:00:03,000\nHi.\n7\n00:00:04,000 --> 00:00:06,000\nBye.\n",
        "1\n\u202a00:00:01,000\u00a0--> 00:00:03,000\u202c\nHi.\n\n\ufeff1\n00:00:04 --> 00:00:06\nBye.\n",
        "```srt\n1\n00:00:01,000 --> 00:00:03,000\nHi.\n\n2\n00:00:04,000 --> 00:00:06,000\nBye.\n```\n",
        "start\tend\ttext\n1000\t3000\tHi.\n4000\t6000\tBye.\n",
        "1.0\t3.0\tHi.\n4.0\t6.0\tBye.\n",
        "{DEFAULT}{}{C:$FFFFFF}\n{1}{1}25fps\n{25}{75}Hi.\n{100}{150}Bye.\n",
        "[TITLE]\nx\n[BEGIN]\n[00:00:01]\nHi.\n[00:00:03]\n\n[00:00:04]\nBye.\n[00:00:06]\n[END]\n",
        "[00:00:01] Hi.\n[00:00:03]\n[00:00:04] Bye.\n[00:00:06]\n",
        "[kuwo:1]\n[00:01.00]v1: Hi.\n[00:03.00]\n[00:04.00]Bye.\n[00:06.00]\n",
        "0:01\nHi.\n0:03\n\n0:04\nBye.\n0:06\n",
        "<SYNC Start=1000 End=3000><P>Hi.<SYNC Start=4000><P>Bye.<SYNC Start=6000><P>&nbsp",
        '<tt><body><p begin="00:01,0" end="00:03">Hi.</p><p begin="4s" end="6s">Bye.</p></body></tt>',
        '{"segments": [{"start": 1.0, "end": 3.0, "text": " Hi."}, {"start": 4, "end": 6, "text": "Bye."}]}',
        json.dumps({"transcription": [{"offsets": {"from": a, "to": b}, "text": text} for a, b, text in IN_MILLIS]}),
        json.dumps(
            {
                "recognizedPhrases": [
                    {"offsetInTicks": a * 1e4, "durationInTicks": (b - a) * 1e4, "nBest": [{"display": text}]}
                    for a, b, text in IN_MILLIS
                ]
            }
        ),
        '[{"text": "Hi.", "start": 1, "duration": 2}, {"text": "Bye.", "start": 4, "duration": 2}]',
    ],
)
def test_transcripts_and_subtitles_are_read_as_programs_and_people_write_them(tmp_path: Path, text: str) -> None:
    (tmp_path / "talk.txt").write_text(text, encoding="utf-8")
    assert is_subtitle_file(tmp_path / "talk.txt")
    assert [(start, end, text) for start, end, text in _read(tmp_path / "talk.txt")] == [
        (1.0, 3.0, "Hi."),
        (4.0, 6.0, "Bye."),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "10:30\nWoke up.\n\n11:00\nBreakfast.\n\n12:15\nWent to town.\n",
        "10:30:00 Opening\n11:00:00 First talk\n12:00:00 Lunch\n",
        "3:16 For God so loved the world.\n3:17 For God sent not his Son.\n",
        "1\t2\tfoo\n3\t4\tbar\n",
        "10.5 -> 11.2 was the change.\n12.0 -> 13.1 was the next.\n",
        "[1] A note.\n[2] Another.\n",
        '{"a": 1, "start": [1, 2]}',
    ],
)
def test_texts_with_times_are_no_subtitles(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.txt").write_text(text, encoding="utf-8")
    assert not is_subtitle_file(tmp_path / "a.txt")


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
        ("a.sst", b"st_format\t2\nSP_NUMBER\tSTART\tEND\tFILE_NAME\n", "Scenarist"),
        ("a.mcc", b"File Format=MacCaption_MCC V1.0\n\n", "MacCaption"),
        ("a.xml", b'<?xml version="1.0"?><BDN Version="0.93"><Events/></BDN>', "BDN"),
        ("a.xml", b'<DCSubtitle Version="1.0"><Font/></DCSubtitle>', "digital cinema"),
        ("a.pac", b"\1" + bytes(99), "PAC"),
        ("a.890", b"\1" + bytes(99), "Cavena"),
        ("a.cap", b"\1" + bytes(99), "CAP"),
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
        ("1\n00:00:01,000 --> 00:00:02,000\n-->\n\n2\n00:00:03,000 --> 00:00:04,000\n--No.\n", ["-->", "--No."]),
        ("1\n00:00:01,000 --> 00:00:02,000\na < b and c > d {b}x{/b} < i >y\n", ["a < b and c > d x y"]),
        ("WEBVTT\n\n00:01.0 --> 00:02.0\n<v Ann>Right</v><v Bob>Yes\n", ["- Right\n- Yes"]),
        ("{1}{1}25\n{25}{50}The\nhouse\n", ["The\nhouse"]),
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


def test_ebu_tt_counts_from_the_start_of_the_programme_and_says_what_it_loses(tmp_path: Path) -> None:
    head = "<head><metadata><documentStartOfProgramme>10:00:00:00</documentStartOfProgramme></metadata></head>"
    body = '<p begin="10:00:01:00" end="10:00:03:00">R&B</p><p begin="soon" end="4s">Lost</p>'
    (tmp_path / "a.xml").write_text(f"<tt>{head}<body>{body}</body></tt>", encoding="utf-8")
    found = read_subtitles(tmp_path / "a.xml")
    assert [(cue.start, cue.end, cue.text) for cue in found.cues] == [(1.0, 3.0, "R&B")]
    assert "“Lost”" in found.warnings[0]


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


def test_json_longer_than_the_part_that_is_looked_at_first_is_recognized(tmp_path: Path) -> None:
    cues = [{"id": one, "start": 2.0 * one, "end": 2.0 * one + 1, "text": f"The line {one}."} for one in range(2_000)]
    path = tmp_path / "talk.json"
    path.write_text(json.dumps({"text": "", "segments": cues, "language": "en"}), encoding="utf-8")
    assert is_subtitle_file(path) and len(read_subtitles(path).cues) == 2_000
