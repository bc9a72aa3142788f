"""Voice activity detection: WebRTC's detector, a gate against steady noise, and smoothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import webrtcvad
from numpy.typing import NDArray

from dropdub.media.sound import wav
from dropdub.media.sound.spans import Quietest, Span, clipped, cut_points, longest_pause, pauses, widened, windows

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

SPEECH_RATE_HZ = 16_000
FRAME_S = 0.03
_FRAME = round(FRAME_S * SPEECH_RATE_HZ)
_BLOCK_S = 30.0
_AGGRESSIVENESS = 2
_BRIDGED_PAUSE_S = 0.3
_PADDING_S = 0.15
_SHORTEST_SPEECH_S = 0.12
_ABOVE_NOISE_DB = 3.0
_SILENCE_DB = -70.0
_GATED_FROM_FRAMES = 100
"""A shorter recording may be a single word, whose quietest part is not a noise floor."""


def speech_spans(path: Path) -> list[Span]:
    """Return the speech segments of a 16 kHz file, in seconds.

    Pauses under 0.3 s are bridged, spans are padded by 0.15 s, and sounds too short for a word are dropped. The file is
    read in blocks; 5 bytes for every 30 ms stay in memory.
    Raises ValueError if the file has another sample rate, NotMedia, and OSError.
    """
    if (rate := wav.sample_rate(path)) != SPEECH_RATE_HZ:
        raise ValueError(f"{path.name} has {rate} samples per second, not {SPEECH_RATE_HZ}")
    end_s = wav.duration_s(path)
    voiced, levels = _frames(path)
    raw = _runs(voiced & _above_noise(levels))
    bridged = _bridge(raw, _BRIDGED_PAUSE_S)
    kept = [span for span in bridged if span.duration_s >= _SHORTEST_SPEECH_S]
    padded = [Span(max(span.start - _PADDING_S, 0.0), min(span.end + _PADDING_S, end_s)) for span in kept]
    return _bridge(padded, 0.0)


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


def _frames(path: Path) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    """Return, for each frame of 30 ms, whether the detector hears a voice, and the level in dBFS."""
    detector = webrtcvad.Vad(_AGGRESSIVENESS)
    voiced: list[NDArray[np.bool_]] = []
    levels: list[NDArray[np.float32]] = []
    for block in wav.blocks(path, _BLOCK_S):
        padded = np.pad(block, (0, -len(block) % _FRAME))
        voiced.append(np.fromiter(_votes(detector, padded), np.bool_))
        levels.append((10 * np.log10(_power(padded, _FRAME) + 1e-10)).astype(np.float32))
    if not voiced:
        return np.zeros(0, np.bool_), np.zeros(0, np.float32)
    return np.concatenate(voiced), np.concatenate(levels)


def _votes(detector: webrtcvad.Vad, samples: wav.Samples) -> Iterator[bool]:
    pcm = (np.clip(samples, -1.0, 1.0) * 32767).astype("<i2").reshape(-1, _FRAME)
    return (detector.is_speech(frame.tobytes(), SPEECH_RATE_HZ) for frame in pcm)


def _power(samples: wav.Samples, frame: int) -> NDArray[np.float64]:
    whole = samples[: len(samples) // frame * frame].reshape(-1, frame).astype(np.float64)
    power: NDArray[np.float64] = (whole**2).mean(axis=1)
    return power


def _above_noise(levels: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return which frames are above the noise floor: hum and hiss are steady, speech is not."""
    if len(levels) < _GATED_FROM_FRAMES:
        return levels > _SILENCE_DB
    floor = max(float(np.percentile(levels, 10)) + _ABOVE_NOISE_DB, _SILENCE_DB)
    return levels > floor


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
