"""A user's own subtitle instead of a transcription, and corrected subtitles: with real engines, stage by stage."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from dropdub.engines.espeak.engine import EspeakSynthesizer
from dropdub.errors import NotText, UnreadableFile
from dropdub.media.sound import wav
from dropdub.media.sound.voice_check import level_db
from dropdub.pipeline.artifacts import Transcript
from dropdub.pipeline.cache import Cache
from dropdub_light.apertium import ApertiumTranslator
from tests.drive import LIGHT, Drive
from tests.subtitles import cues_of

SPANISH = LIGHT.overridden({"targets": ["es"]})
WORDS = """1
00:00:00,400 --> 00:00:04,000
And so, my fellow Americans,

2
00:00:04,200 --> 00:00:08,000
ask not what your country
can do for you.

3
00:00:08,400 --> 00:00:10,800
Ask what you can do for your country.
"""
needs_apertium = pytest.mark.skipif(bool(ApertiumTranslator.unavailable()), reason="apertium is not installed")


@pytest.fixture
def words(tmp_path: Path) -> Path:
    path = tmp_path / "talk.en.srt"
    path.write_text(WORDS, encoding="utf-8")
    return path


class Counted:
    """How often the real engines were called."""

    def __init__(self) -> None:
        self.spoken: list[str] = []
        self.translated: list[str] = []


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counted]:
    """Count what the real engines really do, behind the cache."""
    counts = Counted()
    speak, translate = EspeakSynthesizer.speak, ApertiumTranslator.translate

    def speaking(self: EspeakSynthesizer, text: str, **how: object) -> object:
        counts.spoken.append(text)
        return speak(self, text, **how)  # type: ignore[arg-type]

    def translating(self: ApertiumTranslator, texts: list[str], **how: str) -> list[str]:
        counts.translated += texts
        return translate(self, texts, **how)

    monkeypatch.setattr(EspeakSynthesizer, "speak", speaking)
    monkeypatch.setattr(ApertiumTranslator, "translate", translating)
    yield counts


def test_own_words_replace_transcription(talk_video: Path, words: Path, tmp_path: Path) -> None:
    drive = Drive(talk_video, tmp_path, companion=words).run()
    assert not any(key.startswith("transcribe") for key in drive.facts)
    said = Transcript.load(drive.published["talk.json"])
    assert [one.text for one in said.segments] == [
        "And so, my fellow Americans,",
        "ask not what your country can do for you.",
        "Ask what you can do for your country.",
    ]
    assert (said.language, said.segments[1].start, said.segments[1].end) == ("en", 4.2, 8.0)
    made = json.loads(drive.published["manifest.json"].read_text(encoding="utf-8"))
    assert [one["name"] for one in made["inputs"]] == ["talk.mp4", "talk.en.srt"]
    assert made["engines"][0]["name"] == "subtitle"


def test_language_comes_from_options_then_file_name_then_text(talk_video: Path, tmp_path: Path) -> None:
    def language(name: str, **options: str) -> str:
        path = tmp_path / name
        path.write_text(WORDS, encoding="utf-8")
        drive = Drive(talk_video, tmp_path / name.replace(".", "-"), LIGHT.overridden(options), companion=path)
        return str(drive.run(until="publish").facts["merge"]["language"])

    assert language("talk.srt") == "en"
    assert language("talk.pt-br.srt") == "pt-BR"
    assert language("talk.de.srt", language="en") == "en"


def test_same_film_with_other_words_is_different_content(talk_video: Path, words: Path, tmp_path: Path) -> None:
    def content(folder: str, companion: Path | None) -> str:
        drive = Drive(talk_video, tmp_path / folder, companion=companion).run(until="split")
        return str(drive.facts["extract"]["content_hash"])

    other = tmp_path / "talk.srt"
    other.write_text(WORDS.replace("Ask", "Say"), encoding="utf-8")
    assert len({content("a", None), content("b", words), content("c", other)}) == 3


def test_empty_subtitle_is_refused_with_remedy(talk_video: Path, tmp_path: Path) -> None:
    empty = tmp_path / "talk.srt"
    empty.write_text("No times at all.", encoding="utf-8")
    with pytest.raises(NotText, match=r"talk\.srt contains no readable subtitles") as refused:
        Drive(talk_video, tmp_path, companion=empty).run()
    assert "remove it, then run: `dropdub retry JOB`" in refused.value.sentence


def test_subtitles_after_end_of_film_are_left_out_and_reported(talk_video: Path, tmp_path: Path) -> None:
    path = tmp_path / "talk.srt"
    path.write_text(WORDS.replace("00:00:08,400 --> 00:00:10,800", "00:01:08,400 --> 00:01:10,800"), encoding="utf-8")
    drive = Drive(talk_video, tmp_path, companion=path).run(until="publish")
    assert drive.facts["merge"]["segments"] == 2
    assert "1 subtitle of talk.srt starts after the end of the recording and was left out." in drive.warnings


def test_only_changed_sentence_of_text_is_spoken(tmp_path: Path, counted: Counted) -> None:
    cache = Cache(tmp_path / "cache", max_bytes=10**8)
    notes, sentences = tmp_path / "notes.txt", ["The house is very old.", "The dog sleeps in it.", "We are going home."]
    notes.write_text(" ".join(sentences), encoding="utf-8")
    first = Drive(notes, tmp_path / "1", cache=cache).run()
    assert counted.spoken == sentences
    assert len(first.shares["synthesize/en"]) >= len(sentences), "it is reported sentence by sentence"
    notes.write_text(" ".join(sentences).replace("dog", "cat"), encoding="utf-8")
    Drive(notes, tmp_path / "2", cache=cache).run()
    assert counted.spoken[3:] == ["The cat sleeps in it."]


@needs_apertium
def test_own_words_in_language_found_to_be_spoken_become_the_transcript(
    talk_video: Path, words: Path, tmp_path: Path
) -> None:
    drive = Drive(talk_video, tmp_path, LIGHT.overridden({"targets": ["en", "es"]}), companion=words).run()
    said = Transcript.load(drive.published["talk.json"])
    assert said.segments[1].text == "ask not what your country can do for you."
    assert "talk.es.srt" in drive.published and "talk.en.srt" not in drive.published


@needs_apertium
def test_correction_after_end_of_recording_is_left_out(talk_video: Path, words: Path, tmp_path: Path) -> None:
    first = Drive(talk_video, tmp_path / "1", SPANISH, companion=words).run()
    corrected = tmp_path / "talk.es.srt"
    made = first.published["talk.es.srt"].read_text(encoding="utf-8")
    corrected.write_text(made + "\n9\n00:01:25,000 --> 00:01:28,000\nDemasiado tarde.\n", encoding="utf-8")
    before = first.published["talk.json"]
    second = Drive(talk_video, tmp_path / "2", SPANISH, companion=corrected, before=before).run()
    assert "1 subtitle of talk.es.srt starts after the end of the recording and was left out." in second.warnings
    assert "Demasiado" not in second.published["talk.es.srt"].read_text(encoding="utf-8")


def test_own_translation_is_corrected_even_if_no_translator_supports_the_pair(
    phrase_video: Path, tmp_path: Path, counted: Counted
) -> None:
    path = tmp_path / "talk.cy.srt"
    path.write_text("1\n00:00:01,000 --> 00:00:04,000\nBore da i chi.\n", encoding="utf-8")
    options = LIGHT.overridden({"targets": ["cy"], "language": "en"})
    first = Drive(phrase_video, tmp_path / "1", options, companion=path, name="talk.mp4").run()
    path.write_text("1\n00:00:01,000 --> 00:00:04,000\nNos da i chi.\n", encoding="utf-8")
    before = first.published["talk.json"]
    second = Drive(phrase_video, tmp_path / "2", options, companion=path, before=before, name="talk.mp4").run()
    assert "Nos da i chi." in second.published["talk.cy.srt"].read_text(encoding="utf-8")
    assert "Nos da i chi." in counted.spoken


@needs_apertium
def test_own_translation_is_spoken_as_it_is(phrase_video: Path, tmp_path: Path, counted: Counted) -> None:
    path = tmp_path / "talk.es.srt"
    path.write_text("1\n00:00:01,000 --> 00:00:04,000\nY así, compatriotas.\n", encoding="utf-8")
    drive = Drive(phrase_video, tmp_path, SPANISH.overridden({"language": "en"}), companion=path, name="talk.mp4").run()
    assert any(key.startswith("transcribe") for key in drive.facts)
    assert counted.translated == [] and set(counted.spoken) == {"Y así, compatriotas."}
    assert "Y así, compatriotas." in drive.published["talk.es.srt"].read_text(encoding="utf-8")
    assert {"talk.es.m4a", "talk.es.mp4", "talk.srt"} < drive.published.keys()


@needs_apertium
def test_only_changed_sentence_of_corrected_transcript_is_redone(
    talk_video: Path, words: Path, tmp_path: Path, counted: Counted
) -> None:
    cache = Cache(tmp_path / "cache", max_bytes=10_000_000)
    first = Drive(talk_video, tmp_path / "1", SPANISH, companion=words, cache=cache).run()
    assert len(counted.translated) == 2 and len(set(counted.spoken)) == 3
    corrected = tmp_path / "talk.srt"
    text = first.published["talk.srt"].read_text(encoding="utf-8")
    corrected.write_text(text.replace("Ask what you can do for your country", "Ask who can help you"), encoding="utf-8")
    counted.spoken.clear(), counted.translated.clear()
    before = first.published["talk.json"]
    second = Drive(talk_video, tmp_path / "2", SPANISH, companion=corrected, before=before, cache=cache).run()
    assert second.facts["merge"]["changed"] == 1
    assert counted.translated == ["Ask who can help you."]
    assert len(set(counted.spoken)) == 1
    assert not any(key.startswith(("transcribe", "split", "diarize")) for key in second.facts)
    assert {"talk.srt", "talk.json", "talk.es.srt", "talk.es.m4a", "talk.es.mp4"} < second.published.keys()


@needs_apertium
def test_only_changed_line_of_corrected_translation_is_spoken_again(
    talk_video: Path, words: Path, tmp_path: Path, counted: Counted
) -> None:
    cache = Cache(tmp_path / "cache", max_bytes=10_000_000)
    first = Drive(talk_video, tmp_path / "1", SPANISH, companion=words, cache=cache).run()
    corrected = tmp_path / "talk.es.srt"
    text = first.published["talk.es.srt"].read_text(encoding="utf-8")
    last = text.rstrip().rsplit("\n", 1)[-1]
    corrected.write_text(text.replace(last, "Eso es todo."), encoding="utf-8")
    counted.spoken.clear(), counted.translated.clear()
    before = first.published["talk.json"]
    second = Drive(talk_video, tmp_path / "2", SPANISH, companion=corrected, before=before, cache=cache).run()
    assert second.facts["translate/es"]["changed"] == 1
    assert counted.translated == []
    assert len(set(counted.spoken)) == 1 and "Eso es todo." in counted.spoken[0]
    assert second.published.keys() == {
        *("talk.es.txt", "talk.es.srt", "talk.es.vtt", "talk.es.m4a", "talk.es.mp4"),
        *("talk.original.m4a", "report.html", "manifest.json"),
    }
    assert "Eso es todo." in second.published["talk.es.srt"].read_text(encoding="utf-8")


def test_subtitle_alone_is_spoken_at_its_own_times(words: Path, tmp_path: Path) -> None:
    drive = Drive(words, tmp_path, name="talk.srt").run()
    assert drive.facts["probe"]["kind"] == "subtitle" and drive.facts["extract"]["language"] == "en"
    assert drive.published.keys() == {"talk.en.txt", "talk.en.srt", "talk.en.vtt", "talk.en.m4a", "manifest.json"}
    dub = drive.job_dir / "dub.en.wav"
    assert wav.duration_s(dub) == pytest.approx(10.8 + 1.0, abs=0.01)
    loud = [level_db(wav.read_range(dub, start, start + 0.8)) for start in (0.45, 4.3, 8.5)]
    quiet = [level_db(wav.read_range(dub, start, end)) for start, end in ((0.0, 0.35), (3.6, 4.15), (7.9, 8.35))]
    assert min(loud) > -40 > max(quiet)


def test_last_line_of_subtitle_alone_is_spoken_in_full_and_nothing_is_sped_up_for_it(tmp_path: Path) -> None:
    path = tmp_path / "short.en.srt"
    lines = "1\n00:00:01,000 --> 00:00:03,000\nWell.\n\n2\n00:00:03,600 --> 00:00:04,200\n"
    path.write_text(lines + "This is a sentence that nobody alive can say within a single second.\n", encoding="utf-8")
    drive = Drive(path, tmp_path).run()
    first, last = json.loads(drive.published["manifest.json"].read_text(encoding="utf-8"))["fit"]["en"]["utterances"]
    assert (first["start"], first["stretch"]) == (1.0, 1.0)
    assert last["end"] <= wav.duration_s(drive.job_dir / "dub.en.wav")
    assert last["stretch"] <= 1.4 and not drive.warnings


@needs_apertium
def test_a_subtitle_alone_is_translated_and_keeps_its_times(words: Path, tmp_path: Path) -> None:
    drive = Drive(words, tmp_path, SPANISH, name="talk.srt").run()
    files = {"talk.es.txt", "talk.es.srt", "talk.es.vtt", "talk.es.m4a", "report.html", "manifest.json"}
    assert files == drive.published.keys()
    made = cues_of(drive.published["talk.es.srt"].read_text(encoding="utf-8"), kind="srt")
    assert [cue.start for cue in made] == [0.4, 4.2, 8.4]
    assert "país" in made[1].text.lower()


def test_own_translation_needs_no_translator(phrase_video: Path, tmp_path: Path) -> None:
    path = tmp_path / "talk.cy.srt"
    path.write_text("1\n00:00:01,000 --> 00:00:04,000\nBore da i chi.\n", encoding="utf-8")
    options = LIGHT.overridden({"language": "en", "targets": ["cy"]})
    drive = Drive(phrase_video, tmp_path, options, companion=path, name="talk.mp4").run()
    assert "Bore da i chi." in drive.published["talk.cy.srt"].read_text(encoding="utf-8")
    assert "talk.cy.mp4" in drive.published


def test_late_translation_for_language_that_was_not_a_target_is_spoken_as_it_is(
    talk_video: Path, words: Path, tmp_path: Path
) -> None:
    first = Drive(talk_video, tmp_path / "1", companion=words).run()
    path = tmp_path / "talk.cy.srt"
    path.write_text("1\n00:00:01,000 --> 00:00:04,000\nBore da i chi.\n", encoding="utf-8")
    options = LIGHT.overridden({"language": "en"})
    late = Drive(talk_video, tmp_path / "2", options, companion=path, before=first.published["talk.json"]).run()
    assert "Bore da i chi." in late.published["talk.cy.srt"].read_text(encoding="utf-8")
    assert {"talk.cy.m4a", "talk.cy.mp4", "report.html"} < late.published.keys()


def test_transcript_missing_during_correction_is_reported_with_remedy(
    talk_video: Path, words: Path, tmp_path: Path
) -> None:
    with pytest.raises(UnreadableFile, match=r"talk\.json, which this subtitle corrects") as refused:
        Drive(talk_video, tmp_path, companion=words, before=tmp_path / "talk.json").run()
    assert "dropdub retry" in refused.value.remedy


SRT = "1\n00:00:00,500 --> 00:00:03,000\n{}\n\n2\n00:00:03,500 --> 00:00:06,000\n{}\n"


def _serbian(folder: Path) -> Path:
    path = folder / "talk.srt"
    path.write_text(SRT.format("Добро јутро, ово је моја кућа.", "Љубав и њива су лепе речи."), encoding="utf-8")
    return path


def test_a_recording_in_other_letters_than_its_target_gets_text_and_subtitles_but_no_dub(
    talk_video: Path, tmp_path: Path
) -> None:
    options = LIGHT.overridden({"targets": ["sr-Latn"], "language": "sr"})
    drive = Drive(talk_video, tmp_path, options, companion=_serbian(tmp_path)).run()
    stem = talk_video.stem
    assert "Љубав" in drive.published[f"{stem}.srt"].read_text("utf-8")
    assert "Ljubav i njiva su lepe reči." in drive.published[f"{stem}.sr-Latn.srt"].read_text("utf-8")
    assert "Dobro jutro, ovo je moja kuća." in drive.published[f"{stem}.sr-Latn.txt"].read_text("utf-8")
    assert f"{stem}.sr-Latn.m4a" not in drive.published
    assert [text for text in drive.warnings if "no sr-Latn dub is made. Its text and subtitles were converted." in text]
