"""The engines of this package: one contract for all, and what each really does with speech and text."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

import dropdub
from dropdub.engines.base import SPEECH_RATE_HZ, EngineSettings, Samples, Voice, Window, Word
from dropdub.engines.contract import Check, checks
from dropdub.engines.espeak import library as espeak_library
from dropdub.engines.espeak.engine import EspeakSynthesizer, best_voice
from dropdub.engines.hearing.segmentation import LONGEST_S, MOST_WORDS, utterances
from dropdub.engines.offers import Offer, installed_offers
from dropdub.engines.registry import EngineRegistry
from dropdub.engines.speakers.resemblyzer import ResemblyzerDiarizer
from dropdub.errors import UnsupportedLanguage, VoiceMissing
from tests.spoken import NLLB, PARAKEET, WHISPER

JFK = Path(dropdub.__file__).parent / "samples" / "jfk.flac"
JFK_SAYS = "and so my fellow americans ask not what your country can do for you ask what you can do for your country"
LJSPEECH = Path(__file__).parents[1] / "data" / "ljspeech"
SMALL_MODELS = EngineSettings(models={"faster-whisper": str(WHISPER), "nllb": str(NLLB), "parakeet": str(PARAKEET)})


def output_of(code: str, *arguments: str, temporary: Path | None = None) -> str:
    """Return what Python code prints in a separate process."""
    places = {"TMPDIR": str(temporary), "TMP": str(temporary)} if temporary else {}
    command = [sys.executable, "-c", code, *arguments]
    ended = subprocess.run(
        command, check=True, capture_output=True, encoding="utf-8", timeout=60, env={**os.environ, **places}
    )
    return ended.stdout


def usable(name: str) -> Offer:
    offer = installed_offers()[name]
    if offer.problem:
        pytest.skip(offer.problem)
    return offer


CHECKS = [
    pytest.param(check, id=f"{name}-{check}")
    for name, offer in sorted(installed_offers().items())
    for check in (checks(offer.engine, SMALL_MODELS) if offer.engine else ())
]


@pytest.mark.parametrize("check", CHECKS)
def test_every_engine_that_an_installed_package_offers_keeps_the_contract(check: Check) -> None:
    check()


def speech(path: Path) -> Samples:
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    mono: Samples = soxr.resample(samples.mean(axis=1), rate, SPEECH_RATE_HZ).astype(np.float32)
    return mono


def spoken(*times: tuple[float, float]) -> list[Word]:
    return [Word(start, end, "word", 1.0) for start, end in times]


def test_pause_separates_utterances() -> None:
    parts = utterances(spoken((0, 0.5), (0.6, 1), (1.5, 2)))
    assert [(part.start, part.end, part.text) for part in parts] == [(0, 1, "word word"), (1.5, 2, "word")]
    assert utterances([]) == ()


def test_long_speech_without_pause_is_split_at_its_longest_gap_within_bounds() -> None:
    words = spoken(*((n * 0.5 + (0.2 if n >= 30 else 0), n * 0.5 + 0.5) for n in range(100)))
    parts = utterances(words)
    assert [word for part in parts for word in part.words] == words
    assert all(len(part.words) <= MOST_WORDS and part.end - part.start <= LONGEST_S for part in parts)
    assert words[30] in {part.words[0] for part in parts}


def test_word_longer_than_bound_stays_whole() -> None:
    assert len(utterances(spoken((0, 60)))) == 1


# Resemblyzer


@pytest.fixture(scope="module")
def diarizer() -> ResemblyzerDiarizer:
    pytest.importorskip("resemblyzer", reason="the extra speakers is not installed")
    usable("resemblyzer")
    engine = ResemblyzerDiarizer(EngineSettings(threads=1))
    engine.load()
    return engine


def windows_of(path: Path, seconds: float = 1.6) -> list[Window]:
    samples, size = speech(path), round(seconds * SPEECH_RATE_HZ)
    return [Window(0.0, samples[at : at + size]) for at in range(0, len(samples) - size + 1, size)]


def test_voices_match_within_one_speaker_and_not_between_two(diarizer: ResemblyzerDiarizer) -> None:
    man, woman = (np.stack(list(diarizer.embed(windows_of(path)))) for path in (JFK, LJSPEECH / "LJ001-0001.flac"))
    assert np.median(woman @ woman.T) > 0.7 and np.median(man @ man.T) > 0.6
    assert (man @ woman.T).max() < 0.6
    assert np.allclose(np.linalg.norm(woman, axis=1), 1, atol=1e-5) and woman.dtype == np.float32


def test_voice_depends_neither_on_what_is_heard_with_it_nor_on_its_loudness(diarizer: ResemblyzerDiarizer) -> None:
    windows = windows_of(JFK)
    together = list(diarizer.embed(windows))
    [alone] = diarizer.embed(windows[2:3])
    [quiet] = diarizer.embed([Window(0.0, windows[2].samples * np.float32(0.01))])
    [loud] = diarizer.embed([Window(0.0, windows[2].samples * np.float32(0.02))])
    assert np.allclose(together[2], alone, atol=1e-4) and np.allclose(quiet, loud, atol=1e-3)


@pytest.mark.parametrize("length", [0, 1, 399, 9_600, 25_600, 80_000])
def test_windows_of_any_length_and_silence_have_a_vector(diarizer: ResemblyzerDiarizer, length: int) -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, length).astype(np.float32)
    found = list(diarizer.embed([Window(0.0, noise), Window(1.0, np.zeros(length, np.float32)), Window(2.0, noise)]))
    assert len(found) == 3 and all(abs(float(np.linalg.norm(one)) - 1) < 1e-5 for one in found)


def test_missing_extra_gives_message_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dropdub.engines.speakers.resemblyzer.find_spec", lambda _name: None)
    problem = ResemblyzerDiarizer.unavailable()
    assert problem is not None
    first, second = [line for line in problem.splitlines() if line.startswith("  ")]
    assert "-m pip install torch" in first and second.endswith("-m pip install --no-deps Resemblyzer")


@pytest.fixture(scope="module")
def espeak() -> EspeakSynthesizer:
    usable("espeak-ng")
    engine = EspeakSynthesizer()
    engine.load()
    return engine


PHRASES = {
    "pt": "A reunião começa amanhã às nove horas, e todos são bem-vindos.",
    "pt-BR": "A reunião começa amanhã às nove horas, e todos são bem-vindos.",
    "en": "The meeting starts tomorrow at nine, and everybody is welcome.",
    "es": "La reunión empieza mañana a las nueve, y todos son bienvenidos.",
}


@pytest.mark.parametrize(("language", "text"), PHRASES.items())
def test_speech_is_audible_mono_within_range(espeak: EspeakSynthesizer, language: str, text: str) -> None:
    audio = espeak.speak(text, language=language, voice=None)
    assert audio.dtype == np.float32
    assert audio.ndim == 1
    assert 2 < len(audio) / espeak.sample_rate < 8
    assert float(np.sqrt(np.mean(audio**2))) > 0.02
    assert float(np.abs(audio).max()) <= 1


@pytest.mark.parametrize("rate", [0.75, 1.25, 1.5, 2.0])
def test_the_rate_changes_the_length_in_proportion(espeak: EspeakSynthesizer, rate: float) -> None:
    usual = len(espeak.speak(PHRASES["en"], language="en", voice=None))
    changed = len(espeak.speak(PHRASES["en"], language="en", voice=None, rate=rate))
    assert changed * rate == pytest.approx(usual, rel=0.1)


def test_the_rate_is_bounded(espeak: EspeakSynthesizer) -> None:
    def length(rate: float) -> int:
        return len(espeak.speak("One two three.", language="en", voice=None, rate=rate))

    assert length(100.0) == pytest.approx(length(10.0), rel=0.05)
    assert length(0.001) == pytest.approx(length(0.1), rel=0.05)


def test_regions_have_their_own_voices(espeak: EspeakSynthesizer) -> None:
    def voice_of(tag: str) -> str | None:
        best = best_voice(espeak_library.espeak_library().voices, tag)
        return best and best.identifier

    assert {voice_of(tag) for tag in ("pt", "pt-PT", "por", "pt-AO")} == {"roa/pt"}
    assert voice_of("pt-BR") == "roa/pt-BR"
    assert voice_of("en-US") == "gmw/en-US"
    assert {voice_of(tag) for tag in ("en", "en-GB", "en-AU")} == {"gmw/en"}


@pytest.mark.parametrize("text", ["", "  \n ", "...", "?!", "😀"])
def test_text_without_words_gives_no_sound(espeak: EspeakSynthesizer, text: str) -> None:
    audio = espeak.speak(text, language="pt", voice=None)
    assert audio.shape == (0,)
    assert audio.dtype == np.float32


def test_markup_and_zero_bytes_are_spoken_literally(espeak: EspeakSynthesizer) -> None:
    def seconds(text: str) -> float:
        return len(espeak.speak(text, language="en", voice=None)) / espeak.sample_rate

    assert seconds("<break time='5s'/> hello") > seconds("hello")
    assert seconds("hello\0 to all of you") > 1.5 * seconds("hello")
    assert seconds("[[h@'loU]] there") > seconds("there")


def test_a_very_long_text_is_spoken_to_its_end(espeak: EspeakSynthesizer) -> None:
    once = len(espeak.speak("Uma frase que se repete.", language="pt", voice=None))
    assert len(espeak.speak("Uma frase que se repete. " * 300, language="pt", voice=None)) > 250 * once


def test_espeak_voices_are_selected_by_name_and_references_are_ignored(
    espeak: EspeakSynthesizer, tmp_path: Path
) -> None:
    def seconds(voice: Voice | None) -> float:
        return len(espeak.speak("100 100 100 100", language="en", voice=voice)) / espeak.sample_rate

    # The library lets pitch and length waver a little: no two renderings are the same bytes. Portuguese says `cem`.
    assert seconds(Voice("maria", tmp_path / "maria.wav")) == pytest.approx(seconds(None), rel=0.05)
    assert seconds(Voice("pt")) < 0.7 * seconds(None)
    assert seconds(Voice("en-us+f3")) > 1
    assert not espeak.clones


@pytest.mark.parametrize("name", ["maria", "../../etc/passwd", "en+", "en+../x", ""])
def test_unknown_voice_is_refused(espeak: EspeakSynthesizer, name: str) -> None:
    with pytest.raises(VoiceMissing, match="There is no voice"):
        espeak.speak("hello", language="en", voice=Voice(name))


def test_a_language_without_a_voice_is_refused(espeak: EspeakSynthesizer) -> None:
    assert not espeak.supports("xx")
    with pytest.raises(UnsupportedLanguage, match="does not speak xx"):
        espeak.speak("hello", language="xx", voice=None)
    with pytest.raises(UnsupportedLanguage, match=r"No installed synthesizer speaks xx\..* espeak-ng sup"):
        EngineRegistry().synthesizer("auto", language="xx")


SPEAK_FROM = """
import sys
from pathlib import Path
import espeakng_loader
from dropdub.engines.espeak.library import EspeakLibrary
library = EspeakLibrary(Path(espeakng_loader.get_library_path()), Path(sys.argv[1]))
print(len(library.speak("hello", voice="gmw/en", words_per_minute=175)))
"""


def test_data_under_a_long_path_is_read_through_a_short_one(espeak: EspeakSynthesizer, tmp_path: Path) -> None:
    import espeakng_loader

    far = tmp_path / ("long" * 30) / ("longer" * 20) / "espeak-ng-data"
    shutil.copytree(espeakng_loader.get_data_path(), far)
    count = int(output_of(SPEAK_FROM, str(far), temporary=tmp_path))
    assert count == pytest.approx(len(espeak.speak("hello", language="en", voice=None)), rel=0.05)
    if sys.platform != "win32":
        assert not list(tmp_path.glob("espeak-*")), "the short path dies with the process"


def test_missing_data_raises_error_instead_of_exiting(espeak: EspeakSynthesizer, tmp_path: Path) -> None:
    code = SPEAK_FROM.replace("library =", "from dropdub.errors import EngineMissing\ntry:\n  library =")
    code = code.replace("print(", "except EngineMissing as e: print(e.sentence); sys.exit(0)\nprint(")
    assert "cannot read its voices" in output_of(code, str(tmp_path / "nowhere"))


def test_short_path_is_the_path_itself_if_it_is_short(tmp_path: Path) -> None:
    assert espeak_library.short_data_path(Path("/short")) == Path("/short")


def test_copy_of_data_is_made_once_and_reused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, places = tmp_path / "data", tmp_path / "temporary"
    data.mkdir()
    (data / "phontab").write_bytes(b"phonemes")
    places.mkdir()
    monkeypatch.setattr(espeak_library.tempfile, "tempdir", str(places))
    copy = espeak_library._kept_copy(data)
    assert espeak_library._kept_copy(data) == copy
    assert list(places.iterdir()) == [copy]
    assert (copy / "phontab").read_bytes() == b"phonemes"


def test_espeak_says_whether_there_is_a_better_voice() -> None:
    engine = EspeakSynthesizer()
    engine.speak("Olá", language="pt-BR", voice=None)
    engine.speak("Hallo", language="de", voice=None)
    engine.speak("Hola", language="es-MX", voice=None)
    portuguese, german, spanish = engine.announcements()
    assert (
        portuguese.startswith("Portuguese was spoken by espeak-ng") and "`dropdub models pull kokoro-82m`" in portuguese
    )
    assert spanish.startswith("Spanish") and "`dropdub models pull kokoro-82m kokoro-voices`" in spanish
    assert german.startswith("German") and "models pull" not in german
    assert engine.announcements() == []
