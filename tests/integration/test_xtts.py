"""XTTS through its own classes and files, with a small random model: its output is noise, but it is used for real."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest

import dropdub.engines.xtts.engine
from dropdub.engines.abilities import ToSpeak
from dropdub.engines.base import EngineSettings, Voice
from dropdub.engines.contract import checks
from dropdub.engines.packages import install_command
from dropdub.engines.registry import EngineRegistry
from dropdub.engines.xtts.engine import Manner, XttsSynthesizer
from dropdub.engines.xtts.together import Part, spoken_together
from dropdub.errors import EngineMissing, OutOfMemory, UnsupportedLanguage, VoiceMissing, Waiting
from dropdub.media.sound import wav
from dropdub.pipeline.artifacts import Segment, Transcript
from dropdub.pipeline.cache import Cache
from tests.drive import LIGHT, Drive
from tests.spoken import ENGLISH, NLLB, WHISPER, recording
from tests.tiny_xtts import STOP, add_own_voices, make_tiny_xtts, narrow_layers

pytestmark = [
    pytest.mark.skipif(find_spec("TTS") is None, reason="the extra 'quality' is not installed"),
    pytest.mark.filterwarnings("ignore"),  # those of the underlying libraries
]


@pytest.fixture(scope="module", autouse=True)
def layers() -> Iterator[None]:
    with narrow_layers():
        yield


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


def leaning_to_the_end(xtts: XttsSynthesizer, monkeypatch: pytest.MonkeyPatch, by: float) -> None:
    """Let the model stop at once, or never."""
    model: Any = xtts._model
    bias = model.gpt.mel_head.bias.detach().clone()
    bias[STOP] = by
    monkeypatch.setattr(model.gpt.mel_head.bias, "data", bias)


def no_graphics_card() -> Any:
    return patch("torch.cuda.is_available", lambda: False)


def test_same_take_always_sounds_the_same_and_another_take_does_not(xtts: XttsSynthesizer, voice: Voice) -> None:
    first = xtts.speak(ENGLISH[0], language="en", voice=voice)
    assert first.dtype == np.float32
    assert len(first) > 0.2 * xtts.sample_rate
    assert np.abs(first).max() <= 1.0
    again = XttsSynthesizer(xtts._settings).speak(ENGLISH[0], language="en", voice=voice)
    assert np.array_equal(first, again), "also by another worker"
    assert not np.array_equal(first, xtts.speak(ENGLISH[0], language="en", voice=voice, take=1))


def test_long_text_is_spoken_in_parts_and_empty_one_not_at_all(xtts: XttsSynthesizer, voice: Voice) -> None:
    long = xtts.speak(" ".join(ENGLISH * 2) + "\n\nhttps://example.org\n", language="pt-BR", voice=voice)
    short = xtts.speak(ENGLISH[0], language="pt-BR", voice=voice)
    assert len(long) > len(short)
    assert len(xtts.speak(" … \n", language="en", voice=voice)) == 0
    xtts.defects()


def test_prepared_voice_can_be_loaded_again_and_broken_one_is_refused(
    xtts: XttsSynthesizer, voice: Voice, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = xtts.prepare(voice)
    other = XttsSynthesizer(xtts._settings)
    other.take_prepared(voice, kept)
    monkeypatch.setattr("dropdub.engines.xtts.engine.hear_voice", None)  # the recording is not analysed again
    assert np.array_equal(
        other.speak(ENGLISH[1], language="en", voice=voice), xtts.speak(ENGLISH[1], language="en", voice=voice)
    )
    for broken in (b"", kept[: len(kept) // 2], b"PK\x03\x04" + bytes(100)):
        with pytest.raises(ValueError, match=r"voice|numbers"):
            other.take_prepared(voice, broken)


def test_repeatedly_defective_speech_is_reported_once(
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


@pytest.mark.parametrize("rate", [1.0, 1.4])
def test_speech_that_ends_at_once_is_reported_and_stops_nothing(
    xtts: XttsSynthesizer, voice: Voice, monkeypatch: pytest.MonkeyPatch, rate: float
) -> None:
    """An empty sound cannot be sped up: coqui-tts raises."""
    leaning_to_the_end(xtts, monkeypatch, 1e4)
    xtts.speak("We went home together.", language="en", voice=voice, rate=rate)
    assert xtts.defects() == ["“We went home together.” came out cut short."]


@pytest.mark.parametrize("text", ["Home.", "We went home together. " * 8], ids=["short", "long"])
def test_babble_is_stopped_and_reported(
    xtts: XttsSynthesizer, voice: Voice, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    leaning_to_the_end(xtts, monkeypatch, -1e4)
    monkeypatch.setattr("dropdub.engines.xtts.engine.TRIES", 1)
    said = text.strip()
    [(sound, problem)] = xtts._tried([(said, Manner("en", xtts._latents(voice), pace=1.0, take=0))])
    assert len(sound) / xtts.sample_rate <= 28
    assert problem == f"“{said}” did not end."


def speak_at_once(monkeypatch: pytest.MonkeyPatch, parts: int) -> None:
    """Let engines speak several parts at once on the processor, as they do on a graphics card."""
    monkeypatch.setattr(XttsSynthesizer, "_is_on_card", True)
    monkeypatch.setattr("dropdub.engines.xtts.engine.BATCH", parts)


@pytest.fixture
def chorus(settings: EngineSettings, monkeypatch: pytest.MonkeyPatch) -> XttsSynthesizer:
    speak_at_once(monkeypatch, 4)
    return XttsSynthesizer(settings)


def test_what_is_spoken_together_sounds_as_it_does_alone(chorus: XttsSynthesizer, voice: Voice, tmp_path: Path) -> None:
    texts = [ToSpeak(text, voice, rate) for text, rate in zip(ENGLISH[:3], (1.0, 1.3, 1.0), strict=True)]
    together = chorus.speak_all([*texts, ToSpeak(" … ", voice), texts[0]], language="en", take=2)
    assert len(together[3].samples) == 0
    assert np.array_equal(together[0].samples, together[4].samples), "the place beside others changes nothing"
    for one, spoken in zip(texts, together, strict=False):
        alone = chorus.speak(one.text, language="en", voice=voice, rate=one.rate, take=2)
        assert len(alone) == len(spoken.samples) > 0.2 * chorus.sample_rate
        np.testing.assert_allclose(alone, spoken.samples, atol=1e-3)


def test_parts_spoken_together_are_tried_again_and_reported_each_by_itself(
    chorus: XttsSynthesizer, voice: Voice, monkeypatch: pytest.MonkeyPatch
) -> None:
    chorus.load()
    tried: list[list[str]] = []

    def fake_together(_model: Any, parts: Sequence[Part], **_: Any) -> list[Any]:
        tried.append([part.text for part in parts])
        return [_silent_or_good(part) for part in parts]

    def _silent_or_good(part: Part) -> Any:
        seconds = 2.5 * len(part.text) / 30
        sound = np.sin(np.arange(round(seconds * 24_000)) * 0.05).astype(np.float32) * 0.3
        return sound * (0 if "home" in part.text else 1)

    monkeypatch.setattr("dropdub.engines.xtts.engine.spoken_together", fake_together)
    said = ["We went home together.", "The river is wide and slow here."]
    found = chorus.speak_all([ToSpeak(text, voice) for text in said], language="en")
    assert [one.defects for one in found] == [("“We went home together.” came out silent.",), ()]
    assert tried == [said, [said[0]], [said[0]]]
    assert chorus.defects() == []


def test_fewer_parts_are_spoken_at_once_after_memory_ran_out(
    chorus: XttsSynthesizer, voice: Voice, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [ToSpeak(text, voice) for text in ENGLISH[:3]]
    before = chorus.speak_all(texts, language="en")
    assert chorus.announcements() == []
    room, sizes = 1, []

    def full(model: Any, parts: Sequence[Part], **options: Any) -> Any:
        sizes.append(len(parts))
        if len(parts) > room:
            raise RuntimeError("CUDA out of memory. Tried to allocate 20 MiB")
        return spoken_together(model, parts, **options)

    monkeypatch.setattr("dropdub.engines.xtts.engine.spoken_together", full)
    after = chorus.speak_all(texts, language="en")
    assert sizes[:4] == [3, 1, 1, 1] and set(sizes[4:]) <= {1}, "those that were defective are tried again"
    for one, other in zip(before, after, strict=True):
        np.testing.assert_allclose(one.samples, other.samples, atol=1e-3)
    assert chorus.batch_size() == 1
    assert chorus.announcements() == ["Memory ran out: xtts now speaks 1 sentence at a time."]
    room = 0
    with pytest.raises(OutOfMemory):
        chorus.speak(ENGLISH[0], language="en", voice=voice)


def test_lines_that_come_next_are_spoken_together(
    tmp_path: Path, settings: EngineSettings, speech_wav: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Except what is in the cache; a line that comes twice is spoken once."""
    speak_at_once(monkeypatch, 3)
    sizes: list[list[str]] = []
    speak_all = XttsSynthesizer.speak_all

    def noted(self: XttsSynthesizer, texts: Sequence[ToSpeak], **options: Any) -> Any:
        sizes.append([one.text for one in texts])
        return speak_all(self, texts, **options)

    monkeypatch.setattr(XttsSynthesizer, "speak_all", noted)
    cache = Cache(tmp_path / "cache", max_bytes=100_000_000)
    options = LIGHT.overridden({"language": "en", "synthesizer": "xtts", "voice": "john"})
    first = [*ENGLISH[:2], ENGLISH[0], ENGLISH[2], ENGLISH[3]]
    for number, lines in enumerate((first, [ENGLISH[4], *first])):
        source = tmp_path / f"{number}.txt"
        source.write_text("\n\n".join(lines), encoding="utf-8")
        voices = tmp_path / f"out{number}" / "voices"
        voices.mkdir(parents=True)
        shutil.copy(speech_wav, voices / "john.wav")
        engines = EngineRegistry(settings=settings)
        drive = Drive(source, tmp_path / f"out{number}", options, engines=engines, cache=cache).run(until="mix")
    assert sizes == [[*ENGLISH[:2], ENGLISH[2]], [ENGLISH[3]], [ENGLISH[4]]]
    assert drive.facts["synthesize/en"]["pieces"] == {"spoken": 1, "cached": 5}


