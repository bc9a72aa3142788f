"""Check whether somebody speaks in a recording that is to become a voice, and for long enough."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from dropdub.media.sound import wav
from dropdub.media.sound.voice_check import LEAST_S, Check, check_voice
from dropdub.media.sound.wav import Samples, WavWriter
from dropdub.speech.vad import speech_spans
from dropdub.speech.voice_band import SPEECH_RATE_HZ


def check_recording(samples: Samples, rate: int, *, scratch: Path, least_s: float = LEAST_S) -> Check:
    """Check length, level, clipping and noise, and then for how long somebody speaks; `least_s` is required of both.

    `scratch` is a folder for a temporary file.
    """
    check = check_voice(samples, rate, least_s=least_s)
    if check.problems:
        return check
    spoken_s = _spoken_s(samples, rate, scratch)
    if spoken_s >= least_s:
        return check
    problem = f"Somebody speaks for only {spoken_s:.1f} s of it. At least {least_s:.0f} s of speech are needed."
    return replace(check, problems=(problem,))


def _spoken_s(samples: Samples, rate: int, scratch: Path) -> float:
    file = scratch / "spoken.wav"
    with WavWriter(file, SPEECH_RATE_HZ) as writer:
        writer.write(wav.resample(samples, rate, SPEECH_RATE_HZ))
    return sum(span.duration_s for span in speech_spans(file))
