"""Voice activity detection: WebRTC's detector, a gate against steady noise, and smoothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dropdub.media.sound import wav
from dropdub.media.sound.spans import Quietest, Span, clipped, cut_points, longest_pause, pauses, widened, windows
from dropdub.speech.detector import Detector, spoken
from dropdub.speech.hidden_speech import (
    ABOVE_NOISE_DB,
    GATED_FROM_FRAMES,
    SILENCE_DB,
    Trust,
    added,
    sampled_bands,
    speech_in_band,
    trust,
)
from dropdub.speech.voice_band import BANDS, FRAME_S, SPEECH_RATE_HZ, decibels, frames_of

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


@dataclass(frozen=True)
class _Frames:
    """What is known of each frame: whether the detector hears a voice, its level in dBFS; and of some, their bands."""

    voiced: NDArray[np.bool_]
    levels: NDArray[np.float32]
    sampled: NDArray[np.float32]


def speech_spans(path: Path) -> list[Span]:
    """Return the speech segments of a 16 kHz file, in seconds.

    Pauses under 0.3 s are bridged, spans are padded by 0.15 s, and sounds too short for a word are dropped. The file is
    read in blocks; 14 bytes for every 30 ms stay in memory, and 73 if speech is hidden by other sound.
    Raises ValueError if the file has another sample rate, NotMedia, and OSError.
    """
    if (rate := wav.sample_rate(path)) != SPEECH_RATE_HZ:
        raise ValueError(f"{path.name} has {rate} samples per second, not {SPEECH_RATE_HZ}")
    frames = _frames(path)
    above_noise = _above_noise(frames.levels)
    active = frames.voiced & above_noise
    spans = spoken(active, wav.duration_s(path))
    found = _covered(spans, len(active))
    believed = trust(frames.sampled, levels=frames.levels, above_noise=above_noise, active=active, found=found)
    if believed is Trust.WHOLE:
        return spans
    in_band = speech_in_band(path)
    return in_band if believed is Trust.NONE else added(spans, in_band)


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


def _frames(path: Path) -> _Frames:
    detector = Detector()
    voiced, levels, sampled = [np.zeros(0, np.bool_)], [np.zeros(0, np.float32)], [np.zeros((0, 1 + BANDS), np.float32)]
    for block in wav.blocks(path, _BLOCK_S):
        frames = frames_of(block)
        voiced.append(detector.hears(frames.reshape(-1)))
        levels.append(decibels(np.square(frames).mean(axis=1)))
        sampled.append(sampled_bands(frames))
    return _Frames(np.concatenate(voiced), np.concatenate(levels), np.concatenate(sampled))


def _covered(spans: Sequence[Span], count: int) -> NDArray[np.bool_]:
    """Return which of `count` frames are in the spans."""
    inside = np.zeros(count, np.bool_)
    for span in spans:
        inside[round(span.start / FRAME_S) : round(span.end / FRAME_S)] = True
    return inside


def _power(samples: wav.Samples, frame: int) -> NDArray[np.float64]:
    whole = samples[: len(samples) // frame * frame].reshape(-1, frame).astype(np.float64)
    power: NDArray[np.float64] = (whole**2).mean(axis=1)
    return power


def _above_noise(levels: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return which frames are above the noise floor: hum and hiss are steady, speech is not."""
    if len(levels) < GATED_FROM_FRAMES:
        return levels > SILENCE_DB
    floor = max(float(np.percentile(levels, 10)) + ABOVE_NOISE_DB, SILENCE_DB)
    return levels > floor
