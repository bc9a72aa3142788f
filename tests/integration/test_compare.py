"""The voice of a dub against the speaker's own: real voices, and what is reported if nothing can compare them."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dropdub.engines.base import EngineSettings
from dropdub.engines.registry import EngineRegistry
from dropdub.media.sound import wav
from dropdub.pipeline.artifacts import AUDIO, Segment, Transcript, speech_dir_name, translation_name
from dropdub.pipeline.spoken_lines import Spoken, save_spoken, spoken_name
from dropdub.speech.likeness import likeness
from dropdub.stages.compare import run
from dropdub.store.steps import StepSpec
from tests.conftest import SPEECH
from tests.drive import LIGHT, Drive
from tests.integration.test_diarize import only_diarizer

PIECES = Path(__file__).parent.parent / "data" / "ljspeech"
RATE = 16_000
WOMAN, WOMAN_AGAIN, MAN = PIECES / "LJ001-0001.flac", PIECES / "LJ001-0004.flac", SPEECH

needs_resemblyzer = pytest.mark.skipif(
    find_spec("resemblyzer") is None, reason="resemblyzer is not installed: see dropdub doctor"
)


def sound(path: Path) -> np.ndarray:
    return wav.resample(wav.read_range(path, 0.0, 4.0), wav.sample_rate(path), RATE)


def compared(folder: Path, original: tuple[Path, Path], dub: tuple[Path, Path], **drive: Any) -> dict[str, Any]:
    """Compare a dub of two speakers' lines with their original."""
    made = Drive(folder / "talk.wav", folder, **{"options": LIGHT, **drive})
    with wav.WavWriter(made.job_dir / AUDIO, RATE) as writer:
        for path in original:
            writer.write(sound(path))
    lines = tuple(Segment(number, 4.0 * number, 4.0 * number + 4.0, "…", (), f"S{number + 1}") for number in (0, 1))
    Transcript("pt", 8.0, lines, {}).save(made.job_dir / translation_name("pt"))
    spoken = [Spoken(line.id, line.text) for line in lines]
    save_spoken(made.job_dir / spoken_name("pt"), spoken)
    (made.job_dir / speech_dir_name("pt")).mkdir()
    for line, path in zip(spoken, dub, strict=True):
        with wav.WavWriter(made.job_dir / speech_dir_name("pt") / line.file(), RATE) as writer:
            writer.write(sound(path))
    made.facts["synthesize/pt"] = {"cloned": ["S1", "S2"]}
    return run(made.task(StepSpec("compare/pt", "compare", 87, "pt", "synthesize", {})))


@needs_resemblyzer
def test_voice_resembles_its_own_speaker_more_than_another(tmp_path: Path) -> None:
    first, second = compared(tmp_path, (WOMAN, MAN), (WOMAN_AGAIN, WOMAN))["voices"]
    assert (first["speaker"], second["speaker"]) == ("S1", "S2")
    assert first["likeness"] > 0.8, "the same woman, other words"
    assert second["likeness"] < 0.7, "a man and a woman"
    assert first["likeness"] > second["likeness"] + 0.15


def test_likeness_comes_with_what_is_typical_of_the_engine(tmp_path: Path, real_model: Callable[[str], Path]) -> None:
    engines = only_diarizer("campplus", real_model)
    first, second = compared(tmp_path, (WOMAN, MAN), (WOMAN_AGAIN, WOMAN), engines=engines)["voices"]
    assert first["likeness"] > first["typical_same"] == 0.7, "the same woman, other words"
    assert second["likeness"] < 0.3 and second["typical_other"] == 0.1, "a man and a woman"


def test_no_voices_are_reported_without_engine_to_compare_them(tmp_path: Path) -> None:
    assert compared(tmp_path, (WOMAN, MAN), (WOMAN, MAN), engines=EngineRegistry([])) == {"voices": []}