@pytest.mark.parametrize("language", ["en", "pt", "cs", "hi", "pl", "tr", "ko"])
@pytest.mark.parametrize(
    "text", ["V roce 2026. A 3. den", "1" * 150, "1.234.567,89 " * 14, "٣٤ 12", "0th", "$" * 90, "10^-9 = 0,000000001"]
)
def test_numbers_do_not_exceed_token_limit(xtts: XttsSynthesizer, language: str, text: str) -> None:
    found, unreadable = xtts._parts(text, language)
    assert unreadable == []
    model: Any = xtts._model
    assert all(len(model.tokenizer.encode(part, lang=language)) < model.args.gpt_max_text_tokens for part in found)


def test_missing_package_is_named_with_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dropdub.engines.packages.find_spec", lambda _: None)
    problem = XttsSynthesizer.unavailable()
    assert problem is not None
    assert str(install_command("xtts")) in problem and "coqui-tts" in problem


def test_language_whose_package_is_missing_is_refused_with_its_name(
    xtts: XttsSynthesizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dropdub.engines.xtts.input_text.find_spec", lambda _: None)
    assert not xtts.supports("zh-CN")
    with pytest.raises(UnsupportedLanguage, match="with other packages also ja and zh") as refusal:
        xtts.speak("你好。", language="zh-CN", voice=None)
    command = refusal.value.remedy.splitlines()[1]
    assert command.startswith("  ") and command.endswith("pip install 'coqui-tts[zh]'")
    assert xtts.language_hint("en") is None


def test_voice_of_the_model_is_selected_by_name_and_the_first_is_the_default(tmp_path: Path, model: Path) -> None:
    folder = shutil.copytree(model, tmp_path / "model")
    add_own_voices(folder, "Ana Sofia", "Bruno")
    engine = XttsSynthesizer(EngineSettings(models={"xtts": str(folder)}))
    ana, bruno, usual = (engine._latents(one) for one in (Voice("ana sofia"), Voice("Bruno"), None))
    assert ana.identity == usual.identity != bruno.identity
    assert len(engine.speak("We went home.", language="en", voice=None)) > 0
    with pytest.raises(VoiceMissing, match="neither in voices/ nor in the model"):
        engine.speak("We went home.", language="en", voice=Voice("Carla"))


def test_it_keeps_the_contract_with_a_model_that_has_voices(tmp_path: Path, model: Path) -> None:
    folder = shutil.copytree(model, tmp_path / "model")
    add_own_voices(folder, "Ana Sofia")
    for check in checks(XttsSynthesizer, EngineSettings(models={"xtts": str(folder)}, threads=1)):
        check()


def test_only_the_latest_voices_are_kept(xtts: XttsSynthesizer, voice: Voice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dropdub.engines.xtts.engine.KNOWN_VOICES", 2)
    latents = xtts._latents(voice)
    for number in range(4):
        xtts._keep(f"voice {number}", latents)
    assert list(xtts._voices) == ["voice 2", "voice 3"]


@pytest.mark.parametrize("device", ["cpu", "auto"])
def test_missing_graphics_card_is_not_reported_if_not_requested(model: Path, device: str) -> None:
    engine = XttsSynthesizer(EngineSettings(models={"xtts": str(model)}, device=device))
    with no_graphics_card():
        engine.load()
    assert engine.announcements() == []


def test_missing_graphics_card_is_reported(model: Path) -> None:
    engine = XttsSynthesizer(EngineSettings(models={"xtts": str(model)}, device="cuda"))
    with no_graphics_card():
        engine.load()
    assert engine.announcements() == [
        "xtts runs on the CPU, not on the graphics card: the installed PyTorch finds no usable card."
    ]


def test_full_graphics_card_is_not_used_and_reported(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from TTS.tts.models.xtts import Xtts

    def to(self: Any, device: str) -> Any:
        if device == "cuda":
            raise RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")
        return self

    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.empty_cache", lambda: None)
    monkeypatch.setattr(Xtts, "to", to)
    engine = XttsSynthesizer(EngineSettings(models={"xtts": str(model)}))
    engine.load()
    assert engine.announcements() == ["xtts runs on the CPU, not on the graphics card: its memory is full."]
    engine = XttsSynthesizer(EngineSettings(models={"xtts": str(model)}, memory_failures=1))
    engine.load()
    assert engine.announcements() == ["xtts runs on the CPU, not on the graphics card: it ran out of memory earlier."]


def test_running_out_of_memory_while_speaking_is_reported_as_such(
    xtts: XttsSynthesizer, voice: Voice, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise RuntimeError("CUDA out of memory. Tried to allocate 20 MiB")

    monkeypatch.setattr(xtts._model, "inference", full)
    with pytest.raises(OutOfMemory):
        xtts.speak("We went home.", language="en", voice=voice)


def test_engine_has_no_voices_except_those_it_was_given(xtts: XttsSynthesizer) -> None:
    with pytest.raises(VoiceMissing, match="neither in voices/ nor in the model"):
        xtts.speak("Hello.", language="en", voice=Voice("nobody"))
    with pytest.raises(VoiceMissing, match="no built-in voice") as caught:
        xtts.speak("Hello.", language="en", voice=None)
    assert "dropdub voices add" in caught.value.sentence
    with pytest.raises(UnsupportedLanguage):
        xtts.speak("Hello.", language="tlh", voice=None)


def test_missing_or_broken_model_gives_error_message(tmp_path: Path, model: Path) -> None:
    with pytest.raises(Waiting, match="'xtts-v2'"):
        EngineRegistry(settings=EngineSettings(models_dir=tmp_path)).synthesizer("xtts", language="pt")
    shutil.copytree(model, tmp_path / "broken")
    (tmp_path / "broken" / "model.pth").write_bytes(b"no model")
    with pytest.raises(EngineMissing, match="cannot be loaded"):
        XttsSynthesizer(EngineSettings(models={"xtts": str(tmp_path / "broken")})).load()


def test_torch_and_ctranslate2_are_never_in_one_process(settings: EngineSettings) -> None:
    from dropdub.errors import FreshWorkerNeeded

    registry = EngineRegistry(settings=settings)
    registry.synthesizer("xtts", language="pt")
    with pytest.raises(FreshWorkerNeeded):
        registry.translator("nllb", source="en", target="pt")


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recording(tmp_path_factory.mktemp("talk") / "talk.wav", ENGLISH[:5])


def ready_to_speak(
    talk: Path,
    tmp_path: Path,
    settings: EngineSettings,
    cache: Cache,
    *,
    speakers: Sequence[str | None] = (None,),
    said: Sequence[str] = ENGLISH[:4],
) -> Drive:
    """Return a job of four lines that the speakers say in turn; `said` is what they are to say in the dub."""
    options = LIGHT.overridden({"synthesizer": "xtts", "targets": ["pt"], "synthesis": {"takes": 2}})
    drive = Drive(talk, tmp_path, options=options, engines=EngineRegistry(settings=settings), cache=cache)
    drive.run(until="transcribe")
    for name, texts in (("transcript.json", ENGLISH[:4]), ("translation.pt.json", said)):
        segments = tuple(
            Segment(n, 2.0 * n, 2.0 * n + 1.8, text, speaker=speakers[n % len(speakers)])
            for n, text in enumerate(texts)
        )
        length_s = wav.duration_s(drive.job_dir / "audio.wav")
        Transcript("en", length_s, segments, {}).save(drive.job_dir / name)
    drive.facts |= {"merge": {"language": "en", "segments": 4}, "translate/pt": {"segments": 4}}
    return drive


def test_a_dub_has_the_speakers_own_voice(talk: Path, tmp_path: Path, settings: EngineSettings) -> None:
    drive = ready_to_speak(talk, tmp_path, settings, Cache(None, max_bytes=0))
    result = drive.run_step(drive.step("synthesize/pt"))
    assert result["hear"] is True
    assert result["sample_rate"] == 24_000
    assert 6.0 <= wav.duration_s(drive.job_dir / "voice.wav") <= 16.0
    spoken = {path.name.partition(".")[0] for path in (drive.job_dir / "speech.pt").iterdir()}
    assert spoken == {f"000{n}" for n in range(4)}
    assert "hear/pt" in [step.key for step in drive.plan()]


def test_each_speakers_voice_is_analysed_once_and_kept_for_next_time(
    talk: Path, tmp_path: Path, settings: EngineSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    hear = dropdub.engines.xtts.engine.hear_voice

    def counted(model: Any, reference: Path) -> Any:
        heard.append(reference.name)
        return hear(model, reference)

    monkeypatch.setattr("dropdub.engines.xtts.engine.hear_voice", counted)
    monkeypatch.setattr("dropdub.engines.xtts.engine.defect", lambda *_, **__: None)  # one try is enough
    cache = Cache(tmp_path / "cache", max_bytes=10_000_000)
    for said in (ENGLISH[:4], ENGLISH[4:8]):  # other words in the same voices
        folder = tmp_path / said[0]
        folder.mkdir()
        drive = ready_to_speak(talk, folder, settings, cache, speakers=("S1", "S2"), said=said)
        result = drive.run_step(drive.step("synthesize/pt"))
        assert sum("was cloned from only 3.6 s" in warning for warning in result["warnings"]) == 2
    assert sorted(heard) == ["voice.S1.wav", "voice.S2.wav"]


def test_defective_lines_are_reported_and_not_kept(
    talk: Path, tmp_path: Path, settings: EngineSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = Cache(tmp_path / "cache", max_bytes=10_000_000)
    drive = ready_to_speak(talk, tmp_path, settings, cache)
    with monkeypatch.context() as patched:
        patched.setattr(XttsSynthesizer, "_spoken", lambda *_, **__: np.zeros(24_000, np.float32))
        warnings = drive.run_step(drive.step("synthesize/pt"))["warnings"]
    assert f"In the pt dub: “{ENGLISH[0]}” came out silent." in warnings
    shutil.rmtree(drive.job_dir / "speech.pt")
    warnings = drive.run_step(drive.step("synthesize/pt"))["warnings"]
    assert not any("silent" in warning for warning in warnings)


def test_only_changed_sentence_of_dub_is_spoken_again(
    talk: Path, tmp_path: Path, settings: EngineSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoken: list[str] = []
    speak = XttsSynthesizer.speak

    def counted(self: XttsSynthesizer, text: str, **options: Any) -> Any:
        spoken.append(text)
        return speak(self, text, **options)

    monkeypatch.setattr(XttsSynthesizer, "speak", counted)
    monkeypatch.setattr("dropdub.engines.xtts.engine.defect", lambda *_, **__: None)  # noise is kept, too
    # How long the noise lasts is chance. If only the second dub needs a faster pace, all its lines are spoken again.
    monkeypatch.setattr("dropdub.stages.synthesize.rates", lambda *_: {})
    cache = Cache(tmp_path / "cache", max_bytes=100_000_000)
    for number, said in enumerate((ENGLISH[:4], (*ENGLISH[:2], ENGLISH[5], ENGLISH[3]))):
        folder = tmp_path / str(number)
        folder.mkdir()
        drive = ready_to_speak(talk, folder, settings, cache, said=said)
        drive.run_step(drive.step("synthesize/pt"))
        spoken.append("|")
    first, second = spoken[: spoken.index("|")], spoken[spoken.index("|") + 1 : -1]
    assert set(first) == set(ENGLISH[:4])
    assert set(second) == {ENGLISH[5]}
