"""Scripts without spaces between words: lines break between words if they are known, and never inside a letter."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.util import find_spec

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropdub import unspaced
from dropdub.config import SubtitleStyle
from dropdub.pipeline.artifacts import Segment
from dropdub.subtitles.layout import layout
from dropdub.unspaced import is_joined_without_space, letters, units

THAI = "วันนี้อากาศดีมากเราจึงตัดสินใจเดินทางไปเที่ยวทะเลกับครอบครัวและเพื่อนสนิทของเราในช่วงวันหยุดยาวที่ผ่านมา"
SCRIPTS = "กขครนมวเแโใไะาำๆฯัิีึื็่้๊์ กຂລວເແໂະາຳັີ່ ខ្ញុំកដទៅ។ မြန်မာစကား။ 今天很好，。「」（） をさーっゃ 한글 12 a🙂👍🏽‍"


@pytest.fixture
def no_dictionary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unspaced, "_splitters", lambda kind: ())


def shown(text: str, *, language: str, line_length: int) -> Iterator[str]:
    style = SubtitleStyle(line_length=line_length)
    for cue in layout([Segment(0, 1.0, 9.0, text)], style, language=language):
        yield from cue.lines


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("จึงและเพื่อน", ["จึ", "ง", "และ", "เพื่", "อ", "น"]),
        ("ทำนำๆ", ["ทำ", "นำๆ"]),
        ("ເພາະ", ["ເພາະ"]),
        ("ខ្ញុំទៅផ្សារ", ["ខ្ញុំ", "ទៅ", "ផ្សា", "រ"]),
        ("မြန်မာသတ္တိ", ["မြန်", "မာ", "သတ္တိ"]),
        ("क्षत्रिय", ["क्ष", "त्रि", "य"]),
        ("क्\u200dया", ["क्\u200dया"]),
        ("é", ["é"]),
        ("각가", ["각", "가"]),
        ("👩\u200d👩\u200d👧👍🏽🇧🇷🇵🇹", ["👩\u200d👩\u200d👧", "👍🏽", "🇧🇷", "🇵🇹"]),
        ("", []),
    ],
)
def test_a_letter_keeps_its_marks_and_what_it_is_joined_with(text: str, found: list[str]) -> None:
    assert letters(text) == found


@pytest.mark.usefixtures("no_dictionary")
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("和ちょっと。", ["和", "ちょっ", "と。"]),
        ("「はい」と", ["「は", "い」", "と"]),
        ("3月12日（土）", ["3月", "12日", "（土）"]),
        ("他说：“你好”……", ["他", "说：", "“你", "好”……"]),
        ("スーパーへ", ["スー", "パー", "へ"]),
        ("តទៅ។", ["ត", "ទៅ។"]),
        ("บาน\u200bไป", ["บาน\u200b", "ไป"]),
        ("ครอบครัวและเพื่อน", ["ครอบครัว", "และ", "เพื่อน"]),
        ("ພາສາແລະ", ["ພາສາ", "ແລະ"]),
        ("བོད་སྐད་ཡིན།", ["བོད་", "སྐད་", "ཡིན།"]),
        ("iPhone手机", ["iPhone", "手", "机"]),
        ("나는오늘", ["나는오늘"]),
        ("well-known", ["well-known"]),
    ],
)
def test_without_dictionaries_the_marks_that_may_not_begin_or_end_a_line_decide(text: str, found: list[str]) -> None:
    assert units(text) == found


@pytest.mark.skipif(not find_spec("icu4py"), reason="the package icu4py is not installed")
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("เราจึงไป", ["เรา", "จึง", "ไป"]),
        ("ພາສາລາວເປັນ", ["ພາສາ", "ລາວ", "ເປັນ"]),
        ("ផ្សារជាមួយ", ["ផ្សារ", "ជាមួយ"]),
        ("မြန်မာစကားပြော", ["မြန်မာ", "စကားပြော"]),
        ("今天天气很好，我们", ["今天", "天气", "很好，", "我们"]),
    ],
)
def test_words_are_known_from_the_dictionaries_of_icu(text: str, found: list[str]) -> None:
    assert units(text) == found


@pytest.mark.skipif(not find_spec("budoux"), reason="the package budoux is not installed")
@pytest.mark.skipif(not find_spec("icu4py"), reason="the package icu4py is not installed")
def test_thai_words_are_those_of_both_packages() -> None:
    assert units("ตัดสินใจกับครอบครัว") == ["ตัดสินใจ", "กับ", "ครอบครัว"]


@pytest.mark.skipif(not find_spec("budoux"), reason="the package budoux is not installed")
def test_japanese_breaks_between_phrases() -> None:
    assert units("東京の天気は晴れです。") == ["東京の", "天気は", "晴れです。"]


@pytest.mark.parametrize(("package", "text"), [("icu4py.breakers", "เราจึงไป"), ("budoux", "東京の天気は晴れです。")])
def test_a_package_that_cannot_be_loaded_counts_as_not_installed(
    package: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unspaced, "_splitters", unspaced._splitters.__wrapped__)
    monkeypatch.setitem(sys.modules, package, None)
    assert "".join(units(text)) == text


@given(st.text(SCRIPTS, max_size=40))
def test_nothing_is_lost_and_no_part_begins_inside_a_letter(text: str) -> None:
    for word in text.split():
        found = units(word)
        assert "".join(found) == word == "".join(letters(word))
        assert not any(unit.startswith(tuple("ะาำๆ่้็ဲ့္்်្ゃっー。」），")) for unit in found[1:])


@pytest.mark.parametrize("dictionary", [True, False])
def test_no_line_of_thai_begins_with_a_vowel_sign(dictionary: bool, request: pytest.FixtureRequest) -> None:
    if not dictionary:
        request.getfixturevalue("no_dictionary")
    lines = list(shown(THAI, language="th", line_length=20))
    assert "".join(lines) == THAI and len(lines) > 3
    assert not any(line.startswith(tuple("ะาำๆัิีึืุู็่้๊๋์")) for line in lines)


def test_korean_breaks_at_its_spaces() -> None:
    text = "나는 오늘 아침에 일찍 일어나서 학교에 갔다."
    lines = list(shown(text, language="ko", line_length=16))
    assert len(lines) > 1 and " ".join(lines) == text


@pytest.mark.parametrize(
    ("before", "after", "joined"),
    [
        ("漢字", "仮名", True),
        ("說：", "“你好”", True),
        ("일찍", "일어나서", False),
        ("漢字", "한글", False),
        ("word", "漢字", False),
        ("ไทย", "ไป", False),
        ("ไทย\u200b", "ไป", True),
        ("", "漢", False),
    ],
)
def test_a_seam_has_a_space_unless_both_lines_are_chinese_or_japanese(before: str, after: str, joined: bool) -> None:
    assert is_joined_without_space(before, after) is joined
