"""Whisper with real weights: as few errors as its library's best way, words where they sound, and nothing invented."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import jiwer
import numpy as np
import pytest
import soundfile

from dropdub.engines.base import EngineSettings, Samples, Utterance, Window
from dropdub.engines.kokoro.engine import KokoroSynthesizer
from dropdub.engines.whisper.engine import FasterWhisperTranscriber
from dropdub.errors import UnsupportedLanguage
from dropdub.media.sound import wav
from dropdub.speech.vad import Span, clipped, speech_spans, windows

faster_whisper = pytest.importorskip("faster_whisper", reason="the extra 'compact' is not installed")
RATE = 16_000
CLIPS = Path(__file__).parents[1] / "data" / "ljspeech"
ORDERS = ((0, 1, 2, 3), (2, 0, 3, 1), (3, 1, 0, 2))
LATE_S, LATEST_S = 0.15, 0.4
"""The 90th percentile and the worst of how far a clip's first and last words may be from the edges of its speech."""

Model = Callable[[str], FasterWhisperTranscriber]


@pytest.fixture(scope="module")
def whisper(real_model: Callable[[str], Path]) -> Model:
    loaded: dict[str, FasterWhisperTranscriber] = {}

    def of_name(name: str) -> FasterWhisperTranscriber:
        if name not in loaded:
            settings = EngineSettings(models={"faster-whisper": str(real_model(name))}, device="cpu", threads=2)
            loaded[name] = FasterWhisperTranscriber(settings)
            loaded[name].load()
        return loaded[name]

    return of_name


def clips() -> list[tuple[str, Samples]]:
    """Return the text and the sound of each clip, at 16 kHz."""
    rows = [line.split("\t") for line in (CLIPS / "transcripts.tsv").read_text(encoding="utf-8").splitlines()]
    files = [(row[-1], CLIPS / f"{row[0].removesuffix('.flac')}.flac") for row in rows]
    return [(text, faster_whisper.decode_audio(str(file), sampling_rate=RATE)) for text, file in files if file.exists()]


