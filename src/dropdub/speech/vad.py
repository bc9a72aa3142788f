"""Voice activity detection: WebRTC's detector, a gate against steady noise in the band of voices, and smoothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import webrtcvad
from numpy.typing import NDArray

from dropdub.media.sound import wav
from dropdub.media.sound.pitch import pitch_hz
from dropdub.media.sound.spans import Quietest, Span, clipped, cut_points, longest_pause, pauses, widened, windows
from dropdub.speech.voice_band import (
    BANDS,
    FRAME,
    FRAME_S,
    SPEECH_RATE_HZ,
    band_powers,
    decibels,
    frames_of,
    spectra_of,
    without_rumble,
)

__all__ = [
    "Quietest",
    "Span",
    "clipped",
    "cut_points",
    "longest_pause",
    "pauses",
    "quietest_in",
    "speech_spans",
    "widened",
    "windows",
]

_BLOCK_S = 12.0
_AGGRESSIVENESS = 2
_BRIDGED_PAUSE_S = 0.3
_PADDING_S = 0.15
_SHORTEST_SPEECH_S = 0.12
_ABOVE_NOISE_DB = 3.0
_WELL_ABOVE_NOISE_DB, _HEARD_DB, _PARTS = 9.0, 30.0, 3
_SILENCE_DB = -70.0
_FAINTEST_DB = -88.0
"""Below this is nothing but the noise of a converter."""
_QUIET_DB, _MOST_GAIN_DB = -35.0, 40.0
"""The detector hears the sound of quiet recordings raised, so that their loudest frames reach the first of these."""
_SPANS_OF_PITCH, _SECONDS_OF_PITCH = 10, 3
_SMOOTHED = 5
"""Frames to average the level over. The overtones of a hum make single frames fluctuate: 150 ms hold a whole number of
periods of both 50 and 60 Hz, at the steps of 30 ms."""
_MEAN = np.full(_SMOOTHED, 1 / _SMOOTHED)
_LOUD_PERCENTILE = 99
_GATED_FROM_FRAMES = 100
"""A shorter recording may be a single word, whose quietest part is not a noise floor."""


@dataclass(frozen=True)
class _Levels:
    """Levels in dBFS, each of shape (frames, 1 + bands): of the frames, and averaged over those around them."""

    single: NDArray[np.float32]
    around: NDArray[np.float32]


def speech_spans(path: Path) -> list[Span]:
    """Return the speech segments of a 16 kHz file, in seconds.

    Pauses under 0.3 s are bridged, spans are padded by 0.15 s, and sounds too short for a word are dropped. The file is
    read in blocks; 73 bytes for every 30 ms stay in memory.
    Raises ValueError if the file has another sample rate, NotMedia, and OSError.
    """
    if (rate := wav.sample_rate(path)) != SPEECH_RATE_HZ:
        raise ValueError(f"{path.name} has {rate} samples per second, not {SPEECH_RATE_HZ}")
    end_s = wav.duration_s(path)
    levels = _levels(path)
    gain_db = _gain_db(levels)
    raw = _active(path, levels, gain_db)
    if gain_db and not _is_voice(path, raw):  # noise that comes and goes
        raw = _active(path, levels, 0.0)
    bridged = _bridge(raw, _BRIDGED_PAUSE_S)
    kept = [span for span in bridged if span.duration_s >= _SHORTEST_SPEECH_S]
    padded = [Span(max(span.start - _PADDING_S, 0.0), min(span.end + _PADDING_S, end_s)) for span in kept]
    return _bridge(padded, 0.0)


def _active(path: Path, levels: _Levels, gain_db: float) -> list[Span]:
    """Return the runs of frames with a voice that stands out from the noise, in sound raised by `gain_db`."""
    silence_db = max(_SILENCE_DB - gain_db, _FAINTEST_DB)
    return _runs(_voiced(path, gain_db) & _above_noise(levels, silence_db))


def _is_voice(path: Path, spans: Sequence[Span]) -> bool:
    """Return whether the longest of the spans have a pitch."""
    longest = sorted(spans, key=lambda span: -span.duration_s)[:_SPANS_OF_PITCH]
    pieces = [frames[: SPEECH_RATE_HZ * _SECONDS_OF_PITCH, 0] for frames in wav.frames(path, longest)]
    return bool(pieces) and pitch_hz(without_rumble(np.concatenate(pieces)), SPEECH_RATE_HZ) is not None


def quietest_in(path: Path) -> Quietest:
    """Return a function that finds the quietest moment between two times of `path`."""

    def quietest(start_s: float, end_s: float) -> float:
        samples = wav.read_range(path, start_s, end_s)
        frame = max(round(wav.sample_rate(path) * FRAME_S), 1)
        if len(samples) < 3 * frame:
            return end_s
        # Average over three frames, so that the closure of a plosive does not count as a pause.
        smooth = np.convolve(_power(samples, frame), np.ones(3) / 3, mode="valid")
        return start_s + (int(np.argmin(smooth)) + 1.5) * FRAME_S

    return quietest


def _voiced(path: Path, gain_db: float) -> NDArray[np.bool_]:
    """Return, for each frame, whether the detector hears a voice in the sound without rumble, raised by `gain_db`."""
    detector, gain = webrtcvad.Vad(_AGGRESSIVENESS), np.float32(10 ** (gain_db / 20))
    voiced = [
        np.fromiter(_votes(detector, without_rumble(_whole(block)) * gain), np.bool_)
        for block in wav.blocks(path, _BLOCK_S)
    ]
    return np.concatenate([np.zeros(0, np.bool_), *voiced])


def _levels(path: Path) -> _Levels:
    """Return the level of each frame in dBFS, and that around it: in the voice band, and in parts of it."""
    powers = [band_powers(spectra_of(frames_of(block))) for block in wav.blocks(path, _BLOCK_S)]
    single = np.concatenate([np.zeros((0, 1 + BANDS), np.float32), *powers])
    if not len(single):
        return _Levels(single, single)
    padded = np.pad(single, ((_SMOOTHED // 2, _SMOOTHED // 2), (0, 0)), mode="edge")
    around = np.stack([np.convolve(one, _MEAN, mode="valid") for one in padded.T], axis=1)
    return _Levels(decibels(single), decibels(around))


def _whole(block: wav.Samples) -> wav.Samples:
    return np.pad(block, (0, -len(block) % FRAME))


def _gain_db(levels: _Levels) -> float:
    """Return by how much to raise a recording so that the detector, which is made for telephones, hears it."""
    loud_db = float(np.percentile(levels.around[:, 0], _LOUD_PERCENTILE)) if len(levels.around) else 0.0
    return min(max(_QUIET_DB - loud_db, 0.0), _MOST_GAIN_DB)


def _votes(detector: webrtcvad.Vad, samples: wav.Samples) -> Iterator[bool]:
    pcm = (np.clip(samples, -1.0, 1.0) * 32767).astype("<i2").reshape(-1, FRAME)
    return (detector.is_speech(frame.tobytes(), SPEECH_RATE_HZ) for frame in pcm)


def _power(samples: wav.Samples, frame: int) -> NDArray[np.float64]:
    whole = samples[: len(samples) // frame * frame].reshape(-1, frame).astype(np.float64)
    power: NDArray[np.float64] = (whole**2).mean(axis=1)
    return power


def _above_noise(levels: _Levels, silence_db: float) -> NDArray[np.bool_]:
    """Return which frames are above the noise floor: hum and hiss are steady, speech is not."""
    if len(levels.around) < _GATED_FROM_FRAMES:
        return np.asarray(levels.around[:, 0] > silence_db)
    floor = np.percentile(levels.around, 10, axis=0)
    return _stands_out(levels.single, floor, silence_db) & _stands_out(levels.around, floor, silence_db)


def _stands_out(levels: NDArray[np.float32], floor: NDArray[np.floating[Any]], silence_db: float) -> NDArray[np.bool_]:
    """Return which frames are audible and above the floor in the whole band, or well above it in a few parts.

    The overtones of a loud hum do not reach all parts, and speech is heard in the others.
    """
    above = levels - floor
    heard = levels[:, 1:] > levels[:, :1] - _HEARD_DB
    in_parts = ((above[:, 1:] > _WELL_ABOVE_NOISE_DB) & heard).sum(axis=1) >= _PARTS
    return np.asarray((levels[:, 0] > silence_db) & ((above[:, 0] > _ABOVE_NOISE_DB) | in_parts))


def _runs(active: NDArray[np.bool_]) -> list[Span]:
    edges = np.flatnonzero(np.diff(np.concatenate(([0], active.astype(np.int8), [0]))))
    return [Span(int(a) * FRAME_S, int(b) * FRAME_S) for a, b in edges.reshape(-1, 2)]


def _bridge(spans: Sequence[Span], pause_s: float) -> list[Span]:
    joined: list[Span] = []
    for span in spans:
        if joined and span.start - joined[-1].end <= pause_s:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return joined
