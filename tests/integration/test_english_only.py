"""A model with the vocabulary of all languages that writes English only: what the catalogue says of it counts."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest

from dropdub.engines.base import EngineSettings, Window
from dropdub.engines.models import identity
from dropdub.engines.models.catalogue import named
from dropdub.engines.models.identity import model_in
from dropdub.engines.models.pins import Pin
from dropdub.engines.offers import GROUP
from dropdub.engines.parakeet.engine import ParakeetTranscriber
from dropdub.engines.registry import EngineRegistry
from dropdub.engines.whisper.engine import FasterWhisperTranscriber
from dropdub.errors import UnsupportedLanguage
from tests.spoken import ENGLISH, PARAKEET, RATE, WHISPER, spoken

pytest.importorskip("faster_whisper", reason="the extra 'quality' is not installed")
NAME = "whisper-distil-large-v3"
ENTRIES = [
    EntryPoint(engine.name, f"{engine.__module__}:{engine.__name__}", GROUP)
    for engine in (FasterWhisperTranscriber, ParakeetTranscriber)
]


def settings_for(models: Path, name: str = NAME) -> EngineSettings:
    return EngineSettings(models, {"faster-whisper": name, "parakeet": str(PARAKEET)}, device="cpu")


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """Return a folder that has, under the model's name, one with the vocabulary of all languages."""
    shutil.copytree(WHISPER, tmp_path / NAME)
    return tmp_path


@pytest.fixture(params=["before the download", "afterwards"])
def settings(request: pytest.FixtureRequest, models: Path) -> EngineSettings:
    return settings_for(models if request.param == "afterwards" else models / "empty")


def test_another_language_is_refused_before_any_work(settings: EngineSettings) -> None:
    assert FasterWhisperTranscriber(settings).languages() == {"en"}
    registry = EngineRegistry(ENTRIES, settings=settings)
    with pytest.raises(UnsupportedLanguage, match=r"does not understand pt\. faster-whisper supports: en\."):
        registry.transcriber("faster-whisper", language="pt")


@pytest.mark.skipif(ParakeetTranscriber.unavailable() is not None, reason="parakeet cannot be used here")
def test_auto_takes_another_engine_for_another_language(settings: EngineSettings) -> None:
    assert EngineRegistry(ENTRIES, settings=settings).transcriber("auto", language="pt").name == "parakeet"


def test_its_language_is_english_without_being_detected(models: Path) -> None:
    engine = FasterWhisperTranscriber(settings_for(models))
    engine.load()
    window = Window(0.0, spoken(ENGLISH[0]))
    assert engine.detect_language([window]) == "en"
    assert engine.detect_language([Window(0.0, np.zeros(RATE, np.float32))]) == "und"
    assert list(engine.transcribe([window], language="en")) != [()]
    with pytest.raises(UnsupportedLanguage, match="does not understand pt"):
        list(engine.transcribe([window], language="pt"))


def test_a_copy_under_another_name_is_recognised_by_its_configuration(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = (models / NAME / "config.json").read_bytes()
    pin = Pin(len(content), hashlib.sha256(content).hexdigest())
    [source] = named(NAME).sources
    distil = replace(named(NAME), sources=(replace(source, pins={**source.pins, "config.json": pin}),))
    monkeypatch.setattr(identity, "MODELS", (distil,))
    (models / NAME).rename(models / "mine")
    assert model_in(models / "mine", engine="faster-whisper") == distil
    assert model_in(models / "mine", engine="transformers") is None
    assert FasterWhisperTranscriber(settings_for(models, "mine")).languages() == {"en"}


def test_a_model_that_is_not_known_has_the_languages_of_its_vocabulary(models: Path) -> None:
    (models / NAME).rename(models / "mine")
    assert model_in(models / "mine", engine="faster-whisper") is None
    assert FasterWhisperTranscriber(settings_for(models, "mine")).languages() > {"en", "pt"}


def test_the_catalogue_says_which_models_know_one_language() -> None:
    assert named("whisper-tiny.en").only_language == named(NAME).only_language == "en"
    assert [named(name).only_language for name in ("whisper-base", "whisper-turbo", "bergamot-en-pt")] == [None] * 3
