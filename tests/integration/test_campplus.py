"""The diarizer on onnxruntime with its real weights: what it computes, whom it distinguishes, and what it refuses."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from dropdub.engines.base import SPEECH_RATE_HZ, EngineSettings, Samples, Window
from dropdub.engines.speakers.campplus.engine import CONVERTED, CampplusDiarizer
from dropdub.engines.speakers.campplus.features import spectra
from dropdub.engines.speakers.campplus.network import WEIGHTS, network
from dropdub.errors import EngineMissing
from tests.conftest import SPEECH as JFK

DATA = Path(__file__).parents[1] / "data"
WOMAN = DATA / "ljspeech" / "LJ001-0001.flac"
AUTHORS = DATA / "campplus.json"
"""What the authors' own code computes of the sample's third to sixth second, with torchaudio's filter banks."""


@pytest.fixture(scope="module")
def weights(real_model: Callable[[str], Path]) -> Path:
    if problem := CampplusDiarizer.unavailable():
        pytest.skip(problem)
    return real_model("campplus")


@pytest.fixture(scope="module")
def engine(weights: Path) -> CampplusDiarizer:
    found = CampplusDiarizer(EngineSettings(models_dir=weights.parent, threads=1))
    found.load()
    return found


def speech(path: Path, start_s: float = 0.0, end_s: float = 60.0) -> Samples:
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    mono = soxr.resample(samples.mean(axis=1), rate, SPEECH_RATE_HZ).astype(np.float32)
    return np.asarray(mono[round(start_s * SPEECH_RATE_HZ) : round(end_s * SPEECH_RATE_HZ)], np.float32)


def windows_of(path: Path, seconds: float = 1.6) -> list[Window]:
    samples, size = speech(path), round(seconds * SPEECH_RATE_HZ)
    return [Window(0.0, samples[at : at + size]) for at in range(0, len(samples) - size + 1, size)]


def vector(engine: CampplusDiarizer, samples: Samples) -> Samples:
    [found] = engine.embed([Window(0.0, samples)])
    return found


def test_a_vector_is_the_one_that_the_authors_own_code_computes(engine: CampplusDiarizer) -> None:
    """Shifted edges of the mel bands, as in sherpa-onnx, make a cosine of .92 of it."""
    expected = np.array(json.loads(AUTHORS.read_text(encoding="utf-8"))["vector"])
    assert float(vector(engine, speech(JFK, 2.0, 5.0)) @ expected) > 0.9999


def test_spectra_are_those_of_torchaudio() -> None:
    known = json.loads(AUTHORS.read_text(encoding="utf-8"))["spectra"]
    seconds = np.arange(SPEECH_RATE_HZ // 4) / SPEECH_RATE_HZ
    found = spectra((0.3 * np.sin(2 * np.pi * (200 + 6_000 * seconds) * seconds)).astype(np.float32))
    assert found.shape == (23, 80) and np.abs(found.mean(axis=0)).max() < 1e-4
    assert np.abs(found[::11, ::20] - np.array(known)).max() < 0.01


def test_voices_match_within_one_speaker_and_not_between_two(engine: CampplusDiarizer) -> None:
    man, woman = (np.stack(list(engine.embed(windows_of(path)))) for path in (JFK, WOMAN))
    assert np.median(woman @ woman.T) > 0.6 and np.median(man @ man.T) > 0.5
    assert (man @ woman.T).max() < 0.35
    assert np.allclose(np.linalg.norm(woman, axis=1), 1, atol=1e-5) and woman.dtype == np.float32


def test_a_voice_depends_neither_on_what_is_heard_with_it_nor_on_its_loudness(engine: CampplusDiarizer) -> None:
    windows = windows_of(JFK)
    together = list(engine.embed(windows))
    for factor in (1.0, 0.01, 0.001):
        assert np.allclose(vector(engine, windows[2].samples * np.float32(factor)), together[2], atol=1e-3)


@pytest.mark.parametrize("length", [0, 1, 399, 400, 9_600, 80_000])
def test_windows_of_any_length_and_silence_have_a_vector(engine: CampplusDiarizer, length: int) -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, length).astype(np.float32)
    found = list(engine.embed([Window(0.0, noise), Window(1.0, np.zeros(length, np.float32)), Window(2.0, noise)]))
    assert len(found) == 3 and all(abs(float(np.linalg.norm(one)) - 1) < 1e-5 for one in found)
    assert np.array_equal(found[0], found[2])


def test_a_converted_model_in_one_file_gives_the_same_vectors(
    engine: CampplusDiarizer, weights: Path, tmp_path: Path
) -> None:
    """The file of the hub cannot be had here, so the same network stands in for it under its name."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / CONVERTED).write_bytes(network((weights / WEIGHTS).read_bytes()))
    other = CampplusDiarizer(EngineSettings(models_dir=tmp_path, models={"campplus": "own"}))
    assert other.missing_model() is None
    other.load()
    samples = speech(WOMAN, 0.0, 1.6)
    assert np.allclose(vector(other, samples), vector(engine, samples), atol=1e-6)


def test_other_weights_under_this_name_are_refused_before_they_are_used(weights: Path, tmp_path: Path) -> None:
    shutil.copytree(weights, tmp_path / "campplus")
    content = bytearray((weights / WEIGHTS).read_bytes())
    content[-1000] ^= 1
    (tmp_path / "campplus" / WEIGHTS).write_bytes(content)
    other = CampplusDiarizer(EngineSettings(models_dir=tmp_path))
    with pytest.raises(EngineMissing, match="cannot be read") as caught:
        other.load()
    assert caught.value.remedy is not None and "dropdub models verify" in caught.value.remedy


def test_without_its_model_it_says_which_one(tmp_path: Path) -> None:
    assert CampplusDiarizer(EngineSettings(models_dir=tmp_path)).missing_model() == "campplus"
    given = EngineSettings(models_dir=tmp_path, models={"campplus": "campplus-onnx"})
    assert CampplusDiarizer(given).missing_model() == "campplus-onnx"
