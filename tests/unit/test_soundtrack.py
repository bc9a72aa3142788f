"""Which sound track is worked on."""

from __future__ import annotations

from typing import Any

import pytest

from dropdub.config import JobOptions
from dropdub.errors import NoAudio
from dropdub.film.soundtrack import choice_warnings, chosen_sound
from dropdub.media.sound_purpose import Purpose, purpose_of
from dropdub.media.stream_types import AudioStream


def track(
    index: int, language: str | None = None, *, default: bool = False, purpose: Purpose = Purpose.UNSTATED
) -> AudioStream:
    return AudioStream(index, "aac", language, 2, 48_000, None, 0.0, default, purpose)


FILM = (track(1, "eng"), track(2, "por", default=True), track(3, "por"), track(4))


@pytest.mark.parametrize(
    ("options", "index"),
    [
        ({}, 2),
        ({"audio_track": 1}, 1),
        ({"audio_track": "3"}, 3),
        ({"audio_track": "en"}, 1),
        ({"audio_track": "pt-BR"}, 2),
        ({"audio_track": "AUTO"}, 2),
        ({"language": "en"}, 1),
        ({"language": "fr"}, 2),
        ({"language": "en", "audio_track": 4}, 4),
    ],
)
def test_a_track_is_chosen_by_number_by_language_or_as_the_file_says(options: dict[str, Any], index: int) -> None:
    assert chosen_sound("a.mkv", FILM, JobOptions.model_validate(options)).index == index


def test_without_a_default_the_first_is_taken() -> None:
    assert chosen_sound("a.mkv", (track(5), track(6)), JobOptions()).index == 5


@pytest.mark.parametrize(("wanted", "named"), [(5, "no audio track 5"), ("fr", "marked as French")])
def test_a_missing_track_is_refused_with_a_list_of_those_present(wanted: Any, named: str) -> None:
    with pytest.raises(NoAudio, match=named) as refused:
        chosen_sound("a.mkv", FILM, JobOptions(audio_track=wanted))
    listed = "1 (English), 2 (Portuguese), 3 (Portuguese), 4 (language not given)"
    assert listed in refused.value.message and "audio_track" in refused.value.remedy


@pytest.mark.parametrize("wanted", [0, -1, "0", True, 1.5, "Portuguese!", None])
def test_a_value_that_names_no_track_is_not_a_setting(wanted: Any) -> None:
    with pytest.raises(ValueError, match="audio_track"):
        JobOptions.model_validate({"audio_track": wanted})


# The film's own track

BESIDES = (Purpose.DESCRIPTION, Purpose.COMMENTARY, Purpose.WITHOUT_SPEECH, Purpose.HARD_OF_HEARING, Purpose.DUB)


@pytest.mark.parametrize("purpose", BESIDES)
@pytest.mark.parametrize("options", [{}, {"language": "en"}, {"audio_track": "en"}])
def test_a_track_for_another_purpose_is_not_taken_even_if_it_is_first_and_the_default(
    purpose: Purpose, options: dict[str, Any]
) -> None:
    tracks = (track(1, "eng", default=True, purpose=purpose), track(2, "eng"))
    chosen = chosen_sound("a.mkv", tracks, JobOptions.model_validate(options))
    assert chosen.index == 2
    assert choice_warnings("a.mkv", tracks, chosen, JobOptions.model_validate(options)) == []


def test_the_original_is_preferred_to_a_dub_and_to_the_default() -> None:
    tracks = (track(1, "deu", default=True), track(2, "eng", purpose=Purpose.ORIGINAL))
    assert chosen_sound("a.mkv", tracks, JobOptions()).index == 2
    assert chosen_sound("a.mkv", tracks, JobOptions(language="de")).index == 1


def test_an_only_track_for_another_purpose_is_taken_with_a_warning() -> None:
    tracks = (track(1, "eng", purpose=Purpose.DESCRIPTION),)
    (warning,) = choice_warnings("a.ts", tracks, chosen_sound("a.ts", tracks, JobOptions()), JobOptions())
    assert warning.startswith("Audio track 1 of a.ts is marked as audio description.")


