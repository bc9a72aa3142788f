"""The small synthesizers: what they say is understood by a real model."""

from __future__ import annotations

import re
import shutil
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path

import jiwer
import numpy as np
import pytest
import soxr

from dropdub.engines.base import EngineSettings, Samples, Synthesizer, Voice, Window
from dropdub.engines.espeak.library import espeak_library
from dropdub.engines.hibari import HibariSynthesizer
from dropdub.engines.kokoro.engine import KokoroSynthesizer
from dropdub.engines.kokoro.languages import LANGUAGES, accent_of
from dropdub.engines.kokoro.phonemes import symbols
from dropdub.engines.kokoro.symbols import IDS, MOST, numbers, written
from dropdub.engines.kokoro.voices import VOICES_MODEL, voice_files
from dropdub.engines.models.catalogue import named
from dropdub.engines.whisper.engine import FasterWhisperTranscriber
from dropdub.errors import UnsupportedLanguage, VoiceMissing

ENGLISH = (
    "The doctor said that I should drink more water.",
    "If it rains tomorrow, we will stay at home.",
    "The children are playing in the garden.",
)
PORTUGUESE = (
    "O médico disse que eu deveria beber mais água.",
    "Se chover amanhã, ficaremos em casa.",
    "As crianças estão brincando no jardim.",
    "Acho que pegamos o caminho errado.",
)
MOST_WRONG = 0.10


def usable(engine: type[Synthesizer], settings: EngineSettings | None = None) -> Synthesizer:
    if problem := engine.unavailable():
        pytest.skip(problem)
    made = engine(settings)
    made.load()
    return made


@pytest.fixture(scope="module")
def hibari() -> Synthesizer:
    return usable(HibariSynthesizer)


@pytest.fixture(scope="module")
def kokoro(real_model: Callable[[str], Path]) -> Synthesizer:
    return usable(KokoroSynthesizer, EngineSettings(models_dir=real_model("kokoro-82m").parent))


@pytest.fixture(scope="module")
def wrong_words(real_model: Callable[[str], Path]) -> Callable[[Synthesizer, Sequence[str], str], float]:
    """Return a function from a voice, sentences and a language to the share of words that Whisper hears otherwise."""
    listener = FasterWhisperTranscriber(EngineSettings(models={"faster-whisper": str(real_model("whisper-base"))}))
    listener.load()

    def share(engine: Synthesizer, texts: Sequence[str], language: str) -> float:
        pause = np.zeros(9_600, np.float32)
        sounds = [engine.speak(text, language=language, voice=None) for text in texts]
        speech = [soxr.resample(sound, engine.sample_rate, 16_000).astype(np.float32) for sound in sounds]
        window = Window(0.0, np.concatenate([piece for sound in speech for piece in (sound, pause)]))
        [heard] = listener.transcribe([window], language=language)
        return float(jiwer.wer(plain(" ".join(texts)), plain(" ".join(one.text for one in heard))))

    return share


def plain(text: str) -> str:
    return " ".join(re.sub(r"[^\w]+", " ", unicodedata.normalize("NFC", text).lower()).split())


def seconds(engine: Synthesizer, sound: Samples) -> float:
    return len(sound) / engine.sample_rate


def test_hibari_is_understood(
    hibari: Synthesizer, wrong_words: Callable[[Synthesizer, Sequence[str], str], float]
) -> None:
    assert wrong_words(hibari, ENGLISH, "en") <= MOST_WRONG


def test_hibari_speaks_the_same_take_in_the_same_way_at_the_wanted_pace(hibari: Synthesizer) -> None:
    first, again = (hibari.speak(ENGLISH[0], language="en-US", voice=None, take=1) for _ in range(2))
    assert np.array_equal(first, again) and np.abs(first).max() <= 1
    fast = hibari.speak(ENGLISH[0], language="en", voice=None, rate=1.5)
    assert seconds(hibari, first) / seconds(hibari, fast) == pytest.approx(1.5, rel=0.15)
    assert len(hibari.speak("... [Music] ♪", language="en", voice=None)) == 0


