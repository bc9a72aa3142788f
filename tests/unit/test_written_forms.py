"""Forms of one written language: Chinese characters, Serbian letters, regions."""

from __future__ import annotations

from pathlib import Path

import pytest

from dropdub.config import JobOptions
from dropdub.errors import UnsupportedLanguage
from dropdub.languages import region, script
from dropdub.pipeline.artifacts import Transcript
from dropdub.pipeline.companion import Companion
from dropdub.speech.targets import skip_warnings, skipped_targets, written_targets
from dropdub.subtitles.user_files import Given, given_translation
from dropdub.text.written_forms import require_form, written_in


@pytest.mark.parametrize(
    ("tag", "parts"),
    [
        ("zh-Hant", ("Hant", "")),
        ("zh_tw", ("Hant", "TW")),
        ("zho-Hans-CN", ("Hans", "CN")),
        ("zh-HK", ("Hant", "HK")),
        ("zh", ("", "")),
        ("sr-Latn-RS", ("Latn", "RS")),
        ("pt-br", ("", "BR")),
        ("es-419", ("", "419")),
        ("en", ("", "")),
    ],
)
def test_a_tag_names_script_and_region(tag: str, parts: tuple[str, str]) -> None:
    assert (script(tag), region(tag)) == parts


@pytest.mark.parametrize(
    ("source", "target", "text", "expected"),
    [
        ("zh-Hans", "zh-Hant", "汉字简体，头发发现。", "漢字簡體，頭髮發現。"),
        ("zh-CN", "zh-TW", "软件", "軟體"),
        ("zh-CN", "zh-HK", "里面", "裏面"),
        ("zh", "zh-Hant", "汉字", "漢字"),
        ("zh", "zh-Hant", "漢字", "漢字"),
        ("zh-Hant", "zh-Hans", "漢字簡體", "汉字简体"),
        ("zh-TW", "zh-CN", "軟體", "软件"),
    ],
)
def test_chinese_is_converted_to_the_characters_of_the_target(
    source: str, target: str, text: str, expected: str
) -> None:
    pytest.importorskip("opencc")
    found = written_in([text], source=source, target=target)
    assert found.texts == [expected] and found.warnings == ()


@pytest.mark.parametrize(
    ("source", "target", "text", "expected"),
    [
        ("sr-Cyrl", "sr-Latn", "Љубав и џез. ЊЕГОШ, Његош, ђак.", "Ljubav i džez. NJEGOŠ, Njegoš, đak."),
        ("sr-Latn", "sr-Cyrl", "Ljubav i džez. NJEGOŠ, Njegoš, đak.", "Љубав и џез. ЊЕГОШ, Његош, ђак."),
        ("sr", "sr-Latn", "Добар дан.", "Dobar dan."),
    ],
)
def test_serbian_is_written_in_the_letters_of_the_target(source: str, target: str, text: str, expected: str) -> None:
    assert written_in([text], source=source, target=target).texts == [expected]


@pytest.mark.parametrize(
    ("source", "target"), [("pt", "pt-BR"), ("en-US", "en-GB"), ("es", "es-419"), ("de", "de-AT"), ("fr-CA", "fr-FR")]
)
def test_regions_keep_their_words_and_a_warning_says_so(source: str, target: str) -> None:
    found = written_in(["Um texto."], source=source, target=target)
    assert found.texts == ["Um texto."] and "count as one written language" in found.warnings[0]


@pytest.mark.parametrize(("source", "target"), [("pt", "pt"), ("pt-BR", "pt"), ("pt-BR", "pt-br"), ("eng", "en")])
def test_the_same_language_needs_no_warning(source: str, target: str) -> None:
    assert written_in(["Um texto."], source=source, target=target).warnings == ()


@pytest.mark.parametrize(("source", "target"), [("uz-Latn", "uz-Cyrl"), ("pa-Guru", "pa-Arab"), ("az-Cyrl", "az-Latn")])
def test_other_letters_are_refused(source: str, target: str) -> None:
    with pytest.raises(UnsupportedLanguage, match="other letters"):
        require_form(source, target)


def test_a_text_in_other_letters_is_made_though_its_language_is_a_target() -> None:
    options = JobOptions(targets=("zh-Hant", "en"))
    assert skipped_targets(options, "zh-Hans", kind="text") == []
    assert skipped_targets(options, "zh-Hant", kind="text") == ["zh-Hant"]
    assert skipped_targets(options, "zh-Hans", kind="media") == ["zh-Hant"]


def test_an_unknown_form_that_is_not_converted_is_reported() -> None:
    assert written_in(["Salom."], source="uz", target="uz-Cyrl").warnings


def test_a_recording_is_only_written_in_other_letters() -> None:
    options = JobOptions(targets=["sr-Latn", "sr", "en"])
    assert skipped_targets(options, "sr", kind="media") == ["sr-Latn", "sr"]
    assert written_targets(options, "sr") == ["sr-Latn"]
    assert written_targets(JobOptions(targets=["pt-BR"]), "pt") == []


def test_a_recording_without_the_converter_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dropdub.text.written_forms.find_spec", lambda _name: None)
    assert written_targets(JobOptions(targets=["zh-Hant"]), "zh") == []
    (warning,) = skip_warnings("talk.mp4", "media", "zh", ["zh-Hant"])
    assert "not converted. OpenCC converts them. Install it with:" in warning


def _given(folder: Path, tag: str, text: str, target: str) -> Given:
    path = folder / f"talk.{tag}.srt"
    path.write_text(f"1\n00:00:00,500 --> 00:00:03,000\n{text}\n", encoding="utf-8")
    spoken = Transcript("en", 9.0, (), engine={})
    return given_translation(Companion(path, film="talk.mp4"), spoken, target, make=None)


@pytest.mark.parametrize(
    ("tag", "text", "target", "expected"),
    [
        ("sr-Cyrl", "Љубав и њива", "sr-Latn", "Ljubav i njiva"),
        ("zh-Hans", "汉字简体", "zh-Hant", "漢字簡體"),
        ("zh-Hant", "皇后", "zh-TW", "皇后"),
        ("pt", "Olá", "pt-BR", "Olá"),
    ],
)
def test_a_translation_in_other_letters_than_its_target_is_converted(
    tmp_path: Path, tag: str, text: str, target: str, expected: str
) -> None:
    if tag == "zh-Hans":
        pytest.importorskip("opencc")
    given = _given(tmp_path, tag, text, target)
    assert [one.text for one in given.transcript.segments] == [expected] and given.warnings == ()


def test_a_translation_that_cannot_be_converted_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dropdub.text.written_forms.find_spec", lambda _name: None)
    (warning,) = _given(tmp_path, "zh-Hans", "汉字", "zh-Hant").warnings
    assert "zh-Hans, and was not converted into zh-Hant. OpenCC converts them." in warning
