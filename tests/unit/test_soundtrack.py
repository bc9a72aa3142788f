"""Which sound track is worked on."""

from __future__ import annotations

from typing import Any

import pytest

from dropdub.config import JobOptions
from dropdub.errors import NoAudio
from dropdub.film.soundtrack import chosen_sound
from dropdub.media.stream_types import AudioStream


def track(index: int, language: str | None = None, *, default: bool = False) -> AudioStream:
    return AudioStream(index, "aac", language, 2, 48_000, None, 0.0, default)


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
