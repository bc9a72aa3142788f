"""What the names of subtitles say, as players and subtitle managers write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from dropdub.inbox.subtitle_names import name_alone, name_beside
from dropdub.languages import NO_HINT
from dropdub.subtitles.formats import Cue
from dropdub.subtitles.user_files import language_of, named_language

FILM = "Sick.Of.It (2010)"
ENGLISH = [Cue(0.0, 2.0, ("The house of my brother is white, and he says that nobody has ever lived there with him.",))]
HINDI = [Cue(0.0, 2.0, ("यह घर सफेद है और बगीचा हरा है।",)), Cue(2.0, 4.0, ("दरवाजा आज खुला है।",))]


@pytest.mark.parametrize(
    ("ending", "language", "marks"),
    [
        ("", None, ""),
        (".en", "en", ""),
        (".EN", "en", ""),
        (".eng", "en", ""),
        (".en.hi", "en", "sdh"),
        (".en-hi", "en", "sdh"),
        (".hi.en", "en", "sdh"),
        (".es.hi", "es", "sdh"),
        (".en.sdh", "en", "sdh"),
        (".en.cc", "en", "sdh"),
        (".en[cc]", "en", "sdh"),
        (".en.forced", "en", "partial"),
        (".forced.en", "en", "partial"),
        (".eng.forced.default", "en", "partial"),
        (".forced", None, "partial"),
        (".sdh", None, "sdh"),
        (".default.en", "en", ""),
        (".English", "en", ""),
        (".English.SDH", "en", "sdh"),
        (".English [SDH]", "en", "sdh"),
        (" (English)", "en", ""),
        (" - English", "en", ""),
        ("_eng", "en", ""),
        ("_track3_[eng]", "en", "track3"),
        (".en_US", "en-US", ""),
        (".2_English", "en", "2"),
        (".en.1", "en", "1"),
        (".pt-BR", "pt-BR", ""),
        (".pt_BR", "pt-BR", ""),
        (".pt-br.hi", "pt-BR", "sdh"),
        (".pt.BR", "pt-BR", ""),
        (".pb", "pt-BR", ""),
        (".pob", "pt-BR", ""),
        (".ptbr", "pt-BR", ""),
        (".por", "pt", ""),
        (".Portuguese (Brazil)", "pt-BR", ""),
        (".Brazilian Portuguese", "pt-BR", ""),
        (".Português", "pt", ""),
        (".Spanish (Latin America).cc", "es-419", "sdh"),
        (".es-419", "es-419", ""),
        (".zh-Hans", "zh-Hans", ""),
        (".chs", "zh-Hans", ""),
        (".ger", "de", ""),
        (".hye", "hy", ""),
        (".hi-IN", "hi-IN", ""),
        (".en-orig", "en", ""),
        (".en-j3PyPqV-e1s", "en", ""),
    ],
)
def test_an_ending_of_other_programs_is_read_beside_its_film(ending: str, language: str | None, marks: str) -> None:
    name = name_beside(FILM + ending, FILM)
    assert name is not None
    assert (name.film, name.ending, name.language) == (FILM, ending, language)
    assert name.marks == frozenset(marks.split())


@pytest.mark.parametrize("ending", [".two", ".1080p", ".2", " 2", " (2)", ".it.is", ".en.pt", " it", ".Director", "x"])
def test_other_words_do_not_make_a_subtitle_the_films(ending: str) -> None:
    assert name_beside(FILM + ending, FILM) is None


@pytest.mark.parametrize(
    ("stem", "film", "language"),
    [
        ("clip", "clip", None),
        ("clip.en", "clip", "en"),
        ("clip.en.hi", "clip", "en"),
        ("clip.English.SDH", "clip", "en"),
        ("clip.forced", "clip", None),
        ("a.b.PT_BR", "a.b", "pt-BR"),
        ("Show S01E01 (1080p).pt-BR", "Show S01E01 (1080p)", "pt-BR"),
        ("Let.It.Be", "Let.It.Be", None),
        ("What Is.It", "What Is.It", None),
        ("Sick.Of.It.en", "Sick.Of.It", "en"),
        ("It", "It", None),
        ("2_English", "2_English", None),
        ("clip_en", "clip_en", None),
        ("part.two", "part.two", None),
        ("clip.1080p", "clip.1080p", None),
        (".en", ".en", None),
        ("clip.", "clip.", None),
    ],
)
def test_of_a_subtitle_without_a_film_only_what_is_no_word_of_a_title_counts(
    stem: str, film: str, language: str | None
) -> None:
    name = name_alone(stem)
    assert (name.film, name.language) == (film, language)


@pytest.mark.parametrize(
    ("name", "film", "cues", "language"),
    [
        ("clip.hi.srt", "clip.mp4", ENGLISH, None),
        ("clip.hi.srt", "clip.mp4", HINDI, "hi"),
        ("clip.hi.srt", "", HINDI, "hi"),
        ("clip.hin.srt", "clip.mp4", ENGLISH, "hi"),
        ("let.it.be.srt", "", ENGLISH, None),
        ("LET.IT.BE.SRT", "", ENGLISH, None),
        ("The.French.srt", "", ENGLISH, None),
        ("clip.no.srt", "", [Cue(0.0, 1.0, ("Ja.",))], "nb"),
        ("clip.en.srt", "", HINDI, "en"),
        ("Let.It.Be.srt", "Let.It.Be.mp4", ENGLISH, None),
    ],
)
def test_the_text_decides_whether_a_doubtful_word_is_the_language(
    name: str, film: str, cues: list[Cue], language: str | None
) -> None:
    assert named_language(Path(name), cues, film=film) == language
    found = language_of(Path(name), cues, hint=NO_HINT, usual=lambda: ["en", "hi"], film=film)
    assert found.language == (language or "en")
