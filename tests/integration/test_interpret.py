"""The stage `interpret`, also as an aside between two batches of a long translation, in a real worker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dropdub.config import JobOptions
from dropdub.pipeline.artifacts import TRANSCRIPT, Segment, Transcript
from tests.integration.test_engines import usable
from tests.integration.test_say import MAIN, Studio, alone, payload, prepared, without_time

OPTIONS = JobOptions(translator="apertium", language="en").model_dump(mode="json")
GOOD_MORNING = {"text": "Good morning, my friends.", "source": "en", "target": "es"}


@pytest.fixture(autouse=True)
def apertium() -> None:
    usable("apertium")


def interpretation(folder: Path, **params: Any) -> dict[str, Any]:
    return {**payload(folder, "interpret", {**GOOD_MORNING, **params}), "options": OPTIONS}


def long_translation(folder: Path, *, lines: int) -> dict[str, Any]:
    """Return the step that translates a long text."""
    given = {**payload(folder, "translate", {}, target="es", key="translate-es"), "options": OPTIONS}
    segments = tuple(Segment(number, 0.0, 0.0, f"This is the house number {number}.") for number in range(lines))
    Transcript("en", 0.0, segments, {"name": "none"}).save(Path(given["job_dir"]) / TRANSCRIPT)
    return given


@pytest.fixture
def translator(tmp_path: Path) -> Iterator[Studio]:
    one = Studio(tmp_path, "apertium", {}, "translate")
    yield one
    one.pool.stop(grace_s=0.5)


def test_a_sentence_is_translated_and_one_in_the_same_language_stays_as_it_is(tmp_path: Path) -> None:
    found = alone(interpretation(tmp_path))
    assert "amigos" in found["text"] and found["engine"]["name"] == "apertium"
    assert alone(interpretation(tmp_path, target="en-GB"))["text"] == GOOD_MORNING["text"]


def test_a_sentence_is_translated_during_a_long_translation(translator: Studio, tmp_path: Path) -> None:
    translator.submit(MAIN, long_translation(prepared(tmp_path / "film"), lines=400))
    translator.wait_for(lambda: translator.pool.free_for_aside() > 0, "the worker to take an aside")
    translator.submit(0, interpretation(tmp_path / "aside"), aside=True)
    translator.wait_for(lambda: len(translator.ended()) == 2, "both to end")
    assert translator.ended() == [0, MAIN]
    assert without_time(translator.result(0)) == alone(interpretation(tmp_path / "alone"))
