"""Where a voice is heard, according to the detector of faster-whisper (Silero), whose weights are in its package: noise
and music are not for a transcriber, which invents text in them.
"""

from __future__ import annotations

from collections.abc import Iterator

from dropdub.engines.base import SPEECH_RATE_HZ, Samples, Window
from dropdub.engines.packing import Piece

_LEAST_SPEECH_MS = 100
_LEAST_PAUSE_MS = 160
"""As in the batched pipeline of faster-whisper."""
_ROOM_MS = 600
"""What is kept around a voice: its first and last sounds are often not recognised as such."""
_SHORTEST_S = 0.1


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


def _voices(samples: Samples) -> Iterator[tuple[float, float]]:
    from faster_whisper.vad import VadOptions, get_speech_timestamps  # noqa: PLC0415

    if len(samples) < _SHORTEST_S * SPEECH_RATE_HZ:
        return
    options = VadOptions(
        min_speech_duration_ms=_LEAST_SPEECH_MS, min_silence_duration_ms=_LEAST_PAUSE_MS, speech_pad_ms=_ROOM_MS
    )
    for found in get_speech_timestamps(samples, options):
        yield found["start"] / SPEECH_RATE_HZ, found["end"] / SPEECH_RATE_HZ
