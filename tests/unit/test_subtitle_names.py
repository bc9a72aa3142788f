"""What the names of subtitles say, as players and subtitle managers write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from dropdub.inbox.subtitle_names import name_alone, name_beside, shortest_film
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
        (".pt-en", "pt", ""),
        (".pt-en-ehkg1hFWq8A", "pt", ""),
        (".zh-Hans-en-ehkg1hFWq8A", "zh-Hans", ""),
        (".es-en-US", "es", ""),
        (".zh-Hans-en", "zh-Hans", ""),
        ("-en", "en", ""),
        (" PT", "pt", ""),
        (".por.br", "pt-BR", ""),
        (".Brazilian.por", "pt-BR", ""),
        (".Latin American.spa", "es-419", ""),
        (".es-LA", "es-419", ""),
        (".Español (España)", "es-ES", ""),
        (".Traditional.chi", "zh-Hant", ""),
        (".简体中文", "zh-Hans", ""),
        (".zho.hans", "zh-Hans", ""),
        (".tc", "zh-Hant", ""),
        (".jp", "ja", ""),
        (".cz", "cs", ""),
        (".German (Austria)", "de-AT", ""),
        (".Serbian (Latin)", "sr-Latn", ""),
        (".ภาษาไทย", "th", ""),
        (".mp4", None, ""),
        (".mkv.en", "en", ""),
        (".srt.en", "en", ""),
        (".WEBRip.Netflix.en[cc]", "en", "sdh"),
        (".subgen.large-v3.eng", "en", ""),
        (".en - Copy", "en", ""),
        (".English.Signs.and.Songs", "en", "partial"),
        (".sous-titres.fr", "fr", ""),
        (".legendado", None, ""),
        (".SDH.eng.HI", "en", "sdh"),
    ],
)
def test_an_ending_of_other_programs_is_read_beside_its_film(ending: str, language: str | None, marks: str) -> None:
    name = name_beside(FILM + ending, FILM)
    assert name is not None
    assert (name.film, name.ending, name.language) == (FILM, ending, language)
    assert name.marks == frozenset(marks.split())


@pytest.mark.parametrize(
    "ending",
    [
        *(".two", ".1080p", ".2", " 2", " (2)", ".it.is", ".en.pt", " it", ".Director", "x"),
        *(" 2.en", "-2.en", "_2_en", ".Be", "-it", ".en.tren", ".de.papel", ".Brazil", " Ben", ".Final", ".S01E02.en"),
    ],
)
def test_other_words_do_not_make_a_subtitle_the_films(ending: str) -> None:
    assert name_beside(FILM + ending, FILM) is None


@pytest.mark.parametrize(
    ("stem", "ending", "language"),
    [
        ("[English (auto-generated)] clip [DownSub.com]", ".English (auto-generated)", "en"),
        ("(pt-BR) clip", ".pt-BR", "pt-BR"),
        ("Portuguese (Brazil) - clip", ".Portuguese (Brazil)", "pt-BR"),
        ("EN_clip", ".EN", "en"),
    ],
)
def test_a_language_in_front_of_the_films_name_is_read_as_if_it_followed(stem: str, ending: str, language: str) -> None:
    name = name_beside(stem, "clip")
    assert name is not None and (name.film, name.ending, name.language) == ("clip", ending, language)


@pytest.mark.parametrize("stem", ["la_clip", "English_clip", "Learn English - clip", "My_clip", "[1080p] clip"])
def test_other_words_in_front_of_the_films_name_make_no_subtitle_the_films(stem: str) -> None:
    assert name_beside(stem, "clip") is None


@pytest.mark.parametrize(
    "stem", ["clip", "clip.en", "clip_en", "clip - English", "clip.1080p.en", "EN_clip", "clip.mp4"]
)
def test_every_film_that_a_subtitle_may_be_of_begins_with_the_shortest(stem: str) -> None:
    assert shortest_film(stem) == "clip"


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
        ("Episode.5.en", "Episode.5", "en"),
        ("clip.1080p.en", "clip.1080p", "en"),
        ("A.Walk.In.Mexico.es", "A.Walk.In.Mexico", "es"),
        ("Big.Ben", "Big.Ben", None),
        ("The.Cat", "The.Cat", None),
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
