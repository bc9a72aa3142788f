"""The report's page: what it says, and that nothing in it comes from elsewhere or runs what a text says."""

from __future__ import annotations

import dataclasses
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropdub.config import load_config
from dropdub.dubbing.not_measured import NOT_REQUIRED
from dropdub.dubbing.published_timing import fits_of
from dropdub.dubbing.quality import quality_of
from dropdub.pipeline.artifacts import Segment, Transcript
from dropdub.pipeline.facts import Facts
from dropdub.publishing.deliverables import deliverable_name
from dropdub.report.contents import contents_of
from dropdub.report.page import page
from dropdub.report.remarks import Remark, remarks_by_line
from dropdub.translations.words import IN_ENGLISH, words_in
from dropdub.units import format_moment
from tests.reports import (
    FIT,
    HEARD,
    LISTENER,
    NAME,
    SOUND,
    TEXTS,
    VOICES,
    a_fit,
    a_manifest,
    an_utterance,
    contents,
    facts,
    transcripts,
)


class Page(HTMLParser):
    """The tags of a page with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str, attribute: str) -> list[str]:
        return [attrs[attribute] or "" for name, attrs in self.tags if name == tag and attribute in attrs]


def test_the_players_point_to_the_files_beside_the_page() -> None:
    found = Page(page(contents())).all("source", "src")
    names = [deliverable_name(NAME, "original.m4a")]
    names += [deliverable_name(NAME, kind, target="pt") for kind in ("mp4", "m4a")]
    assert [unquote(address) for address in found] == names
    assert all("%" in address and "#" not in address and "/" not in address for address in found)


def test_a_film_in_matroska_falls_back_to_the_sound() -> None:
    made = facts(**{"mux/pt": {"file": "video.pt.mkv", "container": "mkv"}})
    assert [unquote(address)[-6:] for address in Page(page(contents(made))).all("source", "src")][1:] == [
        "pt.mkv",
        "pt.m4a",
    ]


def test_texts_are_shown_and_never_run() -> None:
    html = page(contents())
    found = Page(html)
    assert [tag for tag, _ in found.tags].count("script") == 1 and "<script>alert" not in html
    assert "i" not in {tag for tag, _ in found.tags}
    for text in ("A <script>alert(1)</script> warning.", "<the> whole house & garden", "“<i>Alemão”", NAME):
        assert text in found.text


@given(st.text(max_size=60))
def test_no_text_of_a_line_adds_a_tag(text: str) -> None:
    plain = contents()
    [dub] = plain.dubs
    rows = tuple(dataclasses.replace(row, original=text, translation=text, speaker=text) for row in dub.rows)
    odd = dataclasses.replace(plain, dubs=(dataclasses.replace(dub, rows=rows),), warnings=(text,))
    assert [tag for tag, _ in Page(page(odd)).tags] == [tag for tag, _ in Page(page(plain)).tags]


def test_nothing_is_loaded_from_elsewhere() -> None:
    html = page(contents())
    assert "http://" not in html and "https://" not in html and "@import" not in html and "url(" not in html
    [policy] = [content for content in Page(html).all("meta", "content") if content.startswith("default-src 'none'")]
    assert "script-src 'sha256-" in policy


def test_numbers_are_explained_in_plain_words() -> None:
    text = " ".join(Page(page(contents())).text.split())
    assert "1 of 4 Utterances that fit their time" in text
    assert "0.30 s The most that a line starts before or after the original's voice" in text
    assert "18.2 % 4 of 22 words, as heard by faster-whisper 1.2.1 (whisper-base) in 5 of 5 lines." in text
    assert "Lines of which it misheard most words: 1." in text
    assert "4.5 % 18 of 400 words in 40 lines of the original recording" in text and "compared with talk.en.srt" in text
    assert "Voice of S2 0.79" in text
    assert "0:07 Thanks for watching! – removed" in text


def test_sound_is_rated_beside_the_original_in_the_language_of_the_report() -> None:
    made = facts(**{"compare/pt": {"voices": VOICES, "sound": SOUND}})
    text = " ".join(Page(page(contents(made))).text.split())
    assert "How good it sounds 2.8 of 5" in text and "take it as a hint. The speech of the original: 2.5." in text
    assert "Clear voice 3.1 of 5" in text and "Quiet background 3.7 of 5" in text
    assert "How good S2 sounds 1.9 of 5 Clear voice 2.3, quiet background 2.9. The speech of the original: 2.1." in text
    portuguese = " ".join(Page(page(contents(made, words=words_in("pt-BR")))).text.split())
    assert "Qualidade do som 2,8 de 5" in portuguese and "A fala do original: 2,5." in portuguese
    assert "DNSMOS" not in Page(page(contents())).text, "nothing was rated, and nothing is said of it"


def test_sound_below_the_limit_is_marked() -> None:
    bad = {**SOUND, "dub": {**SOUND["dub"], "overall": 2.5}}
    for sound, grade in ((SOUND, "plain"), (bad, "bad")):
        figures = contents(facts(**{"compare/pt": {"voices": [], "sound": sound}})).dubs[0].figures
        assert [one.grade for one in figures if one.label == "How good it sounds"] == [grade]
        speakers = {one.label: one.grade for one in figures if one.label.startswith("How good S")}
        assert speakers == {"How good S1 sounds": "plain", "How good S2 sounds": "bad"}, "one of them is below it"


def test_words_that_were_verified_only_in_part_are_not_green() -> None:
    lines = {number: line for number, line in HEARD.items() if number in {"0", "2"}}
    found = contents(facts(**{"hear/pt": {"lines": lines}})).dubs[0].figures
    [misheard] = [figure for figure in found if figure.label == "Misheard words"]
    assert (misheard.value, misheard.grade) == ("0.0 %", "plain") and "in 2 of 5 lines" in misheard.words


def test_lines_without_changes_have_an_empty_cell() -> None:
    made = facts(**{"hear/pt": {"lines": HEARD | {"4": HEARD["0"]}}})
    assert "none" not in Page(page(contents(made))).text.split("Changes and faults")[1].split("Possibly")[0].split()


def test_missing_measurements_are_stated() -> None:
    made = facts(**{"hear/pt": {"lines": {}}, "compare/pt": {"voices": []}})
    text = " ".join(Page(page(contents(made, fit={}))).text.split())
    assert "Timing not measured" in text and "not verified" in text
    assert "The timing of this dub was not measured." in text
    assert "not verified, because no transcriber for Portuguese is installed." in text
    assert "Changes and faults" not in text, "nothing is said of lines of which nothing is known"


def test_a_text_has_no_times_and_no_original_to_play() -> None:
    made = facts(**{"hear/pt": {"lines": {}}})
    del made["mux/pt"]
    found = Page(page(contents(made, fit={}, kind="text")))
    assert [unquote(address)[-6:] for address in found.all("source", "src")] == ["pt.m4a"]
    assert "button" not in {tag for tag, _ in found.tags}
    assert "Timing" not in found.text and "not verified" in found.text and TEXTS[1][1] in found.text


def test_each_line_shows_what_was_done_to_it() -> None:
    remarks = remarks_by_line(fits_of(a_manifest(facts()))["pt"], Facts(facts()).last_verification("pt"), IN_ENGLISH)
    assert 0 not in remarks
    assert [(remark.text, remark.grade) for remark in remarks[1]] == [
        ("shorter wording", "note"),
        ("sped up to 1.17 times the rate", "note"),
        ("uses 0.30 s of the silence after it", "note"),
        ("runs 0.22 s into the next line", "bad"),
        ("1 of 9 words misheard", "note"),
    ]
    assert [remark.text for remark in remarks[2]] == ["starts 0.12 s early"]
    assert [remark.text for remark in remarks[3]] == ["spoken together with line 3"]


def test_lines_of_a_brought_translation_show_the_originals_that_begin_in_them() -> None:
    source, _ = transcripts()
    own = Transcript("pt", 11.0, (Segment(0, 0.0, 5.0, "Tudo."), Segment(1, 5.0, 11.0, "O resto.")), {})
    found, made = facts(), a_manifest(facts())
    rows = contents_of(made, quality_of(Facts(found), {}, ["pt"]), Facts(found), source, {"pt": own}).dubs[0].rows
    early, late = (" ".join(one.text for one in source.segments if (one.start < 5) is side) for side in (True, False))
    assert [row.original for row in rows] == [early, late]


def test_quality_is_reported_by_target_and_none_if_not_measured() -> None:
    found = quality_of(Facts(facts()), fits_of({"fit": {"pt": FIT}}), ["pt", "es"]).to_json()
    assert found["targets"]["es"] == {
        "timing": None,
        "heard_back": None,
        "voices": None,
        "not_measured": ("The timing of this dub was not measured.",),
        "voices_left": None,
    }
    pt = found["targets"]["pt"]
    assert pt["timing"] == FIT["totals"]
    counts = {"lines": 5, "bad": (4,), "words": 22, "errors": 4, "word_error_rate": 0.1818}
    listener = {"name": "faster-whisper", "version": "1.2.1", "model": "whisper-base"}
    original = {"reference": "talk.en.srt", "lines": 40, "words": 400, "errors": 18, "word_error_rate": 0.045}
    assert pt["heard_back"] == {**counts, "listener": listener, "on_original": original}
    assert pt["not_measured"] == ()
    assert [one["likeness"] for one in pt["voices"]] == [0.874, 0.791]
    assert [one["start"] for one in found["suspects"]] == [7.9, 61.0]


def test_what_was_not_measured_is_stated_with_its_reason() -> None:
    hear = {"lines": {"0": HEARD["0"], "1": {**HEARD["1"], "words": 0}}, "engine": LISTENER}
    unknown = {**hear, "check": {"unknown": "it also made the transcript"}}
    spoken = {"hear": False, "cloned": []}
    timing = a_fit([an_utterance(0, slot=(0.0, 2.0)), an_utterance(1, slot=(3.0, 4.0))], by_transcript=1)
    cases = {
        "pt": {"hear/pt": unknown, "synthesize/pt": {"cloned": ["S1"]}, "compare/pt": {"voices": []}},
        "es": {"synthesize/es": spoken},
        "fr": {"hear/fr": {"lines": {}}, "synthesize/fr": {**spoken, "hear": True}},
    }
    every = Facts({"probe": {"kind": "media"}} | cases["pt"] | cases["es"] | cases["fr"])
    found = quality_of(every, fits_of({"fit": {"pt": timing}}), [*cases]).targets
    assert found["pt"].not_measured == (
        "The starts of 1 line could only be compared with the times of the text, because the sound does not show them.",
        "The words of 1 line were not counted, because there are none to compare.",
        "How well faster-whisper understands the original recording is not known, because it also made the transcript.",
        "No voices were compared, because no engine for that is installed.",
    )
    assert found["es"].not_measured[1:] == (
        NOT_REQUIRED,
        "No voices were compared, because none was copied from the original.",
    )
    assert found["fr"].not_measured[1] == (
        "The words of this dub were not verified, because no transcriber for French is installed."
    )


def test_a_dub_that_was_not_verified_names_the_setting_that_verifies_the_next(tmp_path: Path) -> None:
    advice, _, setting = NOT_REQUIRED.rpartition(": synthesis: ")
    assert "not known how well it can be understood" in advice and advice.endswith("under job in config.yaml")
    config = tmp_path / "config.yaml"
    config.write_text(f"job:\n  targets: [pt]\n  synthesis: {setting}\n", "utf-8")
    assert load_config(config).job.synthesis.verify is True


def test_a_subtitle_without_recording_has_the_times_of_its_text_only() -> None:
    facts_ = Facts({"probe": {"kind": "subtitle"}})
    timing = a_fit([an_utterance(0, slot=(0.0, 2.0))], by_transcript=1)
    [sentence] = quality_of(facts_, fits_of({"fit": {"pt": timing}}), ["pt"]).targets["pt"].not_measured
    assert sentence.startswith("The starts of all lines were compared with the times of the text")


def test_a_fit_from_before_lines_were_counted_can_still_be_read() -> None:
    fit = a_fit([an_utterance(0, slot=(0.0, 2.0))])
    del fit["totals"]["lines"], fit["totals"]["late"], fit["totals"]["by_transcript"]
    totals = fits_of({"fit": {"pt": fit}})["pt"].totals
    assert totals.utterances == 1 and totals.lines is None and totals.late is None


def test_a_line_that_lags_within_an_utterance_is_reported() -> None:
    fit = a_fit([an_utterance(0, 1, slot=(0.0, 2.0), drift=1.4)])
    [placed] = remarks_by_line(fits_of({"fit": {"pt": fit}})["pt"], {}, IN_ENGLISH)[0]
    assert placed == Remark("one of its lines starts 1.40 s late", "note")


def test_a_manifest_without_a_fit_has_none() -> None:
    assert fits_of({}) == {} == fits_of({"fit": None})
    fit = a_fit([an_utterance(0, 1, slot=(0.0, 2.0))])
    [utterance] = fits_of({"fit": {"pt": fit}})["pt"].utterances
    assert utterance.segments == (0, 1) and utterance.slot == (0.0, 2.0)


@pytest.mark.parametrize(("seconds", "shown"), [(0.0, "0:00"), (67.9, "1:07"), (3723.0, "1:02:03")])
def test_times_are_shown_as_players_show_them(seconds: float, shown: str) -> None:
    assert format_moment(seconds) == shown
