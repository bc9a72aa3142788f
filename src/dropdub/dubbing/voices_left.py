"""How much of the voices is still heard in a background from which they were removed.

A detector of voices hears parts of the background in which the original speaks: at most two minutes, from all over it.
It counts where it hears a voice in the original, and in how much of that still in the background. What loud music
hides does not count, as for a listener.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dropdub.engines.base import SPEECH_RATE_HZ, Frames, Samples
from dropdub.engines.hearing.voice import gain_of
from dropdub.engines.hearing.voice_detector import FRAME, VoiceDetector
from dropdub.media.sound import wav
from dropdub.media.sound.spans import Span
from dropdub.media.sound.wav import resample
from dropdub.pipeline.facts import VoicesLeft

MOST_S = 120.0
"""What is kept in memory of the background, whatever its length: 23 MB at 48 kHz."""
LONGEST_S = 30.0


class Detector(Protocol):
    """Judges frames of `FRAME` samples at 16 kHz."""

    def voiced(self, samples: Samples) -> NDArray[np.bool_]:
        """Return whether each frame has a voice."""


class Sample:
    """Parts of a sound that passes by in blocks, mixed to mono, shape (samples,)."""

    def __init__(self, spans: Iterable[Span], *, rate: int) -> None:
        self.spans = tuple(spans)
        self._rate = rate
        self._parts: list[list[Samples]] = [[] for _ in self.spans]

    def taken_from(self, blocks: Iterable[Frames]) -> Iterator[Frames]:
        """Yield the blocks as they are, and keep the parts."""
        first = 0
        for block in blocks:
            for span, parts in zip(self.spans, self._parts, strict=True):
                start, end = (round(at * self._rate) - first for at in (span.start, span.end))
                if start < len(block) and end > 0:
                    parts.append(block[max(start, 0) : end].mean(axis=1))
            first += len(block)
            yield block

    def heard(self) -> Iterator[Samples]:
        """Yield each part at the rate of a detector."""
        for parts in self._parts:
            whole = np.concatenate(parts) if parts else np.zeros(0, np.float32)
            yield resample(whole, self._rate, SPEECH_RATE_HZ)


def spread(spans: Sequence[Span]) -> list[Span]:
    """Return spans to hear: every n-th, so that together they take at most `MOST_S`, each at most `LONGEST_S`."""
    spoken = [Span(one.start, min(one.end, one.start + LONGEST_S)) for one in spans if one.duration_s > 0]
    total_s = sum(one.duration_s for one in spoken)
    chosen = spoken[:: max(-(-int(total_s) // int(MOST_S)), 1)]
    lengths_s = np.cumsum([one.duration_s for one in chosen])
    return [one for one, until_s in zip(chosen, lengths_s, strict=True) if until_s <= MOST_S]


def voices_left(sample: Sample, original: Callable[[float, float], Samples], detector: Detector) -> VoicesLeft:
    """Return how long a voice is heard in the original, and of that still in the background.

    `original` returns the original at 16 kHz between two moments. Both are raised alike for the detector, so a remnant
    that is as quiet as silence beside the original does not count.
    """
    frames = np.zeros(2, np.int64)
    for span, after in zip(sample.spans, sample.heard(), strict=True):
        before = original(span.start, span.end)
        gain = gain_of(before)
        voice, left = detector.voiced(before * gain), detector.voiced(after * gain)
        count = min(len(voice), len(left))
        frames += (voice[:count].sum(), (voice[:count] & left[:count]).sum())
    voice_s, left_s = (round(float(one) * FRAME / SPEECH_RATE_HZ, 2) for one in frames)
    return VoicesLeft(voice_s, left_s)


def left_in(sample: Sample | None, audio: Path) -> VoicesLeft | None:
    """Return the same for a recording at 16 kHz; None if no voices were removed, or nothing here can hear them."""
    detector = VoiceDetector.installed() if sample else None
    if sample is None or detector is None:
        return None
    return voices_left(sample, partial(wav.read_range, audio), detector)


def warning(found: VoicesLeft, target: str) -> str | None:
    """Return a sentence if much of the voices is left; None if little is."""
    if found.share is None or not found.is_much:
        return None
    return (
        f"The original's voices can still be heard under the {target} dub, in {found.share:.0%} of the speech that was "
        "checked. With mix.separate: false and mix.original: duck, the original is lowered instead while the dub "
        "speaks."
    )