@pytest.mark.parametrize("name", ["campplus", "nobody"])
def test_a_named_engine_that_is_missing_or_lacks_its_model_holds_up_no_dub(tmp_path: Path, name: str) -> None:
    engines = EngineRegistry(settings=EngineSettings(tmp_path / "models"))
    options = LIGHT.overridden({"diarizer": name})
    assert compared(tmp_path, (WOMAN, MAN), (WOMAN, MAN), engines=engines, options=options) == {"voices": []}


def test_a_model_of_sound_that_cannot_be_read_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "models" / "dnsmos").mkdir(parents=True)
    (tmp_path / "models" / "dnsmos" / "sig_bak_ovr.onnx").write_bytes(b"not a model")
    engines = EngineRegistry([], settings=EngineSettings(tmp_path / "models"))
    found = compared(tmp_path, (WOMAN, MAN), (WOMAN, MAN), engines=engines)
    assert found["voices"] == [] and "sound" not in found
    assert "How good the pt dub sounds was not estimated." in found["warnings"][0]


def test_each_speaker_is_rated_in_the_dub_and_in_the_original(
    tmp_path: Path, real_model: Callable[[str], Path]
) -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime, of the extra compact, runs the model")
    engines = EngineRegistry([], settings=EngineSettings(real_model("dnsmos").parent))
    media = {"kind": "media"}
    sound = compared(tmp_path, (WOMAN, MAN), (WOMAN_AGAIN, MAN), engines=engines, columns=media)["sound"]
    woman, man = sound["speakers"]
    assert (woman["speaker"], man["speaker"]) == ("S1", "S2")
    assert man["dub"] == man["original"], "the same sound"
    assert woman["original"]["background"] > man["original"]["background"], "a quiet room, and an open-air speech"
    assert sound["dub"]["windows"] == woman["dub"]["windows"] + man["dub"]["windows"]


def test_of_a_text_only_the_longest_paragraphs_are_read_and_of_those_no_more_than_needed(
    tmp_path: Path, real_model: Callable[[str], Path]
) -> None:
    """Paragraphs have no times. One of a minute and more is clean for a minute; all else is noise, and not read."""
    pytest.importorskip("onnxruntime", reason="onnxruntime, of the extra compact, runs the model")
    engines = EngineRegistry([], settings=EngineSettings(real_model("dnsmos").parent))
    made = Drive(tmp_path / "book.txt", tmp_path, options=LIGHT, engines=engines, columns={"kind": "text"})
    lines = tuple(Segment(number, 0.0, 0.0, "…") for number in range(3))
    Transcript("pt", 0.0, lines, {}).save(made.job_dir / translation_name("pt"))
    spoken = [Spoken(line.id, line.text) for line in lines]
    save_spoken(made.job_dir / spoken_name("pt"), spoken)
    clean, noise = np.tile(sound(WOMAN), 15), np.random.default_rng(1).normal(0, 0.1, 30 * RATE).astype(np.float32)
    for line, samples in zip(spoken, (noise, np.concatenate([clean, noise]), noise), strict=True):
        path = made.job_dir / speech_dir_name("pt") / line.file()
        path.parent.mkdir(exist_ok=True)
        with wav.WavWriter(path, RATE) as writer:
            writer.write(samples)
    made.facts["synthesize/pt"] = {"cloned": []}
    found = run(made.task(StepSpec("compare/pt", "compare", 87, "pt", "synthesize", {})))["sound"]
    assert found["original"] is None and found["dub"]["windows"] == 4
    assert found["dub"]["background"] > 3.8, "no noise"


def test_likeness_is_the_cosine_of_the_mean_voices() -> None:
    one, other = np.float32([1, 0]), np.float32([0, 1])
    assert likeness([one], [one]) == pytest.approx(1.0)
    assert likeness([one], [other]) == pytest.approx(0.0)
    assert likeness([one, other], [one]) == pytest.approx(0.7071, abs=1e-3)
