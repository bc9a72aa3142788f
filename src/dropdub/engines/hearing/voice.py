"""Where a voice is heard, according to the detector of faster-whisper (Silero), whose weights are in its package: noise
and music are not for a transcriber, which invents text in them.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dropdub.engines.base import SPEECH_RATE_HZ, Samples, Window
from dropdub.engines.hearing.packing import Piece

_LEAST_SPEECH_MS = 100
_LEAST_PAUSE_MS = 160
"""As in the batched pipeline of faster-whisper."""
_ROOM_MS = 600
"""What is kept around a voice: its first and last sounds are often not recognised as such."""
_SHORTEST_S = 0.1
_QUIET_DB, _MOST_GAIN_DB = -35.0, 40.0
"""Quiet sound is raised for a detector, so that its loudest frames reach the first of these. Detectors are made for
telephones: this one hears nothing of a voice with peaks at -55 dBFS, which a transcriber still understands.
"""
_FRAME_S = 0.03
_LOUD_PERCENTILE = 99
_SILENCE = 1e-12


def voiced(window: Window, number: int) -> Iterator[Piece]:
    """Yield the parts of a window's speech in which there is a voice; nothing for plain noise and tones.

    `number` distinguishes the window from others.
    """
    spans = window.speech or ((0.0, window.duration_s),)
    found = list(_voices(window.samples))
    for start, end in spans:
        inside = [(max(first, start), min(last, end)) for first, last in found if first < end and last > start]
        for first, last in inside:
            samples = window.samples[round(first * SPEECH_RATE_HZ) : round(last * SPEECH_RATE_HZ)]
            yield Piece(number, window.start + first, samples)


def has_voice(samples: Samples) -> bool:
    """Return whether a voice is heard anywhere."""
    return next(_voices(samples), None) is not None


def needed_gain_db(loud_db: float) -> float:
    """Return by how much to raise sound for a detector; `loud_db`: the level of its loudest frames, in dBFS."""
    return min(max(_QUIET_DB - loud_db, 0.0), _MOST_GAIN_DB)


def gain_of(samples: Samples) -> np.float32:
    """Return the factor by which to raise sound for a detector; 1 for less than a frame of 30 ms."""
    frame = round(_FRAME_S * SPEECH_RATE_HZ)
    powers = np.square(samples[: len(samples) // frame * frame].reshape(-1, frame)).mean(axis=1)
    if not len(powers):
        return np.float32(1)
    loud_db = 10 * float(np.log10(np.percentile(powers, _LOUD_PERCENTILE) + _SILENCE))
    return np.float32(10 ** (needed_gain_db(loud_db) / 20))


def _voices(samples: Samples) -> Iterator[tuple[float, float]]:
    from faster_whisper.vad import VadOptions, get_speech_timestamps  # noqa: PLC0415

    if len(samples) < _SHORTEST_S * SPEECH_RATE_HZ:
        return
    options = VadOptions(
        min_speech_duration_ms=_LEAST_SPEECH_MS, min_silence_duration_ms=_LEAST_PAUSE_MS, speech_pad_ms=_ROOM_MS
    )
    for found in get_speech_timestamps(samples * gain_of(samples), options):
        yield found["start"] / SPEECH_RATE_HZ, found["end"] / SPEECH_RATE_HZ