def test_hibari_never_downloads_a_voice(hibari: Synthesizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIBARI_HOME", str(tmp_path))
    for name in ("emma", "nobody"):
        with pytest.raises(VoiceMissing, match=f"no voice '{name}'"):
            hibari.speak("Hello", language="en", voice=Voice(name))
    with pytest.raises(UnsupportedLanguage):
        hibari.speak("Olá", language="pt", voice=None)
    assert not list(tmp_path.iterdir())


def test_the_portuguese_of_kokoro_is_understood(
    kokoro: Synthesizer, wrong_words: Callable[[Synthesizer, Sequence[str], str], float]
) -> None:
    assert wrong_words(kokoro, PORTUGUESE, "pt") <= MOST_WRONG


def test_kokoro_speaks_the_same_in_the_same_way_at_the_wanted_pace_in_each_voice(kokoro: Synthesizer) -> None:
    first, again = (kokoro.speak(PORTUGUESE[1], language="pt-BR", voice=None) for _ in range(2))
    assert np.array_equal(first, again) and np.abs(first).max() <= 1
    fast = kokoro.speak(PORTUGUESE[1], language="pt", voice=None, rate=1.5)
    assert seconds(kokoro, first) / seconds(kokoro, fast) == pytest.approx(1.5, rel=0.2)
    man = kokoro.speak(PORTUGUESE[1], language="pt", voice=Voice("PM_Alex"))
    assert len(man) and not np.array_equal(first, man)
    assert len(kokoro.speak("... ♪", language="pt", voice=None)) == 0
    with pytest.raises(VoiceMissing, match="pf_dora"):
        kokoro.speak("Olá", language="pt", voice=Voice("nobody"))
    with pytest.raises(UnsupportedLanguage):
        kokoro.speak("Hallo", language="de", voice=None)


def test_kokoro_waits_for_its_model(tmp_path: Path) -> None:
    engine = KokoroSynthesizer(EngineSettings(models_dir=tmp_path))
    assert engine.missing_model() == "kokoro-82m" and engine.supports("pt-PT") and not engine.supports("de")
    folder = tmp_path / "kokoro-82m"
    folder.mkdir()
    (folder / "model_quantized.onnx").write_bytes(b"1")
    assert engine.missing_model() is None, "its Portuguese voices come with Dropdub"
    assert engine.supports("pt") and not engine.supports("en"), "no English voice is there"
    (tmp_path / VOICES_MODEL).mkdir()
    (tmp_path / VOICES_MODEL / "af_heart.bin").write_bytes(b"1")
    assert engine.supports("en") and not engine.supports("fr")


def test_kokoro_speaks_with_the_voices_of_their_own_model(
    real_model: Callable[[str], Path], kokoro: Synthesizer, tmp_path: Path
) -> None:
    settings = EngineSettings(tmp_path, models={"kokoro": str(real_model("kokoro-82m"))})
    engine = usable(KokoroSynthesizer, settings)
    assert not engine.supports("es") and "voices" not in engine.info().details
    (tmp_path / VOICES_MODEL).mkdir()
    shutil.copy(voice_files()["pm_alex"], tmp_path / VOICES_MODEL / "em_alex.bin")
    assert engine.supports("es") and "voices" in engine.info().details
    alex = kokoro.speak(PORTUGUESE[0], language="pt", voice=Voice("pm_alex"))
    assert np.array_equal(engine.speak(PORTUGUESE[0], language="pt", voice=Voice("em_alex")), alex)
    assert seconds(engine, engine.speak("Los niños juegan en el jardín.", language="es", voice=None)) > 1


def test_the_catalogue_has_the_voices_for_the_languages_of_kokoro_that_do_not_come_with_dropdub() -> None:
    names = {name.removesuffix(".bin") for name in named(VOICES_MODEL).names()}
    assert not names & voice_files().keys()
    accents = [accent_of(tag) for tag in (*LANGUAGES, "en-GB")]
    assert {name[0] for name in names} == {accent.letter for accent in accents if accent}
    assert {accent.voice for accent in accents if accent} <= names | voice_files().keys()


@pytest.mark.parametrize("tag", sorted(LANGUAGES))
def test_espeak_gives_phonemes_of_the_models_alphabet_for_each_language(tag: str) -> None:
    accent = accent_of(tag)
    assert accent is not None
    found = symbols("Radio 12, Maria?", accent)
    assert set(found) <= IDS.keys() and "," in found and found.endswith("?") and len(found) > 10


def test_numbers_are_not_cut_at_their_marks() -> None:
    accent = accent_of("pt")
    assert accent is not None
    assert "," not in symbols("São 3.500,75 euros.", accent)
    assert symbols("Sim, às 15:30.", accent).count(":") == 0


def test_sounds_of_two_letters_are_one_symbol() -> None:
    assert espeak_library().phonemes("gente", voice="roa/pt-BR", tie="^").startswith("ʒ")
    assert written("d^ʒˈi(en)t^ʃ(pt)", letter="p") == "ʤˈiʧ"
    assert written("ɡˈo^ʊ", letter="a") == "ɡˈO"


def test_more_symbols_than_the_model_takes_are_cut_between_words() -> None:
    parts = list(numbers("aaaa " * 300))
    assert all(len(part) <= MOST and part[-1] == IDS[" "] for part in parts)
    assert sum(map(len, parts)) == 1_500
