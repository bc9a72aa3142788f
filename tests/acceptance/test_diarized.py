"""A conversation of two real voices, through the real daemon, with the diarizer that needs no torch."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dropdub.engines.offers import installed_offers
from dropdub.media.sound import wav
from tests.acceptance.site import Site

WOMAN = Path(__file__).parents[1] / "data" / "ljspeech" / "LJ001-0001.flac"
RATE_HZ = 16_000
TURN_S = 5.0


def turn(path: Path, start_s: float) -> wav.Samples:
    return wav.resample(wav.read_range(path, start_s, start_s + TURN_S), wav.sample_rate(path), RATE_HZ)


@pytest.fixture
def talk(tmp_path: Path, speech: Path) -> Path:
    """A man, a woman, and the man again, five seconds each."""
    turns = (turn(speech, 0.0), turn(WOMAN, 0.0), turn(speech, 5.5))
    pause = np.zeros(RATE_HZ, np.float32)
    soundfile.write(tmp_path / "talk.wav", np.concatenate([part for one in turns for part in (one, pause)]), RATE_HZ)
    return tmp_path / "talk.wav"


def speakers_at(transcript: Path) -> list[str | None]:
    """Return who speaks in the middle of each turn."""
    segments = json.loads(transcript.read_text(encoding="utf-8"))["segments"]
    middles = [(TURN_S + 1) * number + TURN_S / 2 for number in range(3)]
    return [min(segments, key=lambda one: abs((one["start"] + one["end"]) / 2 - at))["speaker"] for at in middles]


def test_two_voices_are_distinguished_without_torch(
    site: Callable[..., Site], talk: Path, real_model: Callable[[str], Path]
) -> None:
    if problem := installed_offers()["campplus"].problem:
        pytest.skip(problem)
    models = {"dir": str(real_model("campplus").parent)}
    root = site(job={"speakers": "all", "diarizer": "campplus"}, models=models)
    root.drop(talk)
    assert root.work_off() == 0, root.output()
    made = root.published("talk")
    assert speakers_at(made["talk.json"]) == ["S1", "S2", "S1"]
    manifest = json.loads(made["manifest.json"].read_text(encoding="utf-8"))
    [engine] = [one for one in manifest["engines"] if one["name"] == "campplus"]
    assert engine["steps"] == ["diarize/voices"] and engine["details"]["model"] == "campplus"
    root.check()
