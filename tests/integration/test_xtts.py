"""XTTS through its own classes and files, with a small random model: what it says is noise, how it is used is real."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dropdub.engines.base import EngineSettings, Voice
from dropdub.engines.registry import Shelf
from dropdub.engines.xtts import XttsSynthesizer
from dropdub.errors import EngineMissing, UnsupportedLanguage, VoiceMissing, Waiting
from dropdub.media import wav
from dropdub.pipeline.artefacts import Segment, Transcript
from dropdub.pipeline.cache import Cache
from tests.drive import LIGHT, Drive
from tests.spoken import ENGLISH, NLLB, WHISPER, recording
from tests.tiny_xtts import make_tiny_xtts

pytestmark = [
    pytest.mark.skipif(find_spec("TTS") is None, reason="the extra 'quality' is not installed"),
    pytest.mark.filterwarnings("ignore"),  # those of the libraries beneath
]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_xtts(tmp_path_factory.mktemp("models") / "tiny xtts")


@pytest.fixture(scope="module")
def settings(model: Path) -> EngineSettings:
    models = {"xtts": str(model), "faster-whisper": str(WHISPER), "nllb": str(NLLB)}
    return EngineSettings(models=models, device="cpu", threads=1)


@pytest.fixture(scope="module")
def xtts(settings: EngineSettings) -> XttsSynthesizer:
    engine = XttsSynthesizer(settings)
    engine.load()
    return engine


@pytest.fixture
def voice(speech_wav: Path) -> Voice:
    return Voice("john", speech_wav)


def test_a_take_always_sounds_the_same_and_another_take_does_not(xtts: XttsSynthesizer, voice: Voice) -> None:
    first = xtts.speak(ENGLISH[0], language="en", voice=voice)
    assert first.dtype == np.float32
    assert len(first) > 0.2 * xtts.sample_rate
    assert np.abs(first).max() <= 1.0
    again = XttsSynthesizer(xtts._settings).speak(ENGLISH[0], language="en", voice=voice)
    assert np.array_equal(first, again), "also by another worker"
    assert not np.array_equal(first, xtts.speak(ENGLISH[0], language="en", voice=voice, take=1))


def test_a_long_text_is_spoken_in_parts_and_an_empty_one_not_at_all(xtts: XttsSynthesizer, voice: Voice) -> None:
    long = xtts.speak(" ".join(ENGLISH * 2) + "\n\nhttps://example.org\n", language="pt-BR", voice=voice)
    short = xtts.speak(ENGLISH[0], language="pt-BR", voice=voice)
    assert len(long) > len(short)
    assert len(xtts.speak(" … \n", language="en", voice=voice)) == 0
    xtts.defects()


def test_a_voice_that_was_prepared_is_taken_back_and_a_broken_one_refused(xtts: XttsSynthesizer, voice: Voice) -> None:
    kept = xtts.prepare(voice)
    other = XttsSynthesizer(xtts._settings)
    other.take_prepared(voice, kept)
    assert np.array_equal(
        other.speak(ENGLISH[1], language="en", voice=voice), xtts.speak(ENGLISH[1], language="en", voice=voice)
    )
    for broken in (b"", kept[: len(kept) // 2], b"PK\x03\x04" + bytes(100)):
        with pytest.raises(ValueError, match=r"voice|numbers"):
            other.take_prepared(voice, broken)


def test_what_comes_out_wrong_each_time_is_told_once(
    xtts: XttsSynthesizer, voice: Voice, monkeypatch: pytest.MonkeyPatch
) -> None:
    seeds: list[int] = []

    def silent(*_: Any, seed: int) -> Any:
        seeds.append(seed)
        return np.zeros(24_000, np.float32)

    monkeypatch.setattr(xtts, "_spoken", silent)
    xtts.defects()
    xtts.speak("We went home together.", language="en", voice=voice)
    assert len(set(seeds)) == 3, "three tries, each from another seed"
    assert xtts.defects() == ["“We went home together.” came out silent."]
    assert xtts.defects() == []


def test_it_has_no_voice_but_those_it_was_given(xtts: XttsSynthesizer) -> None:
    with pytest.raises(VoiceMissing, match="neither in voices/ nor in the model"):
        xtts.speak("Hello.", language="en", voice=Voice("nobody"))
    with pytest.raises(VoiceMissing, match="no voice of its own") as caught:
        xtts.speak("Hello.", language="en", voice=None)
    assert "jobs voices add" in caught.value.sentence
    with pytest.raises(UnsupportedLanguage):
        xtts.speak("Hello.", language="tlh", voice=None)


def test_a_model_that_is_not_here_or_broken_is_a_sentence(tmp_path: Path, model: Path) -> None:
    with pytest.raises(Waiting, match="'xtts-v2'"):
        Shelf(settings=EngineSettings(models_dir=tmp_path)).synthesizer("xtts", language="pt")
    shutil.copytree(model, tmp_path / "broken")
    (tmp_path / "broken" / "model.pth").write_bytes(b"no model")
    with pytest.raises(EngineMissing, match="cannot be loaded"):
        XttsSynthesizer(EngineSettings(models={"xtts": str(tmp_path / "broken")})).load()


def test_torch_and_ctranslate2_never_meet(settings: EngineSettings) -> None:
    from dropdub.errors import FreshWorkerNeeded

    shelf = Shelf(settings=settings)
    shelf.synthesizer("xtts", language="pt")
    with pytest.raises(FreshWorkerNeeded):
        shelf.translator("nllb", source="en", target="pt")


def test_a_dub_has_the_speakers_own_voice_and_says_which_lines_came_out_wrong(
    tmp_path: Path, settings: EngineSettings
) -> None:
    source = recording(tmp_path / "talk.wav", ENGLISH[:5])
    options = LIGHT.overridden({"synthesizer": "xtts", "targets": ["pt"], "synthesis": {"takes": 2}})
    drive = Drive(source, tmp_path, options=options, engines=Shelf(settings=settings), cache=Cache(None, max_bytes=0))
    drive.run(until="transcribe")
    folder = drive.job_dir
    segments = tuple(Segment(n, 2.0 * n, 2.0 * n + 1.8, text) for n, text in enumerate(ENGLISH[:4]))
    for name, language in (("transcript.json", "en"), ("translation.pt.json", "pt")):
        Transcript(language, wav.duration_s(folder / "audio.wav"), segments, {}).save(folder / name)
    drive.facts |= {"merge": {"language": "en", "segments": 4}, "translate/pt": {"segments": 4}}
    result = drive.run_step(drive.step("synthesize/pt"))
    assert result["hear"] is True
    assert result["sample_rate"] == 24_000
    reference = folder / "voice.wav"
    assert 6.0 <= wav.duration_s(reference) <= 16.0
    assert sorted(path.name for path in (folder / "speech.pt").iterdir()) == [f"000{n}.wav" for n in range(4)]
    assert "hear/pt" in [step.key for step in drive.plan()]