def edges(sound: Samples) -> tuple[float, float]:
    """Return where the speech of a clip begins and ends: all that is at most 35 dB below its loudest 10 ms."""
    power = (sound[: len(sound) // 160 * 160].reshape(-1, 160).astype(np.float64) ** 2).mean(axis=1)
    loud = np.flatnonzero(power > power.max() * 10**-3.5)
    return float(loud[0]) * 0.01, float(loud[-1] + 1) * 0.01


def joined(order: Sequence[int]) -> tuple[Samples, str, list[tuple[float, float]]]:
    """Return clips with pauses of faint noise of 0.4 to 2 s between, their text, and the edges of their speech."""
    random = np.random.default_rng(sum(order[:2]))
    parts, text, known, at = [], [], [], 0
    for number in order:
        words, sound = clips()[number]
        pause = random.normal(0, 1e-4, round(random.uniform(0.4, 2.0) * RATE)).astype(np.float32)
        first, last = edges(sound)
        at += len(pause)
        known.append((at / RATE + first, at / RATE + last))
        at += len(sound)
        parts += [pause, sound]
        text.append(words)
    return np.concatenate([*parts, parts[0]]), " ".join(text), known


def heard(engine: FasterWhisperTranscriber, sound: Samples, tmp_path: Path, language: str = "en") -> list[Utterance]:
    """Return what the engine hears in a recording, in windows of speech as the program makes them."""
    path = tmp_path / "sound.wav"
    soundfile.write(path, sound, RATE)
    speech = speech_spans(path)
    given = [
        Window(span.start, wav.read_range(path, span.start, span.end), inside(span, speech)) for span in windows(speech)
    ]
    return [one for found in engine.transcribe(given, language=language) for one in found]


def inside(window: Span, speech: Sequence[Span]) -> tuple[tuple[float, float], ...]:
    return tuple((one.start - window.start, one.end - window.start) for one in clipped(speech, window))


def bare(text: str) -> str:
    return " ".join("".join(one if one.isalnum() else " " for one in text.casefold()).split())


@pytest.mark.parametrize(("model", "orders"), [("whisper-tiny.en", ORDERS), ("whisper-base", ORDERS[:1])])
def test_no_more_errors_than_the_batched_pipeline_and_words_where_they_sound(
    whisper: Model, model: str, orders: Sequence[Sequence[int]], tmp_path: Path
) -> None:
    engine = whisper(model)
    assert engine._model is not None
    batched = faster_whisper.BatchedInferencePipeline(engine._model)
    ours, theirs, away = 0, 0, []
    for order in orders:
        sound, text, known = joined(order)
        found = heard(engine, sound, tmp_path)
        segments, _ = batched.transcribe(sound, language="en", word_timestamps=True)
        ours += errors(text, " ".join(one.text for one in found))
        theirs += errors(text, " ".join(one.text for one in segments))
        words = [word for one in found for word in one.words]
        for number, (first, last) in zip(order, known, strict=True):
            of_clip = [word for word in words if first - 0.3 < (word.start + word.end) / 2 < last + 0.3]
            said = bare(clips()[number][0]).split()
            assert (bare(of_clip[0].text), bare(of_clip[-1].text)) == (said[0], said[-1]), "no word is before a pause"
            away += [abs(of_clip[0].start - first), abs(of_clip[-1].end - last)]
        for (_, end), (start, _) in pairwise(known):
            assert not [word for word in words if word.start < end - 0.1 and word.end > start + 0.1], "over a pause"
    assert ours <= theirs
    assert np.percentile(away, 90) <= LATE_S
    assert max(away) <= LATEST_S


def errors(text: str, found: str) -> int:
    measured = jiwer.process_words(bare(text), bare(found))
    return int(measured.substitutions + measured.deletions + measured.insertions)


def test_a_word_after_a_long_pause_begins_with_the_voice(whisper: Model, speech: Path, tmp_path: Path) -> None:
    sound = faster_whisper.decode_audio(str(speech), sampling_rate=RATE)
    found = heard(whisper("whisper-tiny.en"), sound, tmp_path)
    assert bare(" ".join(one.text for one in found)).startswith("and so my fellow americans ask not")
    (ask,) = [word for one in found for word in one.words if bare(word.text) == "ask"][:1]
    assert 3.2 <= ask.start <= 3.4, "the sound is silent from 2.3 s to 3.3 s"
    assert any(one.start == ask.start for one in found), "the pause separates utterances, so that the dub keeps it"


def unspoken() -> dict[str, Samples]:
    """Return a minute each of what is not speech."""
    random, at = np.random.default_rng(5), np.arange(60 * RATE) / RATE
    notes = np.array([220.0, 261.6, 329.6, 392.0, 523.3, 392.0, 329.6, 261.6])
    pitch = notes[(at * 4).astype(int) % len(notes)]
    decay = np.exp(-6 * (at * 4 % 1))
    beat = np.exp(-40 * (at * 2 % 1)) * random.normal(0, 0.3, len(at))
    melody = 0.3 * decay * (np.sin(2 * np.pi * pitch * at) + 0.5 * np.sin(4 * np.pi * pitch * at))
    brown = np.cumsum(random.normal(0, 1, len(at)))
    brown -= np.convolve(brown, np.ones(1001) / 1001, mode="same")
    sounds = {
        "silence": np.zeros(len(at)),
        "white noise": random.normal(0, 0.1, len(at)),
        "brown noise": 0.2 * brown / np.abs(brown).max(),
        "melody with beats": melody + beat,
        "chord": 0.1 * sum(np.sin(2 * np.pi * hertz * at) for hertz in (130.8, 164.8, 196.0)),
        "sweep": 0.3 * np.sin(2 * np.pi * (200 * at + 40 * at**2 % 3000)),
    }
    return {name: np.clip(sound, -1, 1).astype(np.float32) for name, sound in sounds.items()}


@pytest.mark.parametrize("name", list(unspoken()))
def test_nothing_is_invented_where_nobody_speaks(whisper: Model, name: str, tmp_path: Path) -> None:
    assert heard(whisper("whisper-tiny.en"), unspoken()[name], tmp_path) == []


def test_noise_after_speech_adds_nothing(whisper: Model, tmp_path: Path) -> None:
    text, sound = clips()[1]
    noise = np.random.default_rng(0).normal(0, 0.02, 40 * RATE).astype(np.float32)
    found = heard(whisper("whisper-tiny.en"), np.concatenate([sound, noise]), tmp_path)
    assert bare(" ".join(one.text for one in found)) == bare(text)


def test_an_english_only_model_is_known_by_its_vocabulary(whisper: Model) -> None:
    english, base = whisper("whisper-tiny.en"), whisper("whisper-base")
    assert english.languages() == {"en"}
    assert len(base.languages()) == 99
    window = Window(0.0, clips()[0][1])
    assert english.detect_language([window]) == base.detect_language([window]) == "en"
    assert english.detect_language([Window(0.0, np.zeros(RATE, np.float32))]) == "und"
    with pytest.raises(UnsupportedLanguage, match="does not understand pt"):
        list(english.transcribe([window], language="pt"))


def test_a_second_language_is_noticed(whisper: Model, real_model: Callable[[str], Path], tmp_path: Path) -> None:
    voice = KokoroSynthesizer(EngineSettings(models_dir=real_model("kokoro-82m").parent))
    voice.load()
    text = "O médico disse que eu deveria beber mais água. As crianças estão brincando no jardim."
    portuguese = wav.resample(voice.speak(text, language="pt", voice=None), voice.sample_rate, RATE)
    english = np.concatenate([sound for _, sound in clips()])
    whole = np.concatenate([english, np.zeros(6 * RATE, np.float32), portuguese, portuguese, portuguese])
    base = whisper("whisper-base")
    base.other_languages()
    heard(base, whole, tmp_path)
    (other,) = base.other_languages()[-1:]
    assert other.language == "pt"
    assert other.end > len(english) / RATE + 6


@pytest.mark.parametrize("peak_db", [-55.0, -60.0])
def test_a_voice_is_heard_however_quiet_it_was_recorded(whisper: Model, peak_db: float) -> None:
    text, sound = clips()[0]
    quiet = np.round(sound / np.abs(sound).max() * 10 ** (peak_db / 20) * 32_768) / 32_768
    said = whisper("whisper-tiny.en").transcribe([Window(0.0, quiet.astype(np.float32))], language="en")
    heard = " ".join(utterance.text for window in said for utterance in window)
    assert jiwer.wer(bare(text), bare(heard)) < 0.3
