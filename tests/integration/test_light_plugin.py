"""The plug-in with light engines: what they really do with speech and text."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import jiwer
import numpy as np
import pytest

from dropdub.engines.base import SPEECH_RATE_HZ, Samples, Window
from dropdub.engines.registry import EngineRegistry
from dropdub.errors import DeadlineExceeded, EngineMissing, MediaToolFailed, UnsupportedLanguage
from dropdub_light import apertium
from dropdub_light.apertium import ApertiumTranslator
from dropdub_light.pairs import packages, route
from dropdub_light.pocketsphinx import PocketsphinxTranscriber
from tests.integration.test_engines import JFK, LJSPEECH, speech, usable

JFK_SAYS = "and so my fellow americans ask not what your country can do for you ask what you can do for your country"


@pytest.fixture(scope="module")
def sphinx() -> PocketsphinxTranscriber:
    usable("pocketsphinx")
    engine = PocketsphinxTranscriber()
    engine.load()
    return engine


def normalised(text: str) -> str:
    return " ".join(re.sub(r"[^a-z' ]", " ", text.lower()).split())


def heard(engine: PocketsphinxTranscriber, samples: Samples) -> str:
    (said,) = engine.transcribe([Window(0.0, samples)], language="en")
    return normalised(" ".join(utterance.text for utterance in said))


def test_real_speech_is_transcribed_within_the_engines_known_error_rate(
    sphinx: PocketsphinxTranscriber,
) -> None:
    lines = (LJSPEECH / "transcripts.tsv").read_text(encoding="utf-8").splitlines()
    texts = dict(line.split("\t", 1) for line in lines)
    recordings = {JFK: JFK_SAYS, **{LJSPEECH / f"{name}.flac": text for name, text in texts.items()}}
    said = [normalised(text) for text in recordings.values()]
    understood = [heard(sphinx, speech(path)) for path in recordings]
    assert jiwer.wer(said, understood) <= 0.20


def test_words_have_times_of_the_recording_and_confidences(sphinx: PocketsphinxTranscriber) -> None:
    samples = speech(JFK)
    (said,) = sphinx.transcribe([Window(100.0, samples)], language="en-US")
    words = [word for utterance in said for word in utterance.words]
    assert len(said) > 1, "the speaker's long pauses part the utterances"
    assert all(100 <= word.start < word.end <= 100.05 + len(samples) / SPEECH_RATE_HZ for word in words)
    assert [word.start for word in words] == sorted(word.start for word in words)
    assert all(0 <= word.probability <= 1 for word in words)
    assert all(re.fullmatch(r"[A-Za-z'.\-]+", word.text) for word in words)
    assert all((one.start, one.end) == (one.words[0].start, one.words[-1].end) for one in said)


def test_result_does_not_depend_on_what_was_heard_before(sphinx: PocketsphinxTranscriber) -> None:
    short = speech(LJSPEECH / "LJ001-0002.flac")
    alone = heard(sphinx, short)
    heard(sphinx, speech(LJSPEECH / "LJ001-0004.flac"))
    assert heard(sphinx, short) == alone


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(0, np.float32),
        np.zeros(100, np.float32),
        np.zeros(3 * SPEECH_RATE_HZ, np.float32),
        np.random.default_rng(1).normal(0, 0.3, 3 * SPEECH_RATE_HZ).astype(np.float32),
        (0.2 * np.sin(np.arange(3 * SPEECH_RATE_HZ) * 0.2)).astype(np.float32),
        np.full(SPEECH_RATE_HZ, np.nan, np.float32),
    ],
    ids=["empty", "a moment", "silence", "noise", "tone", "not numbers"],
)
def test_sound_without_speech_gives_no_words(sphinx: PocketsphinxTranscriber, samples: Samples) -> None:
    assert list(sphinx.transcribe([Window(5.0, samples)], language="en")) == [()]


def test_language_other_than_english_is_refused(sphinx: PocketsphinxTranscriber) -> None:
    with pytest.raises(UnsupportedLanguage, match="English only, not pt-BR"):
        sphinx.transcribe([], language="pt-BR")
    with pytest.raises(UnsupportedLanguage, match="No installed transcriber understands tlh"):
        EngineRegistry().transcriber("auto", language="tlh")
    assert sphinx.detect_language([]) == "en"


@pytest.fixture(scope="module")
def translator() -> ApertiumTranslator:
    usable("apertium")
    engine = ApertiumTranslator()
    engine.load()
    missing = [pair for pair in (("en", "es"), ("es", "pt")) if not engine.supports(*pair)]
    if missing:
        pytest.skip(f"apertium lacks the pairs {missing}: {engine.hint('en', 'pt')}")
    return engine


NASTY = [
    "",
    "   ",
    "The house is big.",
    "two\nlines of\r\none text",
    "a paragraph\n\nand another one",
    "See Mr.",
    "Smith is in the big",
    "house of the U.S.A.",
    'He said "hello" and “goodbye”',
    "😀 a smile 👩‍👩‍👧",
    "^$/<>[]{}@\\",
    "the ^dog<n>$ [eats] {fish} at/by @home \\ now",
    "[unclosed and ^unfinished",
    "[[t:b:123]]words[[/]]",
    ".",
    "...",
    "wait…",
    "What?!",
    "42",
    "*starred* text",
    "the\x00end\x0b\x0c\x1b of\u2028it\u0085all",
    "I want to",
    "go",
]


@pytest.mark.parametrize("target", ["es", "pt-BR"])
def test_texts_keep_their_count_and_order(translator: ApertiumTranslator, target: str) -> None:
    together = translator.translate(NASTY, source="en", target=target)
    apart = [translator.translate([text], source="en", target=target)[0] for text in NASTY]
    assert len(together) == len(NASTY)
    assert together == apart
    assert [text for text in together if "\n" in text] == []
    assert together[0] == together[1] == ""
    assert together[10] == NASTY[10]


def test_translations_are_correct(translator: ApertiumTranslator) -> None:
    assert translator.translate(["The house is big"], source="en", target="es") == ["La casa es grande"]
    assert translator.translate(["The house is big."], source="en", target="pt") == ["A casa é grande."]
    assert translator.translate(["zzyzx qwfp"], source="en", target="es") == ["zzyzx qwfp"]


def test_regional_output_is_used_if_apertium_has_it(translator: ApertiumTranslator) -> None:
    modes = ("es-pt", "es-pt_BR", "eng-spa", "spa-eng", "spa-eng_US")
    assert route(modes, "es", "pt-BR") == ("es-pt_BR",)
    assert route(modes, "es", "pt-PT") == ("es-pt",)
    assert route(modes, "en", "pt-BR") == ("eng-spa", "es-pt_BR")
    assert route(modes, "es-MX", "en") == ("spa-eng",)
    assert route(modes, "en", "de") == ()


def test_two_thousand_sentences_keep_their_order(translator: ApertiumTranslator) -> None:
    texts = [f"Sentence {number} is about the big house" for number in range(2000)]
    translated = translator.translate(texts, source="en", target="pt")
    assert [re.findall(r"\d+", text) for text in translated] == [[str(number)] for number in range(2000)]


def test_parts_that_do_not_match_are_translated_in_halves(
    translator: ApertiumTranslator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forgetful(run: Callable[[str, str], str]) -> Callable[[str, str], str]:
        return lambda mode, text: run(mode, text).replace("\n\n.\n\n", " ", 1) if "lost" in text else run(mode, text)

    texts = ["One house", "lost", "Three houses", "Four houses", "Five houses"]
    expected = translator.translate(texts, source="en", target="es")
    monkeypatch.setattr(apertium, "run_apertium", forgetful(apertium.run_apertium))
    assert translator.translate(texts, source="en", target="es") == expected


def test_pair_that_is_not_installed_is_refused_with_list_of_those_that_are(
    translator: ApertiumTranslator,
) -> None:
    with pytest.raises(UnsupportedLanguage, match="No installed translator translates from en to xx") as refusal:
        EngineRegistry().translator("auto", source="en", target="xx")
    assert "apertium supports: en to es, " in refusal.value.message
    with pytest.raises(UnsupportedLanguage, match="does not translate from en to xx"):
        translator.translate(["a"], source="en", target="xx")


def test_the_hint_names_the_packages_of_a_pair_or_of_its_two_halves() -> None:
    assert packages("en", "pt-BR") == ("apertium-eng-spa", "apertium-es-pt")
    assert packages("por", "spa") == ("apertium-es-pt",)
    assert packages("en", "ja") == ()
    if sys.platform != "win32":
        hint = ApertiumTranslator.hint("en", "pt")
        assert hint is not None
        assert hint.splitlines()[1] == "  sudo apt-get install apertium apertium-eng-spa apertium-es-pt"


@pytest.mark.skipif(sys.platform == "win32", reason="there is no apertium for Windows")
def test_program_past_its_deadline_is_killed_with_its_children() -> None:
    import psutil

    with pytest.raises(DeadlineExceeded, match="sh did not finish within"):
        apertium._run(["sh", "-c", "sleep 987 | cat"], "", deadline_s=0.5)
    left = [one for one in psutil.process_iter(["cmdline"]) if one.info["cmdline"] == ["sleep", "987"]]
    assert left == []


@pytest.mark.skipif(sys.platform == "win32", reason="there is no apertium for Windows")
def test_failed_program_gives_message_with_its_error_output() -> None:
    with pytest.raises(MediaToolFailed, match="failed with exit code 3: no such pair"):
        apertium._run(["sh", "-c", "echo no such pair >&2; exit 3"], "", deadline_s=20)


def test_missing_program_gives_message_how_to_install_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    problem = ApertiumTranslator.unavailable()
    assert problem is not None
    assert problem.endswith("\n  sudo apt-get install apertium")
    with pytest.raises(EngineMissing, match="apertium, which is not installed") as refusal:
        ApertiumTranslator().load()
    assert refusal.value.remedy.endswith("\n  sudo apt-get install apertium")
