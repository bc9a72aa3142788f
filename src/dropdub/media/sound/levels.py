"""The levels of the two channels of a recording over time, in the band of voices."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import soundfile

from dropdub.media.sound import wav
from dropdub.media.sound.spans import Span
from dropdub.media.sound.timed import TimedSound, joined, placed

RATE_HZ = 100
_DECODED_HZ = 8_000
_SAMPLES = _DECODED_HZ // RATE_HZ
_BLOCK_S = 10
_VOICE_BAND = ("highpass=f=200", "highpass=f=200", "lowpass=f=3400")
"""An offset or a hum on one channel would make it the louder one all the time."""


def write_power(
    sound: TimedSound, into: Path, *, duration_s: float, deadline_s: float, progress: Callable[[float], None]
) -> None:
    """Write the mean power of the two channels of a sound, 100 times a second: 3 MB per hour.

    Raises the errors of `placed`.
    """
    pieces = placed(
        sound, rate=_DECODED_HZ, layout="stereo", until_s=duration_s, deadline_s=deadline_s, filters=_VOICE_BAND
    )
    done_s = 0.0
    with closing(pieces), soundfile.SoundFile(into, "w", RATE_HZ, 2, subtype="FLOAT", format="WAV") as file:
        for block in joined(pieces, _BLOCK_S * _DECODED_HZ):
            whole = block[: len(block) // _SAMPLES * _SAMPLES].reshape(-1, _SAMPLES, 2)
            file.write(np.square(whole).mean(axis=1))
            done_s += _BLOCK_S
            progress(min(done_s / duration_s, 1.0))


def mean_power(path: Path, spans: Sequence[Span]) -> Iterator[tuple[float, float]]:
    """Yield the mean power of left and right in each span of a file of `write_power`; 0 past its end."""
    for values in wav.frames(path, spans):
        left, right = np.maximum(values.mean(axis=0), 0.0) if len(values) else (0.0, 0.0)
        yield float(left), float(right)
