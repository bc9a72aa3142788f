from __future__ import annotations

from typing import Any

import pytest

from dropdub.config import Deadlines
from dropdub.daemon.steps.deadlines import deadline_s
from dropdub.pipeline.facts import Facts


def deadline(stage: str, *, size: int = 0, factor: float = 1.0, **more: Any) -> float:
    params, facts = more.get("params", {}), more.get("facts", {})
    return deadline_s(stage, params=params, facts=Facts(facts), size=size, settings=Deadlines(factor=factor))


def test_a_probe_has_ten_seconds() -> None:
    assert deadline("probe", size=10**11) == 10


def test_media_work_has_a_second_per_megabyte_from_a_minute_to_half_an_hour() -> None:
    assert deadline("extract", size=5) == 60
    assert deadline("extract", size=200_000_000) == 200
    assert deadline("mux", size=10**11) == 1800
    assert deadline("extract", size=8_000_000, facts={"probe": {"duration_s": 3600}}) == pytest.approx(123.2)


def test_transcribing_has_time_in_proportion_to_the_chunk() -> None:
    short = deadline("transcribe", params={"start": 0, "end": 60})
    assert deadline("transcribe", params={"start": 100, "end": 220}) - short == 600


def test_burning_subtitles_in_has_time_in_proportion_to_the_film() -> None:
    facts = {"probe": {"duration_s": 3600}}
    assert deadline("mux", params={"burn": True}, facts=facts) == 1800 + 36_000
    assert deadline("mux", facts=facts) == pytest.approx(115.2)


def test_speaking_has_time_in_proportion_to_the_lines() -> None:
    few = deadline("synthesize", facts={"merge": {"segments": 10}})
    assert deadline("synthesize", facts={"merge": {"segments": 110}}) - few == 1000


def test_diarization_has_time_to_read_the_source_and_to_listen_to_it() -> None:
    short = deadline("diarize", facts={"probe": {"duration_s": 60}})
    assert deadline("diarize", facts={"probe": {"duration_s": 1060}}) - short == 1000
    assert deadline("diarize", size=500_000_000) == 620


def test_mixing_has_time_in_proportion_to_the_recording_and_more_to_remove_voices() -> None:
    short, long = ({"probe": {"duration_s": seconds}} for seconds in (60, 3660))
    assert deadline("mix", facts=long) - deadline("mix", facts=short) == pytest.approx(1080)
    parted = deadline("mix", facts=long, params={"separate": True})
    assert parted - deadline("mix", facts=short, params={"separate": True}) == pytest.approx(21_600)


def test_without_a_recording_the_length_is_that_of_the_subtitle() -> None:
    short, long = ({"probe": {}, "extract": {"duration_s": seconds}} for seconds in (60, 3660))
    assert deadline("mix", facts=long) - deadline("mix", facts=short) == pytest.approx(1080)


def test_lines_of_a_user_supplied_translation_count() -> None:
    facts = {"merge": {"segments": 10}, "translate/es": {"segments": 110}}
    assert deadline("synthesize", facts=facts) == deadline("synthesize", facts={"merge": {"segments": 110}})


def test_the_factor_stretches_every_deadline() -> None:
    assert deadline("extract", factor=3) == 180


def test_an_attempt_after_one_that_was_too_slow_has_twice_the_time() -> None:
    given = {"params": {"start": 0, "end": 60}, "facts": Facts({}), "size": 0, "settings": Deadlines()}
    assert [deadline_s("transcribe", **given, late=late) for late in range(3)] == [720, 1440, 2880]
