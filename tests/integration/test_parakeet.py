"""The transcriber Parakeet with onnx-asr itself and a model that says what its vocabulary holds (`tests/models`)."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest

from dropdub.engines.base import SPEECH_RATE_HZ, EngineSettings, Samples, Utterance, Window
from dropdub.engines.offers import GROUP
from dropdub.engines.parakeet.engine import DEFAULT_MODEL, FILES, ParakeetTranscriber
from dropdub.engines.registry import EngineRegistry
from dropdub.errors import EngineMissing, UnsupportedLanguage, Waiting
from dropdub.media.sound import wav
from tests.spoken import PARAKEET

if problem := ParakeetTranscriber.unavailable():
    pytest.skip(problem, allow_module_level=True)

ENGLISH = "And so my fellow Americans, ask not what your country can do for you."
PORTUGUESE = (
    "Não pergunte o que o seu país pode fazer por você, mas o que você pode fazer pelo seu país, disse ele então."
)
ENTRY = EntryPoint("parakeet", f"{ParakeetTranscriber.__module__}:{ParakeetTranscriber.__name__}", GROUP)

Saying = Callable[[str], ParakeetTranscriber]


@pytest.fixture
def saying(tmp_path: Path) -> Saying:
    """Return a function from a text to an engine that says it, whatever it hears."""

    def made(text: str) -> ParakeetTranscriber:
        folder = tmp_path / DEFAULT_MODEL
        shutil.copytree(PARAKEET, folder)
        places = len((folder / "vocab.txt").read_text(encoding="utf-8").splitlines())
        tokens = ["▁" + word for word in text.split()]
        tokens += ["<pad>"] * (places - 1 - len(tokens)) + ["<blk>"]
        lines = (f"{token} {number}\n" for number, token in enumerate(tokens))
        (folder / "vocab.txt").write_text("".join(lines), encoding="utf-8")
        engine = ParakeetTranscriber(EngineSettings(models_dir=tmp_path))
        engine.load()
        return engine

    return made


@pytest.fixture(scope="module")
def voice(speech: Path) -> Samples:
    return wav.resample(wav.read_range(speech), wav.sample_rate(speech), SPEECH_RATE_HZ)


def transcribed(engine: ParakeetTranscriber, *windows: Window, language: str = "en") -> list[tuple[Utterance, ...]]:
    return list(engine.transcribe(windows, language=language))


def text_of(said: tuple[Utterance, ...]) -> str:
    return " ".join(utterance.text for utterance in said)


def test_words_are_whole_and_have_times_of_the_recording(voice: Samples) -> None:
    engine = ParakeetTranscriber(EngineSettings(models={"parakeet": str(PARAKEET)}))
    engine.load()
    [said] = transcribed(engine, Window(100.0, voice))
    assert text_of(said) == ENGLISH
    words = [word for utterance in said for word in utterance.words]
    assert [word.text for word in words] == ENGLISH.split()
    times = [at for word in words for at in (word.start, word.end)]
    assert times == sorted(times) and times[0] >= 100.0 and times[-1] <= 100.0 + len(voice) / SPEECH_RATE_HZ
    assert all(0 < word.probability <= 1 for word in words)
    assert engine.other_languages() == ()


def test_every_window_has_its_own_words_and_sound_without_a_voice_has_none(saying: Saying, voice: Samples) -> None:
    noise = np.random.default_rng(1).normal(0, 0.05, 4 * SPEECH_RATE_HZ).astype(np.float32)
    said = transcribed(
        saying("So it is."), Window(0.0, voice), Window(20.0, noise), Window(30.0, noise[:100]), Window(40.0, voice)
    )
    assert [text_of(one) for one in said] == ["So it is.", "", "", "So it is."]
    assert 0 <= said[0][0].start < 12 and 40 <= said[3][0].start < 52


def test_a_window_longer_than_the_model_s_limit_is_heard_in_parts(saying: Saying, voice: Samples) -> None:
    [said] = transcribed(saying("So it is."), Window(0.0, np.tile(voice, 4)))
    assert text_of(said).count("So it is.") == 2


def test_speech_in_another_language_is_reported_once(saying: Saying, voice: Samples) -> None:
    engine = saying(PORTUGUESE)
    [said] = transcribed(engine, Window(60.0, voice))
    [found] = engine.other_languages()
    assert (found.language, found.start, found.end) == ("pt", said[0].start, said[-1].end)
    assert engine.other_languages() == ()
    transcribed(engine, Window(60.0, voice), language="pt-BR")
    assert engine.other_languages() == ()


def test_text_that_repeats_itself_is_reported(saying: Saying, voice: Samples) -> None:
    engine = saying(" ".join(["the same again"] * 10))
    [said] = transcribed(engine, Window(0.0, voice))
    assert text_of(said) == "the same again"
    assert [suspect.fate for suspect in engine.suspects()] == ["collapsed"]
    assert engine.suspects() == ()


def test_the_language_is_that_of_the_text_and_none_without_a_voice(saying: Saying, voice: Samples) -> None:
    engine = saying(PORTUGUESE)
    silence = np.zeros(SPEECH_RATE_HZ, np.float32)
    assert engine.detect_language([Window(0.0, silence), Window(5.0, voice)]) == "pt"
    assert engine.detect_language([Window(0.0, silence)]) == "und"


def test_languages_outside_europe_are_refused(saying: Saying) -> None:
    engine = saying(ENGLISH)
    assert {"pt", "en", "mt", "uk"} <= engine.languages() and len(engine.languages()) == 25
    with pytest.raises(UnsupportedLanguage, match="does not understand ja"):
        engine.transcribe([], language="ja")


def test_a_missing_model_is_waited_for_with_the_command_that_downloads_it(tmp_path: Path) -> None:
    registry = EngineRegistry([ENTRY], settings=EngineSettings(models_dir=tmp_path))
    with pytest.raises(Waiting) as waiting:
        registry.transcriber("parakeet", language="pt")
    assert "dropdub models pull parakeet-tdt-0.6b-v3" in str(waiting.value.remedy)


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_model_is_refused_with_what_to_do(tmp_path: Path, name: str) -> None:
    folder = tmp_path / DEFAULT_MODEL
    shutil.copytree(PARAKEET, folder)
    (folder / name).write_bytes(b"\x00damaged")
    engine = ParakeetTranscriber(EngineSettings(models_dir=tmp_path))
    assert engine.missing_model() is None
    with pytest.raises(EngineMissing, match="cannot be read") as refused:
        engine.load()
    assert "dropdub models verify" in str(refused.value.remedy)
