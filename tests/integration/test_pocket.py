"""Pocket TTS through its own classes and files, with small random models: what it says is noise, how it is real."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest

import dropdub.engines.pocket.engine
from dropdub.dubbing.cached_speech import CachedSpeech, Piece
from dropdub.dubbing.voices import Casting, prepare
from dropdub.engines.abilities import (
    HasModelsByLanguage,
    HasRates,
    KnowsVoices,
    ListsVoices,
    NeedsModel,
    PreparesVoicesByLanguage,
    ReportsDefects,
)
from dropdub.engines.base import EngineSettings, Synthesizer, Voice
from dropdub.engines.contract import checks
from dropdub.engines.pocket.engine import KNOWN_VOICES, PocketSynthesizer
from dropdub.engines.pocket.languages import CONFIG, LANGUAGES, TOKENIZER, WEIGHTS
from dropdub.engines.pocket.model import read_model
from dropdub.engines.registry import EngineRegistry
from dropdub.errors import EngineMissing, FreshWorkerNeeded, OutOfMemory, UnsupportedLanguage, VoiceMissing, Waiting
from dropdub.files.durable import sha256
from dropdub.media.sound import wav
from dropdub.pipeline.artifacts import Segment, Transcript
from dropdub.pipeline.cache import Cache
from dropdub.pipeline.spoken_lines import load_spoken, spoken_name
from tests.drive import LIGHT, Drive
from tests.spoken import ENGLISH, NLLB, PORTUGUESE, WHISPER, recording
from tests.tiny_pocket import make_tiny_pocket

pytestmark = [
    pytest.mark.skipif(find_spec("pocket_tts") is None, reason="the extra 'pocket' is not installed"),
    pytest.mark.filterwarnings("ignore"),  # those of the underlying libraries
]
MODEL = "pocket-tts-portuguese"
TEXT = "Nós vemos o meu carro."


@pytest.fixture(scope="module")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_pocket(tmp_path_factory.mktemp("models with spaces")).parent


@pytest.fixture(scope="module")
def settings(models_dir: Path) -> EngineSettings:
    models = {"faster-whisper": str(WHISPER), "nllb": str(NLLB)}
    return EngineSettings(models_dir, models=models, device="cpu", threads=1)


@pytest.fixture(scope="module")
def pocket(settings: EngineSettings) -> PocketSynthesizer:
    engine = PocketSynthesizer(settings)
    engine.load()
    return engine


@pytest.fixture
def voice(speech_wav: Path) -> Voice:
    return Voice("john", speech_wav)


def model_of(engine: PocketSynthesizer, tag: str = "pt") -> Any:
    return engine._models[tag].model


def copied(models_dir: Path, to: Path, *without: str) -> Path:
    """Copy the model, leave these of its files out, and return the folder of the models."""
    shutil.copytree(models_dir / MODEL, to / MODEL, ignore=shutil.ignore_patterns(*without))
    return to


def leaning_to_the_end(engine: PocketSynthesizer, monkeypatch: pytest.MonkeyPatch, by: float) -> None:
    """Let the model stop as soon as the library lets it, or never."""
    bias = model_of(engine).flow_lm.out_eos.bias
    monkeypatch.setattr(bias, "data", bias.detach().clone() + by)


def test_it_has_the_abilities_that_it_needs_and_one_pace(pocket: PocketSynthesizer) -> None:
    abilities = (Synthesizer, NeedsModel, HasModelsByLanguage, HasRates, KnowsVoices, ListsVoices)
    assert all(isinstance(pocket, one) for one in (*abilities, PreparesVoicesByLanguage, ReportsDefects))
    assert pocket.clones and (pocket.slowest, pocket.fastest) == (1.0, 1.0) and pocket.runtime == "torch"
    assert pocket.info().version[0] == "4" and MODEL in pocket.info().details["models"]
    assert pocket.sample_rate == model_of(pocket).sample_rate


def test_it_keeps_the_contract_with_its_model(pocket: PocketSynthesizer) -> None:
    for check in checks(PocketSynthesizer, pocket._settings):
        check()


def test_same_take_always_sounds_the_same_and_another_take_does_not(pocket: PocketSynthesizer, voice: Voice) -> None:
    first = pocket.speak(TEXT, language="pt-BR", voice=voice)
    assert first.dtype == np.float32 and first.ndim == 1
    assert len(first) > 0.3 * pocket.sample_rate and np.abs(first).max() <= 1.0
    again = PocketSynthesizer(pocket._settings).speak(TEXT, language="pt", voice=voice, rate=1.3)
    assert np.array_equal(first, again), "also by another worker, and at any rate"
    other = pocket.speak(TEXT, language="pt", voice=voice, take=1)
    assert not np.array_equal(first, other)
    own = pocket.speak(TEXT, language="pt", voice=None)
    assert not np.array_equal(first, own)
    pocket.defects()


def test_long_text_is_spoken_sentence_by_sentence_and_an_empty_one_not_at_all(pocket: PocketSynthesizer) -> None:
    long = pocket.speak(" ".join(PORTUGUESE * 2), language="pt", voice=None)
    assert len(long) > 4 * len(pocket.speak(PORTUGUESE[0], language="pt", voice=None))
    for nothing in ("", " … \n", "?!", "«»", "[Música]", "😀"):
        assert pocket.speak(nothing, language="pt", voice=None).shape == (0,)
    pocket.defects()


def test_the_model_gets_sentences_without_digits_quotes_and_brackets_of_few_tokens(
    pocket: PocketSynthesizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[str] = []
    conditioner = model_of(pocket).flow_lm.conditioner
    prepared = conditioner.prepare
    monkeypatch.setattr(conditioner, "prepare", lambda text: given.append(text) or prepared(text))
    pocket.speak("“Sim” (disse ela) em 2026. " + "Uma palavra e outra " * 8, language="pt", voice=None)
    assert given[0] == "Sim disse ela em dois mil e vinte e seis."
    assert all(len(text) <= 52 and text[-1] == "." for text in given), "a letter is a token here"
    pocket.defects()


def test_speech_that_the_library_had_to_stop_is_tried_again_and_reported(
    pocket: PocketSynthesizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaning_to_the_end(pocket, monkeypatch, -1e4)
    pocket.defects()
    generate, seen = model_of(pocket).generate_audio, []
    monkeypatch.setattr(model_of(pocket), "generate_audio", lambda *a, **k: seen.append(generate(*a, **k)) or seen[-1])
    sound = pocket.speak("Sim.", language="pt", voice=None)
    assert len(seen) == 3 and not np.array_equal(seen[0], seen[1]), "three tries, each from another seed"
    assert pocket.defects() == ["“Sim.” did not end."]
    assert pocket.defects() == [] and len(sound) > 0


def test_speech_that_ends_at_once_is_reported(pocket: PocketSynthesizer, monkeypatch: pytest.MonkeyPatch) -> None:
    leaning_to_the_end(pocket, monkeypatch, 1e4)
    pocket.defects()
    text = "Hoje vocês abrem a nossa porta nova."
    pocket.speak(text, language="pt", voice=None)
    assert pocket.defects() == [f"“{text}” came out cut short."]


def test_prepared_voice_can_be_loaded_again_and_a_damaged_one_is_refused(
    pocket: PocketSynthesizer, voice: Voice, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = pocket.voices_in("pt").prepare(voice)
    other = PocketSynthesizer(pocket._settings)
    there = other.voices_in("pt-PT")
    there.take_prepared(voice, kept)
    monkeypatch.setattr("dropdub.engines.pocket.engine.hear_voice", None)  # the recording is not analysed again
    assert np.array_equal(other.speak(TEXT, language="pt", voice=voice), pocket.speak(TEXT, language="pt", voice=voice))
    floats = len(kept) - 400
    not_numbers = kept[:floats] + b"\xff" * 4 * (100) if floats > 0 else b""
    for broken in (b"", kept[: len(kept) // 2], kept[:-1], b"PK\x03\x04" + bytes(100), not_numbers):
        with pytest.raises(ValueError, match=r"voice"):
            there.take_prepared(voice, broken)
    pocket.defects()


def test_a_voice_of_another_geometry_is_refused(pocket: PocketSynthesizer, voice: Voice) -> None:
    from safetensors.torch import load, save

    tensors = load(pocket.voices_in("pt").prepare(voice))
    for change in (
        lambda name, one: one[:, :, 1:] if name.endswith("cache") else one,  # longer, its counter says
        lambda name, one: one[..., 1:] if name.endswith("cache") else one,
        lambda name, one: one.double() if name.endswith("cache") else one,
        lambda name, one: one * 1e9 if name.endswith("cache") else one,
    ):
        changed = {name: change(name, one).contiguous() for name, one in tensors.items()}
        with pytest.raises(ValueError, match="its numbers are not those"):
            pocket.voices_in("pt").take_prepared(voice, save(changed))
    with pytest.raises(ValueError, match="its parts are not those"):
        pocket.voices_in("pt").take_prepared(voice, save({f"x{name}": one for name, one in tensors.items()}))


def test_each_language_has_its_own_voices_in_the_cache(models_dir: Path, tmp_path: Path, voice: Voice) -> None:
    copied(models_dir, tmp_path / "models")
    make_tiny_pocket(tmp_path / "models", "en", seed=1)
    engine = PocketSynthesizer(EngineSettings(tmp_path / "models", device="cpu"))
    engine.load()
    cache = Cache(tmp_path / "cache", max_bytes=1 << 30)
    assert [prepare(cache, engine, voice, language=tag) for tag in ("pt", "en", "pt-BR", "en")] == [
        False,
        False,
        True,
        True,
    ]
    said = [engine.speak("A B C.", language=tag, voice=voice) for tag in ("pt", "en")]
    assert not np.array_equal(*said)
    assert engine.coverage() == "en, pt" and sorted(engine._models) == ["en", "pt"]
    sparing = PocketSynthesizer(EngineSettings(tmp_path / "models", device="cpu", memory_failures=1))
    for tag in ("pt", "en"):
        sparing.speak("A B C.", language=tag, voice=voice)
    assert list(sparing._models) == ["en"] and sparing.needs_bytes() < engine.needs_bytes()


def test_only_the_last_voices_stay_in_memory(pocket: PocketSynthesizer, tmp_path: Path) -> None:
    for number in range(KNOWN_VOICES + 2):
        path = tmp_path / f"{number}.wav"
        noise = np.random.default_rng(number).normal(0, 0.1, 16_000).astype(np.float32)
        with wav.WavWriter(path, 16_000) as writer:
            writer.write(noise)
        pocket.voices_in("pt").prepare(Voice(str(number), path))
    assert len(pocket._models["pt"].voices) == KNOWN_VOICES


def test_a_long_recording_is_heard_in_part(pocket: PocketSynthesizer, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 40 * 16_000).astype(np.float32)
    states = []
    for seconds in (16, 40):
        path = tmp_path / f"{seconds}.wav"
        with wav.WavWriter(path, 16_000) as writer:
            writer.write(noise[: seconds * 16_000])
        states.append(pocket.voices_in("pt").prepare(Voice("long", path)))
    assert states[0] == states[1]


def test_own_voices_are_those_of_the_model_and_others_are_refused(pocket: PocketSynthesizer) -> None:
    assert [(one.name, one.language) for one in pocket.own_voices()] == [("rafael", "pt")]
    assert pocket.has_voice("Rafael") and not pocket.has_voice("alba")
    named = pocket.speak(TEXT, language="pt", voice=Voice("Rafael"))
    assert np.array_equal(named, pocket.speak(TEXT, language="pt", voice=None))
    with pytest.raises(VoiceMissing, match="There is no voice 'nobody'"):
        pocket.speak(TEXT, language="pt", voice=Voice("nobody"))
    pocket.defects()


def test_a_model_without_a_voice_of_its_own_needs_a_reference(models_dir: Path, tmp_path: Path, voice: Voice) -> None:
    engine = PocketSynthesizer(EngineSettings(copied(models_dir, tmp_path, "rafael*"), device="cpu"))
    with pytest.raises(VoiceMissing, match="no voice of its own"):
        engine.speak(TEXT, language="pt", voice=None)
    assert len(engine.speak(TEXT, language="pt", voice=voice))


@pytest.mark.parametrize("lost", [WEIGHTS, TOKENIZER])
def test_a_missing_file_is_a_missing_model_and_is_waited_for(models_dir: Path, tmp_path: Path, lost: str) -> None:
    settings = EngineSettings(copied(models_dir, tmp_path, lost))
    engine = PocketSynthesizer(settings)
    assert engine.missing_model() == MODEL and engine.missing_models_for("pt-BR") == (MODEL,)
    assert not engine.supports("pt") and engine.coverage() == "nothing: it has no model"
    with pytest.raises(Waiting, match=f"The synthesizer lacks the model '{MODEL}', to speak Portuguese") as caught:
        EngineRegistry(settings=settings).synthesizer("pocket-tts", language="pt")
    assert f"`dropdub models pull {MODEL}`" in caught.value.remedy and caught.value.condition == "model"
    with pytest.raises(UnsupportedLanguage, match="does not speak ja"):
        EngineRegistry(settings=settings).synthesizer("pocket-tts", language="ja")


def test_auto_takes_it_for_the_languages_of_its_models_only(settings: EngineSettings) -> None:
    registry = EngineRegistry(settings=settings)
    assert registry.synthesizer("auto", language="pt-BR").name == "pocket-tts"
    assert registry.synthesizer("auto", language="es").name != "pocket-tts"


@pytest.mark.parametrize(("tag", "model"), [("en-GB", "english"), ("nl", "dutch"), ("fr", "french"), ("de", "german")])
def test_the_model_of_each_language_is_named(tmp_path: Path, tag: str, model: str) -> None:
    assert PocketSynthesizer(EngineSettings(tmp_path)).missing_models_for(tag) == (f"pocket-tts-{model}",)


def test_weights_that_cannot_clone_are_refused_with_a_remedy(tmp_path: Path) -> None:
    make_tiny_pocket(tmp_path, clones=False)
    with pytest.raises(EngineMissing, match="cannot clone voices: it is the public one") as caught:
        PocketSynthesizer(EngineSettings(tmp_path)).load()
    assert "accepted once" in caught.value.remedy and f"`dropdub models pull {MODEL}`" in caught.value.remedy


def test_no_configuration_leads_to_the_hub_or_to_other_weights(models_dir: Path, tmp_path: Path) -> None:
    """What the configurations of the library name: another file to fall back to, and files on the hub."""
    folder = copied(models_dir, tmp_path) / MODEL
    config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    far = "hf://kyutai/pocket-tts/languages/portuguese/model.safetensors@main"
    config["weights_path"] = config["weights_path_without_voice_cloning"] = config["mimi"]["weights_path"] = far
    config["flow_lm"] |= {"weights_path": far}
    config["flow_lm"]["lookup_table"]["tokenizer_path"] = far
    (folder / CONFIG).write_text(json.dumps(config), encoding="utf-8")
    with patch("huggingface_hub.hf_hub_download", None), patch("pocket_tts.utils.utils.hf_hub_download", None):
        engine = PocketSynthesizer(EngineSettings(tmp_path, device="cpu"))
        assert len(engine.speak(TEXT, language="pt", voice=None))
        (folder / WEIGHTS).unlink()
        with pytest.raises(EngineMissing, match="cannot be loaded"):
            read_model(folder, LANGUAGES["pt"], engine="pocket-tts", threads=1)


@pytest.mark.parametrize("name", [WEIGHTS, TOKENIZER, CONFIG])
def test_a_damaged_file_gives_a_sentence_with_a_remedy(models_dir: Path, tmp_path: Path, name: str) -> None:
    (copied(models_dir, tmp_path) / MODEL / name).write_bytes(b"{}")
    with pytest.raises(EngineMissing, match=f"The model '{MODEL}'.* cannot be loaded") as caught:
        PocketSynthesizer(EngineSettings(tmp_path)).load()
    assert "`dropdub models verify`" in caught.value.remedy


def test_exhausted_memory_is_reported_as_such(
    pocket: PocketSynthesizer, voice: Voice, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise RuntimeError("DefaultCPUAllocator: not enough memory: out of memory")

    monkeypatch.setattr(model_of(pocket), "generate_audio", full)
    with pytest.raises(OutOfMemory, match="pocket-tts ran out of memory"):
        pocket.speak(TEXT, language="pt", voice=voice)


def test_a_graphics_card_is_used_only_if_it_is_asked_for(
    settings: EngineSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.empty_cache", lambda: None)
    usual = PocketSynthesizer(replace(settings, device="auto"))
    usual.load()
    assert usual.info().details["device"] == "cpu" and usual.announcements() == []
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    asked = PocketSynthesizer(replace(settings, device="cuda"))
    asked.load()
    assert asked.announcements() == [
        "pocket-tts runs on the CPU, not on the graphics card: the installed PyTorch finds no usable card."
    ]


def test_the_threads_of_the_settings_are_used(pocket: PocketSynthesizer) -> None:
    import torch

    threads = torch.get_num_threads()
    try:
        PocketSynthesizer(EngineSettings(pocket._models_dir, threads=2)).load()
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)


def test_what_it_speaks_is_kept_and_not_spoken_again(
    pocket: PocketSynthesizer, voice: Voice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    casting = Casting(voice, sha256(voice.reference or tmp_path))
    cache = Cache(tmp_path / "cache", max_bytes=1 << 30)
    first = CachedSpeech(pocket, "pt", cache).sound(Piece(TEXT, 1.0, casting))
    monkeypatch.setattr(model_of(pocket), "generate_audio", None)
    again = CachedSpeech(pocket, "pt", cache)
    assert np.array_equal(first, again.sound(Piece(TEXT, 1.0, casting))) and again.counts == {"spoken": 0, "cached": 1}


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recording(tmp_path_factory.mktemp("talk") / "talk.wav", ENGLISH[:5])


def ready_to_speak(talk: Path, tmp_path: Path, settings: EngineSettings, cache: Cache, *, said: Sequence[str]) -> Drive:
    """Return a job of two speakers' lines, whose translation is `said`."""
    folder = tmp_path / said[0]
    folder.mkdir()
    options = LIGHT.overridden({"synthesizer": "pocket-tts", "targets": ["pt"], "synthesis": {"takes": 2}})
    drive = Drive(talk, folder, options=options, engines=EngineRegistry(settings=settings), cache=cache)
    drive.run(until="transcribe")
    for name, texts in (("transcript.json", ENGLISH[:4]), ("translation.pt.json", said)):
        lines = enumerate(texts)
        segments = tuple(Segment(n, 2.0 * n, 2.0 * n + 1.8, text, speaker=f"S{n % 2 + 1}") for n, text in lines)
        Transcript("en", wav.duration_s(drive.job_dir / "audio.wav"), segments, {}).save(drive.job_dir / name)
    drive.facts |= {"merge": {"language": "en", "segments": 4}, "translate/pt": {"segments": 4}}
    return drive


