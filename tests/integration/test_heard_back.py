"""Spoken lines verified by the real transcriber: bad ones spoken again, babble cut, lines that stay bad named.

Lines are heard together, and a bad one does not change what is found of its neighbours.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from dropdub.dubbing.listening import Line, Listener
from dropdub.dubbing.listening_check import check_on_original
from dropdub.engines.base import EngineSettings, Samples, Utterance, Voice, Window
from dropdub.engines.espeak.engine import EspeakSynthesizer
from dropdub.engines.offers import GROUP
from dropdub.engines.registry import EngineRegistry
from dropdub.engines.whisper.engine import FasterWhisperTranscriber
from dropdub.media.sound import wav
from dropdub.pipeline.artifacts import Segment, Transcript
from dropdub.pipeline.cache import Cache
from dropdub.pipeline.facts import Facts
from dropdub.pipeline.heard_lines import ListenerCheck
from tests.drive import LIGHT, Drive
from tests.spoken import ENGLISH, NLLB, RATE, WHISPER, recording, spoken

pytest.importorskip("faster_whisper", reason="the extra 'quality' is not installed")
MUMBLED, LOST, RAMBLED = (
    "Nós vemos o meu carro vermelho.",
    "Eu quero a sua janela verde.",
    "O meu livro grande é pequeno.",
)
PACE = 155 / 175
"""The pace on which the small model was trained, as a multiple of espeak's usual one."""


