"""Subtitles as people and other programs write them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropdub.subtitles.formats import Cue, write_srt, write_vtt
from dropdub.subtitles.reading import cue_starts
from tests.subtitles import cues_of

SRT = """\ufeff1
00:00:01,000 --> 00:00:02,500
- Hello <i>there</i>, {\\an8}you & me
- second <font color="red">line</font>

00:00:09.000 --> 00:00:08.000
ends before it begins

7
00:00:03,500 --> 00:00:05,000
3 < 4

8
00:00:10,500 --> 00:00:11,000
<i> </i>
"""
VTT = """WEBVTT - a title
Kind: captions

NOTE nothing to see

intro
00:01.000 --> 00:02.500 align:start position:0%
<v Roger>Hi &amp; <c.yellow>you</c> &lt;3<00:01.500> now

NOTE made by a machine,
nobody is to hear it

4f2a9c1e-77aa/12-0
01:00:03.000 --> 01:00:04.000
next

STYLE
::cue { color: red }
"""


def test_srt_is_read_without_markup_in_the_order_of_time() -> None:
    assert cues_of(SRT, kind="srt") == [
        Cue(1.0, 2.5, ("- Hello there, you & me", "- second line")),
        Cue(3.5, 5.0, ("3 < 4",)),
        Cue(9.0, 9.1, ("ends before it begins",)),
    ]


def test_webvtt_is_read_without_voices_classes_and_notes() -> None:
    assert cues_of(VTT, kind="vtt") == [Cue(1.0, 2.5, ("Hi & you <3 now",)), Cue(3603.0, 3604.0, ("next",))]


@pytest.mark.parametrize("text", ["", "Only prose.", "WEBVTT\n", "1\n2\n3\n", "00:00:01,000 --> \nx"])
def test_a_file_that_shows_nothing_has_no_cues(text: str) -> None:
    assert cues_of(text, kind="srt") == []


@given(st.text(max_size=300))
def test_no_text_breaks_the_reader(text: str) -> None:
    for kind in ("srt", "vtt"):
        assert all(cue.end > cue.start >= 0 and cue.lines for cue in cues_of(text, kind=kind))


LINES = ("She said: <b>no</b> & left", "12", "a --> b", "C:\\New <3 &amp;", "e o coração?", "-->", "7.",
         "00:00:01,000 --> 00:00:02,000", "[00:01 - 00:02] He")  # fmt: skip


@pytest.mark.parametrize(("kind", "write"), [("srt", write_srt), ("vtt", write_vtt)])
def test_written_cues_are_read_back_exactly(tmp_path: Path, kind: str, write: object) -> None:
    cues = [Cue(float(number), number + 0.5, (line, "and more")) for number, line in enumerate(LINES)]
    assert callable(write)
    write(cues, tmp_path / "x")
    assert cues_of((tmp_path / "x").read_text(encoding="utf-8"), kind=kind) == cues


@pytest.mark.parametrize(("text", "kind"), [(SRT, "srt"), (VTT, "vtt")])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_the_starts_are_those_of_the_cues(text: str, kind: str, encoding: str) -> None:
    starts = cue_starts(text.encode(encoding))
    assert [start for start in starts if start != 10.5] == [cue.start for cue in cues_of(text, kind=kind)]


@given(st.binary(max_size=300))
def test_no_bytes_break_the_starts(data: bytes) -> None:
    assert all(start >= 0 for start in cue_starts(data))
