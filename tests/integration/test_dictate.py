"""The stage `dictate`, and asides of it in a real worker: live words while a long recording is transcribed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dropdub.config import JobOptions
from dropdub.media.sound import wav
from dropdub.pipeline.artifacts import AUDIO, SPEECH, Transcript, chunk_name, save_spans
from dropdub.speech.vad import speech_spans
from dropdub.web.speech.headers import UNKNOWN_LENGTH, wav_header
from tests.integration.test_engines import usable
from tests.integration.test_say import MAIN, Studio, alone, payload, prepared, without_time

JFK = Path("src/dropdub/samples/jfk.flac").absolute()
RATE = 16_000
OPTIONS = JobOptions(transcriber="pocketsphinx", language="en").model_dump(mode="json")


@pytest.fixture(autouse=True)
def pocketsphinx() -> None:
    usable("pocketsphinx")


@cache
def spoken(start_s: float, end_s: float) -> wav.Samples:
    """Return a part of Kennedy's speech, at 16 kHz."""
    return wav.resample(wav.read_range(JFK, start_s, end_s), wav.sample_rate(JFK), RATE)


def silence(seconds: float) -> wav.Samples:
    return np.zeros(round(seconds * RATE), np.float32)


def growing(file: Path, *parts: wav.Samples) -> Path:
    """Write a recording as it is while it grows: with a length that is not known yet."""
    file.parent.mkdir(parents=True, exist_ok=True)
    pcm = (np.concatenate(parts) * 32767).astype("<i2").tobytes()
    file.write_bytes(wav_header(RATE, UNKNOWN_LENGTH) + pcm)
    return file


def window(folder: Path, source: Path, start: float, end: float, language: str | None = None) -> dict[str, Any]:
    given = payload(folder, "dictate", {"start": start, "end": end, "language": language})
    return {**given, "source": str(source), "options": OPTIONS}


def test_speech_before_a_pause_is_settled_and_what_follows_is_tentative(tmp_path: Path) -> None:
    source = growing(tmp_path / "spoken.wav", silence(1.0), spoken(0.0, 2.4), silence(1.5), spoken(7.6, 8.6))
    found = alone(window(tmp_path, source, 0.5, 5.9))
    [said] = found["segments"]
    assert "my fellow american" in said["text"] and 1.0 < said["start"] < said["end"] < 3.6
    assert 3.4 < found["until"] < 4.9 and found["language"] == "en"
    assert found["tentative"]
    rest = alone(window(tmp_path, source, found["until"], 5.9, "en"))
    assert rest["segments"] == [] and rest["tentative"]


def test_silence_is_settled_without_words(tmp_path: Path) -> None:
    found = alone(window(tmp_path, growing(tmp_path / "spoken.wav", silence(3.0)), 0.0, 3.0))
    assert (found["segments"], found["tentative"], found["language"]) == ([], "", "und")
    assert found["until"] == pytest.approx(2.7)


def long_transcription(folder: Path, *, windows: int) -> dict[str, Any]:
    """Return the step that transcribes a recording of some windows."""
    given = payload(folder, "transcribe", {"ordinal": 0, "start": 0.0, "end": windows * 8.0})
    audio = Path(given["job_dir"]) / AUDIO
    part = np.concatenate([spoken(0.0, 2.4), silence(8.0 - 2.4)])
    growing(audio, *[part] * windows)
    save_spans(audio.with_name(SPEECH), speech_spans(audio))
    return {**given, "options": OPTIONS, "facts": {"probe": {"kind": "media"}}, "kind": "media"}


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[Studio]:
    one = Studio(tmp_path, "pocketsphinx", {}, "transcribe")
    yield one
    one.pool.stop(grace_s=0.5)


def heard_in(folder: Path) -> Transcript:
    return Transcript.load(folder / "work" / chunk_name(0))


def test_live_words_are_heard_between_two_windows_of_a_long_recording_which_is_transcribed_as_ever(
    listener: Studio, tmp_path: Path
) -> None:
    source = growing(tmp_path / "spoken.wav", spoken(0.0, 2.4), silence(1.0))
    listener.submit(MAIN, long_transcription(prepared(tmp_path / "film"), windows=2))
    listener.wait_for(lambda: listener.pool.free_for_aside() > 0, "the worker to take an aside")
    listener.submit(0, window(tmp_path / "live", source, 0.0, 3.4, "en"), aside=True)
    listener.wait_for(lambda: len(listener.ended()) == 2, "everything to end")
    assert listener.ended() == [0, MAIN]
    by_itself = alone(window(tmp_path / "alone", source, 0.0, 3.4, "en"))
    assert without_time(listener.result(0)) == by_itself
    alone(long_transcription(prepared(tmp_path / "again"), windows=2))
    assert heard_in(tmp_path / "film") == heard_in(tmp_path / "again")
