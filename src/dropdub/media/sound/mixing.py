"""Mix the dub's voices with the background, in blocks: memory use does not grow with the recording."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import soundfile

from dropdub.media.sound.ducking import Ducking
from dropdub.media.sound.loudness import decibels
from dropdub.media.sound.master import Mixed
from dropdub.media.sound.pcm import RATE_HZ
from dropdub.media.sound.timed import Frames

HEADROOM = 0.25
"""A mix is written at a quarter of its level, in 24 bits, so that nothing clips before its gain is known."""


def mix_down(
    path: Path,
    voice: Iterable[Frames],
    background: Iterable[Frames] | None,
    *,
    ducking: Ducking,
    voice_gain: float,
    channels: int,
    length: int,
    progress: Callable[[float], None],
) -> Mixed:
    """Write the mix of voice (mono) and background as FLAC: 48 kHz, `length` samples, scaled by `HEADROOM`.

    A background of None leaves only the voice. Both must come in blocks of the same sizes.
    """
    peak, first = 0.0, 0
    with soundfile.SoundFile(path, "w", samplerate=RATE_HZ, channels=channels, subtype="PCM_24", format="FLAC") as file:
        for spoken, below in _paired(voice, background, channels):
            gains = ducking.gains(first, len(below), RATE_HZ)[:, None]
            both = np.float32(HEADROOM) * (below * gains + spoken * np.float32(voice_gain))
            peak = max(peak, float(np.abs(both).max(initial=0.0)))
            file.write(both)
            first += len(both)
            progress(first / max(length, 1))
    return Mixed(path, RATE_HZ, channels, length, decibels(peak))


def _paired(
    voice: Iterable[Frames], background: Iterable[Frames] | None, channels: int
) -> Iterator[tuple[Frames, Frames]]:
    if background is None:
        for spoken in voice:
            yield spoken, np.zeros((len(spoken), channels), np.float32)
    else:
        yield from zip(voice, background, strict=True)