@pytest.mark.parametrize(
    ("tags", "wanted", "index"),
    [
        (("eng", "pob"), "pt", 2),
        (("eng", "ptb"), "pt-BR", 2),
        (("por", "pob"), "pt-BR", 2),
        (("pob", "por"), "por", 2),
        (("eng", "pt_BR"), "pt", 2),
        (("por", "pt-BR"), "pt-BR", 2),
        (("eng", "ger"), "de", 2),
        (("eng", "fre"), "fra", 2),
        (("eng", "zho"), "zh-Hans", 2),
    ],
)
def test_a_language_is_found_under_all_its_codes(tags: tuple[str, str], wanted: str, index: int) -> None:
    tracks = tuple(track(number, tag) for number, tag in enumerate(tags, 1))
    assert chosen_sound("a.mkv", tracks, JobOptions(language=wanted)).index == index


def test_a_language_that_no_track_has_is_reported() -> None:
    options = JobOptions(language="fr")
    (warning,) = choice_warnings("a.mkv", FILM, chosen_sound("a.mkv", FILM, options), options)
    assert warning.startswith("a.mkv is transcribed as French, but its audio track 2 is marked as Portuguese.")
    assert "It has tracks 1 (English), 2 (Portuguese)" in warning
    assert choice_warnings("a.mkv", FILM, FILM[0], JobOptions(language="fr", audio_track=1)) == []
    assert choice_warnings("a.mkv", FILM, FILM[3], options) == []


@pytest.mark.parametrize(
    ("flags", "title", "language", "purpose"),
    [
        ({"visual_impaired", "descriptions"}, None, "eng", Purpose.DESCRIPTION),
        ({"default", "visual_impaired"}, "English", "eng", Purpose.DESCRIPTION),
        ({"comment"}, None, None, Purpose.COMMENTARY),
        ({"original"}, "Original director's commentary", None, Purpose.COMMENTARY),
        ({"clean_effects"}, None, None, Purpose.WITHOUT_SPEECH),
        ({"karaoke"}, None, None, Purpose.WITHOUT_SPEECH),
        ({"hearing_impaired"}, None, None, Purpose.HARD_OF_HEARING),
        ({"dub"}, None, "por", Purpose.DUB),
        (set(), "Audio Description", None, Purpose.DESCRIPTION),
        (set(), "Português - Audiodescrição", None, Purpose.DESCRIPTION),
        (set(), "English (AD)", None, Purpose.DESCRIPTION),
        (set(), "English [AD] 5.1", None, Purpose.DESCRIPTION),
        (set(), "Hörfilmfassung", None, Purpose.DESCRIPTION),
        (set(), "Descriptive Audio", None, Purpose.DESCRIPTION),
        (set(), "Audiodeskrypcja", None, Purpose.DESCRIPTION),
        (set(), "화면 해설", None, Purpose.DESCRIPTION),
        (set(), "Comentários do diretor", None, Purpose.COMMENTARY),
        (set(), "Kommentar mit Regisseur", None, Purpose.COMMENTARY),
        (set(), "Commentaire audio", None, Purpose.COMMENTARY),
        (set(), "オーディオコメンタリー", None, Purpose.COMMENTARY),
        (set(), "Narração descritiva", None, Purpose.DESCRIPTION),
        (set(), "Para cegos", None, Purpose.DESCRIPTION),
        (set(), "Deskription", None, Purpose.DESCRIPTION),
        (set(), "Описание для незрячих", None, Purpose.DESCRIPTION),
        (set(), "解説音声", None, Purpose.DESCRIPTION),
        (set(), "Com. do diretor", None, Purpose.COMMENTARY),
        (set(), "Yönetmen yorumu", None, Purpose.COMMENTARY),
        (set(), "导演评论", None, Purpose.COMMENTARY),
        (set(), "Trilha sonora isolada", None, Purpose.WITHOUT_SPEECH),
        (set(), "Sound effects only", None, Purpose.WITHOUT_SPEECH),
        (set(), "Music & Effects", None, Purpose.WITHOUT_SPEECH),
        (set(), "Portuguese (dubbed)", None, Purpose.DUB),
        (set(), "Dublado", None, Purpose.DUB),
        (set(), "English (original)", None, Purpose.ORIGINAL),
        (set(), None, "qad", Purpose.DESCRIPTION),
        (set(), None, "nar", Purpose.DESCRIPTION),
        ({"default"}, "English 5.1 Surround", "eng", Purpose.UNSTATED),
        (set(), "Adam's microphone, ad hoc", None, Purpose.UNSTATED),
        (set(), "SoundHandler", "und", Purpose.UNSTATED),
        (set(), "Double bass", None, Purpose.UNSTATED),
    ],
)
def test_flags_titles_and_codes_say_what_a_track_is_for(
    flags: set[str], title: str | None, language: str | None, purpose: Purpose
) -> None:
    assert purpose_of(flags, title=title, language=language) is purpose
