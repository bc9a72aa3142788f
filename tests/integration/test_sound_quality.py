"""How good speech sounds, by the real DNSMOS: the figures of its own package, and what becomes of them in a job."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dropdub.engines.base import SPEECH_RATE_HZ, EngineSettings, Samples
from dropdub.engines.dnsmos import FILE, DnsMos
from dropdub.engines.registry import EngineRegistry
from dropdub.errors import EngineMissing
from dropdub.media.sound import wav
from dropdub.pipeline.sound_quality import SoundQuality
from dropdub.speech.sound_quality import advice, sound_quality
from tests import warm
from tests.conftest import SPEECH

pytest.importorskip("onnxruntime", reason="onnxruntime, of the extra compact, runs the model")
CLIPS = sorted((Path(__file__).parent.parent / "data" / "ljspeech").glob("*.flac"))


@pytest.fixture(scope="module")
def models(real_model: Callable[[str], Path]) -> Path:
    """The folder with the model, and perhaps others."""
    return real_model("dnsmos").parent


@pytest.fixture(scope="module")
def meter(models: Path) -> DnsMos:
    meter = DnsMos(EngineSettings(models))
    meter.load()
    return meter


def sound(path: Path) -> Samples:
    return wav.resample(wav.read_range(path), wav.sample_rate(path), SPEECH_RATE_HZ)


def noisy(speech: Samples, *, below_db: float) -> Samples:
    noise = np.random.default_rng(0).normal(0, speech.std() * 10 ** (-below_db / 20), len(speech))
    return np.clip(speech + noise, -1, 1).astype(np.float32)


def rated(meter: DnsMos, samples: Samples) -> SoundQuality:
    found = sound_quality(meter, samples, most=3)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("clip", "speech", "background", "overall"), [(0, 3.6222, 4.0366, 3.3337), (2, 3.6618, 3.9486, 3.3313)]
)
def test_a_window_gets_the_figures_of_the_models_own_package(
    meter: DnsMos, clip: int, speech: float, background: float, overall: float
) -> None:
    """The figures are those of `dnsmos.run` of speechmos 0.0.1.1."""
    [found] = meter.rate([sound(CLIPS[clip])[: meter.window]])
    assert (found.speech, found.background, found.overall) == pytest.approx((speech, background, overall), abs=1e-3)


def test_clean_speech_is_rated_well_and_noise_is_heard_in_the_background(meter: DnsMos) -> None:
    clean = np.concatenate([sound(clip) for clip in CLIPS])
    found, spoilt = rated(meter, clean), rated(meter, noisy(clean, below_db=10))
    assert found.overall == pytest.approx(3.2, abs=0.1) and not list(advice(found))
    assert spoilt.overall < found.overall - 1 and spoilt.background < 2
    assert spoilt.speech > spoilt.background + 1, "the voice itself is not what is bad"
    [sentence] = advice(spoilt)
    assert "noisy" in sentence and "quiet room" in sentence


def test_the_level_of_a_recording_makes_no_difference(meter: DnsMos) -> None:
    speech = sound(CLIPS[0])
    assert rated(meter, speech * np.float32(0.03)).overall == pytest.approx(rated(meter, speech).overall, abs=0.02)


def test_a_registry_without_the_model_measures_nothing(tmp_path: Path) -> None:
    registry = EngineRegistry([], settings=EngineSettings(tmp_path))
    assert not registry.measures_sound() and registry.sound_meter() is None
    how = DnsMos(EngineSettings(tmp_path)).how_to_get()
    assert how is not None and "`dropdub models pull dnsmos`" in how and "1.2 MB" in how


def test_a_registry_loads_the_model_once_as_soon_as_it_is_there(models: Path, tmp_path: Path) -> None:
    registry = EngineRegistry([], settings=EngineSettings(tmp_path))
    assert registry.sound_meter() is None
    shutil.copytree(models / "dnsmos", tmp_path / "dnsmos")
    assert registry.measures_sound()
    assert registry.sound_meter() is registry.sound_meter() is not None


def test_a_damaged_model_is_an_error_that_names_its_folder(tmp_path: Path) -> None:
    (tmp_path / "dnsmos").mkdir()
    (tmp_path / "dnsmos" / FILE).write_bytes(b"not a model")
    with pytest.raises(EngineMissing, match="dnsmos cannot be read"):
        EngineRegistry([], settings=EngineSettings(tmp_path)).sound_meter()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "config.yaml").write_text("", encoding="utf-8")
    return tmp_path


def add(root: Path, *arguments: str | Path) -> str:
    ended = warm.run(["--root", str(root), "voices", "add", *map(str, arguments)])
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return " ".join(ended.stdout.split())


def test_a_noisy_voice_is_added_with_a_warning_and_a_remedy(root: Path, models: Path) -> None:
    (root / "models").mkdir()
    shutil.copytree(models / "dnsmos", root / "models" / "dnsmos")
    with wav.WavWriter(root / "noisy.wav", SPEECH_RATE_HZ) as writer:
        writer.write(noisy(sound(SPEECH), below_db=15))
    found = json.loads(add(root, "noisy", root / "noisy.wav", "--json"))
    assert found["added"] and found["problems"] == [] and found["sound"]["background"] < 2.5
    assert any("as the model DNSMOS estimates it" in sentence for sentence in found["warnings"])
    said = add(root, "clean", SPEECH)
    assert "It sounds like 2.8 of 5 (voice 3.5, background 3.2)" in said and "Record it" not in said


def test_without_the_model_a_voice_is_added_and_the_command_for_it_named(root: Path) -> None:
    said = add(root, "clean", SPEECH)
    assert "How good it sounds was not estimated." in said and "models pull dnsmos" in said
    assert json.loads(add(root, "again", SPEECH, "--json"))["sound"] is None


def test_a_damaged_model_does_not_keep_a_voice_out(root: Path) -> None:
    (root / "models" / "dnsmos").mkdir(parents=True)
    (root / "models" / "dnsmos" / FILE).write_bytes(b"not a model")
    assert "models pull dnsmos" in add(root, "clean", SPEECH)
