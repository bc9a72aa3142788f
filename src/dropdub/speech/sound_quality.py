"""Estimate how good speech sounds, from a bounded number of windows, and advise on a recording that sounds bad."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dropdub.engines.base import SPEECH_RATE_HZ, Samples, SoundMeter
from dropdub.media.sound import wav
from dropdub.media.sound.voice_check import level_db, levelled
from dropdub.pipeline.sound_quality import UNCLEAR, SoundQuality

LEAST_S = 3.0
"""Less speech, repeated until it fills a window, is rated lower than more of the same: 1.9 s by half a point."""
_SILENT_DB = -80.0
OF_A_RECORDING = 8
"""How many windows of a recording are rated: all those of 17 s."""
NOISY = 3.0
"""Below this, the background of a recording is too noisy to copy the voice from, see `benchmarks/sound_quality.py`."""


def sound_quality(meter: SoundMeter, samples: Samples, *, most: int = OF_A_RECORDING) -> SoundQuality | None:
    """Return how good speech at 16 kHz sounds at the usual level, by at most `most` windows from all over it.

    Returns None for less than `LEAST_S`, and for silence, in which the model finds a voice of 2.5. Windows begin at
    whole seconds, and speech that is shorter than one is repeated, as in dnsmos.py of the package speechmos.
    """
    if len(samples) < LEAST_S * SPEECH_RATE_HZ or level_db(samples) < _SILENT_DB:
        return None
    whole = _repeated(levelled(samples), meter.window)
    rated = meter.rate(whole[start : start + meter.window] for start in _starts(len(whole), meter.window, most))
    return SoundQuality.mean([SoundQuality(one.speech, one.background, one.overall, 1) for one in rated])


def recording_quality(meter: SoundMeter, samples: Samples, rate: int) -> SoundQuality | None:
    """Return how good a recording that is to become a voice sounds; None if it is too short."""
    return sound_quality(meter, wav.resample(samples, rate, SPEECH_RATE_HZ))


def advice(quality: SoundQuality) -> Iterator[str]:
    """Yield a sentence, with a remedy, on a recording from which a copied voice would sound bad."""
    estimated = "as the model DNSMOS estimates it"
    if quality.background < NOISY:
        yield (
            f"Its background is noisy: {quality.background:.1f} of 5, {estimated}. The cloned voice will contain some "
            "of the noise. Record it in a quiet room without echo, or choose another passage."
        )
    elif quality.overall < UNCLEAR:
        yield (
            f"It does not sound clear: {quality.overall:.1f} of 5, {estimated}. The cloned voice will sound alike. "
            "Record it again, closer to the microphone and in a room without echo, or choose another passage."
        )


def _repeated(samples: Samples, least: int) -> Samples:
    """Return the samples, doubled until there are `least` of them."""
    while len(samples) < least:
        samples = np.concatenate([samples, samples])
    return samples


def _starts(length: int, window: int, most: int) -> list[int]:
    """Return where windows begin: at each second at which one fits, or at `most` of these from first to last.

    Of the length, whole seconds count, as in dnsmos.py. That leaves out the windows at 7 to 23 s, which its rounding
    makes one sample too short.
    """
    seconds = int(length // SPEECH_RATE_HZ - window / SPEECH_RATE_HZ) + 1
    chosen = range(seconds) if seconds <= most else np.linspace(0, seconds - 1, most).round().astype(int)
    return [int(second) * SPEECH_RATE_HZ for second in chosen]