class FakeMumbler(EspeakSynthesizer):
    """eSpeak, but mumbling one line at first, another each time, and babbling after a third, as neural voices do."""

    name: ClassVar[str] = "mumbler"

    def speak(self, text: str, *, language: str, voice: Voice | None, rate: float = 1.0, take: int = 0) -> Samples:
        sound = super().speak(text, language=language, voice=voice, rate=rate * PACE)
        if text == LOST or (text == MUMBLED and take == 0):
            return np.random.default_rng(take).normal(0, 0.05, len(sound)).astype(np.float32)
        if text == RAMBLED:
            babble = super().speak("seis seis doze", language=language, voice=voice, rate=rate * PACE)
            return np.concatenate([sound, np.zeros(self.sample_rate // 2, np.float32), babble])
        return sound


@pytest.fixture
def driven(tmp_path: Path) -> Callable[..., Drive]:
    source = recording(tmp_path / "talk.wav", (ENGLISH[0], ENGLISH[1], ENGLISH[3], ENGLISH[5]), pause_s=2.5)

    def made(**synthesis: object) -> Drive:
        engines = {"faster-whisper": "whisper.engine:FasterWhisperTranscriber", "nllb": "nllb.engine:NllbTranslator"}
        entries = [EntryPoint(name, f"dropdub.engines.{place}", GROUP) for name, place in engines.items()]
        entries.append(EntryPoint("mumbler", f"{__name__}:FakeMumbler", GROUP))
        models = EngineSettings(models={"faster-whisper": str(WHISPER), "nllb": str(NLLB)}, device="cpu")
        options = LIGHT.overridden(
            {
                "transcriber": "auto",
                "translator": "auto",
                "synthesizer": "mumbler",
                "targets": ["pt-BR"],
                "synthesis": synthesis,
            }
        )
        cache = Cache(None, max_bytes=0)
        return Drive(source, tmp_path, options=options, engines=EngineRegistry(entries, settings=models), cache=cache)

    return made


def test_bad_line_is_spoken_again_and_reported_if_it_stays_bad(driven: Callable[..., Drive]) -> None:
    drive = driven(verify=True, takes=3).run()
    first, second, third = (drive.facts[key] for key in ("hear/pt-BR", "hear/pt-BR/1", "hear/pt-BR/2"))
    assert (first["again"], second["again"], third["again"]) == ([1, 3], [3], [])
    assert drive.step("synthesize/pt-BR/1").params["lines"] == [1, 3]
    assert "hear/pt-BR/3" not in [step.key for step in drive.plan()]
    assert drive.warnings.count(f"Line 4 of the pt-BR dub may be unintelligible: “{LOST}”") == 1
    assert [text for text in drive.warnings if "unintelligible" in text and LOST not in text] == []
    assert Facts(drive.facts).best_takes("pt-BR")[1] == "0001.2.wav"
    assert all(one["good"] for line, one in third["lines"].items() if line != "3")
    assert [one["words"] for one in third["lines"].values()][1:] == [6, 6, 6]
    assert third["lines"]["2"]["errors"] == 0, "the babble that was cut off is not counted"
    assert third["lines"]["3"]["errors"] > 3 and "heard" in third["lines"]["3"]
    assert third["lines"]["0"]["errors"] == 0, "the lost line beside it changes nothing"
    assert first["check"] == {"unknown": "it also made the transcript"} and "check" not in second
    manifest = json.loads(drive.published["manifest.json"].read_text(encoding="utf-8"))
    heard_back = manifest["quality"]["targets"]["pt-BR"]["heard_back"]
    assert heard_back["lines"] == 4 and heard_back["bad"] == [3]
    assert 0.1 < heard_back["word_error_rate"] < 0.5, "one line of four is lost"
    listener = heard_back["listener"]
    assert (listener["name"], listener["model"]) == ("faster-whisper", WHISPER.name) and listener["version"]
    assert heard_back["on_original"] is None
    unmeasured = manifest["quality"]["targets"]["pt-BR"]["not_measured"]
    known = (
        "How well faster-whisper understands the original recording is not known, because it also made the transcript."
    )
    assert known in unmeasured
    assert "may be unintelligible" in drive.published["report.html"].read_text(encoding="utf-8")


def test_babble_after_last_word_is_cut_off(driven: Callable[..., Drive]) -> None:
    drive = driven(verify=True, takes=1).run()
    files = Facts(drive.facts).best_takes("pt-BR")
    assert files[0] == "0000.wav", "what is as it should be stays as it is"
    assert files[2] == "0002.cut.wav"
    folder = drive.job_dir / "speech.pt-BR"
    whole, cut = wav.duration_s(folder / "0002.wav"), wav.duration_s(folder / "0002.cut.wav")
    assert 0.8 < whole - cut < 2.5
    track = wav.read_range(drive.job_dir / "dub.pt-BR.wav")
    assert len(track) == round(
        wav.duration_s(drive.job_dir / "audio.wav") * wav.sample_rate(drive.job_dir / "dub.pt-BR.wav")
    )


def test_speech_that_cannot_go_wrong_is_not_verified_unless_requested(driven: Callable[..., Drive]) -> None:
    keys = [step.key for step in driven().run().plan()]
    assert [key for key in keys if key.startswith("hear")] == []


# Listening


class CountedTranscriber(FasterWhisperTranscriber):
    """The real transcriber; `lengths` are those of the windows that it heard, in seconds."""

    def __init__(self) -> None:
        super().__init__(EngineSettings(models={"faster-whisper": str(WHISPER)}, device="cpu"))
        self.load()
        self.lengths: list[float] = []

    def transcribe(self, windows: Iterable[Window], *, language: str) -> Iterator[tuple[Utterance, ...]]:
        return super().transcribe(map(self._counted, windows), language=language)

    def _counted(self, window: Window) -> Window:
        self.lengths.append(window.duration_s)
        return window


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[Line]:
    folder = tmp_path_factory.mktemp("lines")
    return [
        Line.of_file(text, recording(folder / f"{number}.wav", (text,), pause_s=0.1))
        for number, text in enumerate(ENGLISH)
    ]


def garbled(line: Line, folder: Path) -> Line:
    """Return a line with noise instead of speech."""
    noise = np.random.default_rng(1).normal(0, 0.05, round(line.span.duration_s * RATE)).astype(np.float32)
    with wav.WavWriter(folder / "noise.wav", RATE) as writer:
        writer.write(noise)
    return Line.of_file(line.text, folder / "noise.wav")


def listener(engine: FasterWhisperTranscriber, cache: Cache | None = None) -> Listener:
    return Listener(engine, "en", cache or Cache(None, max_bytes=0), progress=lambda _share: None)


def test_lines_are_heard_together_in_one_window(lines: list[Line]) -> None:
    engine = CountedTranscriber()
    heard = listener(engine).hear(lines)
    assert all(one.verdict.good for one in heard) and sum(one.verdict.errors.errors for one in heard) <= 1
    assert len(engine.lengths) == 1 and engine.lengths[0] > sum(line.span.duration_s for line in lines)
    for line, one in zip(lines, heard, strict=True):
        assert 0 <= one.words[0].start <= one.words[-1].end <= line.span.duration_s, "times count from the line's start"


def test_garbled_line_does_not_spoil_its_neighbours(lines: list[Line], tmp_path: Path) -> None:
    bad = garbled(lines[3], tmp_path)
    usual, heard = (listener(CountedTranscriber()).hear([*lines[:3], one, *lines[4:]]) for one in (lines[3], bad))
    assert [one.verdict.good for one in heard] == [number != 3 for number in range(len(lines))]
    of_neighbours = [(one, other) for number, (one, other) in enumerate(zip(heard, usual, strict=True)) if number != 3]
    assert all(one.verdict.errors.errors <= other.verdict.errors.errors for one, other in of_neighbours)


def test_what_was_heard_before_is_taken_from_the_cache(lines: list[Line], tmp_path: Path) -> None:
    engine, cache = CountedTranscriber(), Cache(tmp_path, max_bytes=1_000_000)
    first = listener(engine, cache).hear(lines)
    count = len(engine.lengths)
    assert listener(engine, cache).hear(lines) == first and len(engine.lengths) == count


def test_long_paragraph_is_heard_in_several_windows(tmp_path: Path) -> None:
    sentences = ENGLISH * 3
    path = recording(tmp_path / "long.wav", sentences, pause_s=0.4)
    assert wav.duration_s(path) > 31
    engine = CountedTranscriber()
    [heard] = listener(engine).hear([Line.of_file(" ".join(sentences), path)])
    assert len(engine.lengths) > 1 and max(engine.lengths) <= 30
    assert heard.verdict.errors.errors <= 4, "the small model misses a word now and then"


@pytest.fixture
def original(tmp_path: Path) -> tuple[Path, tuple[Segment, ...]]:
    """Return a recording and what is said in it."""
    path, position, segments = recording(tmp_path / "original.wav", ENGLISH[:4]), 0.0, []
    for number, text in enumerate(ENGLISH[:4]):
        start = position + 0.7
        position = start + len(spoken(text)) / RATE
        segments.append(Segment(number, start, position, text))
    return path, tuple(segments)


def test_transcriber_is_checked_on_the_original_with_the_subtitle_of_the_user(
    original: tuple[Path, tuple[Segment, ...]],
) -> None:
    audio, segments = original
    given = Transcript("en", 20.0, segments, {"name": "subtitle", "file": "talk.en.srt"})
    found = check_on_original(listener(CountedTranscriber()), given, audio)
    words = sum(len(text.split()) for text in ENGLISH[:4])
    assert (found.reference, found.lines, found.words, found.unknown) == ("talk.en.srt", 4, words, None)
    assert found.errors <= 1


def test_check_on_the_original_is_unknown_without_a_reference(original: tuple[Path, tuple[Segment, ...]]) -> None:
    audio, segments = original
    engine = CountedTranscriber()
    own = {"name": "faster-whisper", "version": "1", "details": {"model": WHISPER.name}}
    other = {"name": "other"}
    cases = [
        (Transcript("en", 20.0, segments, own), audio, "it also made the transcript"),
        (Transcript("eo", 20.0, segments, other), audio, "it does not understand the language spoken there"),
        (Transcript("en", 20.0, (), other), audio, "nobody speaks in it"),
        (Transcript("en", 20.0, segments, other), None, "there is no original recording"),
    ]
    for transcript, sound, why in cases:
        assert check_on_original(listener(engine), transcript, sound) == ListenerCheck(unknown=why)
    assert engine.lengths == []
    bigger = Transcript("en", 20.0, segments, {**own, "details": {"model": "whisper-large-v3"}})
    assert check_on_original(listener(engine), bigger, audio).reference == "faster-whisper whisper-large-v3"