def test_a_dub_has_the_speakers_own_voices_which_are_heard_once(
    talk: Path, settings: EngineSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    hear = dropdub.engines.pocket.engine.hear_voice
    monkeypatch.setattr(
        "dropdub.engines.pocket.engine.hear_voice", lambda *given: heard.append(given[1].name) or hear(*given)
    )
    cache = Cache(tmp_path / "cache", max_bytes=10_000_000)
    for said in (PORTUGUESE, PORTUGUESE[::-1]):  # a new worker, and other words in the same voices
        drive = ready_to_speak(talk, tmp_path, settings, cache, said=said)
        result = drive.run_step(drive.step("synthesize/pt"))
        assert result["hear"] is True and result["cloned"] == ["S1", "S2"]
        spoken = {path.name.partition(".")[0] for path in (drive.job_dir / "speech.pt").iterdir()}
        assert spoken == {f"000{n}" for n in range(4)}
        assert {line.rate for line in load_spoken(drive.job_dir / spoken_name("pt"))} >= {1.0}
    assert sorted(heard) == ["voice.S1.wav", "voice.S2.wav"]


def test_torch_and_ctranslate2_are_never_in_one_process(settings: EngineSettings) -> None:
    registry = EngineRegistry(settings=settings)
    registry.synthesizer("pocket-tts", language="pt")
    with pytest.raises(FreshWorkerNeeded):
        registry.translator("nllb", source="en", target="pt")
