"""Real voices told apart: two speakers in turns, one alone, and one on each channel."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dropdub.engines.registry import Shelf
from dropdub.errors import EngineMissing
from dropdub.media import wav
from dropdub.pipeline.artefacts import SPEAKERS, Turn, load_turns
from dropdub.pipeline.cache import Cache
from tests.drive import LIGHT, Drive

When = dict[str, list[tuple[float, float]]]
LJSPEECH = Path(__file__).parents[1] / "data" / "ljspeech"
RATE = 16_000
needs_voices = pytest.mark.skipif(
    find_spec("resemblyzer") is None, reason="resemblyzer is not installed: see jobs doctor"
)


def sound(path: Path) -> np.ndarray:
    return wav.resample(wav.read_range(path), wav.sample_rate(path), RATE)


@pytest.fixture(scope="module")
def turns_spoken(speech: Path) -> list[tuple[str, np.ndarray]]:
    """Eight stretches by two speakers in turn, five to six seconds each."""
    john, linda = sound(speech), np.concatenate([sound(path) for path in sorted(LJSPEECH.glob("*.flac"))])
    first, second = ("john", john[: 5 * RATE]), ("linda", linda[: 6 * RATE])
    parts = [first, second, ("john", john[5 * RATE :]), ("linda", linda[6 * RATE : 12 * RATE])]
    return parts * 2


def written(
    path: Path, parts: list[tuple[str, np.ndarray]], *, stereo: bool = False
) -> dict[str, list[tuple[float, float]]]:
    """Write the parts with a pause between them; return when each speaks. In stereo, each has a channel."""
    pause, when, at = np.zeros(RATE, np.float32), dict[str, list[tuple[float, float]]](), 0.0
    tracks = []
    for who, part in parts:
        when.setdefault(who, []).append((at, at + len(part) / RATE))
        faint = part * 0.03
        tracks.append(np.stack([part, faint] if who == "john" else [faint, part], axis=1))
        tracks.append(np.stack([pause, pause], axis=1))
        at += (len(part) + len(pause)) / RATE
    whole = np.concatenate(tracks)
    soundfile.write(path, whole if stereo else whole.sum(axis=1), RATE)
    return when


def diarized(
    source: Path, folder: Path, shelf: Shelf | None = None, **options: object
) -> tuple[dict[str, object], list[Turn]]:
    options = {"speakers": "auto", **options}
    cache = Cache(folder / "cache", max_bytes=10**8)
    drive = Drive(source, folder, options=LIGHT.overridden(options), engines=shelf or Shelf(), cache=cache)
    drive.run(until="diarize")
    result = drive.run_step(drive.step("diarize"))
    return result, load_turns(drive.job_dir / SPEAKERS)


def right_share(turns: list[Turn], when: When) -> float:
    """Return the share of the speech that has the right speaker, looked at ten times a second."""
    names = {who: f"S{number}" for number, who in enumerate(when, start=1)}
    moments = [
        (who, at)
        for who, spans in when.items()
        for start, end in spans
        for at in np.arange(start + 0.3, end - 0.3, 0.1)
    ]
    nearest = [min(turns, key=lambda turn: max(turn.start - at, at - turn.end, 0.0)).speaker for _, at in moments]
    return float(np.mean([names[who] == found for (who, _), found in zip(moments, nearest, strict=True)]))


@needs_voices
def test_two_speakers_in_turns_are_told_apart(tmp_path: Path, turns_spoken: list[tuple[str, np.ndarray]]) -> None:
    when = written(tmp_path / "talk.wav", turns_spoken)
    result, turns = diarized(tmp_path / "talk.wav", tmp_path)
    assert (result["speakers"], result["how"]) == (2, "resemblyzer")
    assert right_share(turns, when) >= 0.95


@needs_voices
def test_one_speaker_alone_is_not_numbered(tmp_path: Path, speech: Path) -> None:
    result, turns = diarized(speech, tmp_path)
    assert (result["speakers"], turns) == (1, [])


def test_a_speaker_on_each_channel_needs_no_engine(tmp_path: Path, turns_spoken: list[tuple[str, np.ndarray]]) -> None:
    when = written(tmp_path / "call.wav", turns_spoken, stereo=True)
    result, turns = diarized(tmp_path / "call.wav", tmp_path, Shelf([]))
    assert (result["speakers"], result["how"]) == (2, "channels")
    assert right_share(turns, when) >= 0.99


def test_without_an_engine_all_is_one_speaker_unless_one_was_named(tmp_path: Path, speech_wav: Path) -> None:
    result, turns = diarized(speech_wav, tmp_path, Shelf([]))
    assert (result["speakers"], result["how"], turns) == (1, "one", [])
    with pytest.raises(EngineMissing, match="resemblyzer"):
        diarized(speech_wav, tmp_path / "named", Shelf([]), diarizer="resemblyzer")


@needs_voices
def test_each_segment_of_the_transcript_has_its_speaker(
    tmp_path: Path, turns_spoken: list[tuple[str, np.ndarray]]
) -> None:
    written(tmp_path / "talk.wav", turns_spoken[:4])
    drive = Drive(tmp_path / "talk.wav", tmp_path, options=LIGHT.overridden({"speakers": "auto"})).run()
    text = drive.published["talk.txt"].read_text(encoding="utf-8")
    assert text.startswith("S1: ")
    assert "\n\nS2: " in text
    assert drive.facts["merge"]["speakers"] == 2
