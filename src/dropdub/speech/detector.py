"""WebRTC's detector of voices, and the spans of the frames in which somebody speaks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import webrtcvad
from numpy.typing import NDArray

from dropdub.media.sound.spans import Span
from dropdub.media.sound.wav import Samples
from dropdub.speech.voice_band import FRAME, FRAME_S, SPEECH_RATE_HZ

_AGGRESSIVENESS = 2
_FRAME_BYTES = 2 * FRAME
_BRIDGED_PAUSE_S = 0.3
_PADDING_S = 0.15
_SHORTEST_SPEECH_S = 0.12


class Detector:
    """Hears voices. It adapts to the noise of a recording, so each recording needs its own."""

    def __init__(self) -> None:
        self._detector = webrtcvad.Vad(_AGGRESSIVENESS)

    def hears(self, samples: Samples) -> NDArray[np.bool_]:
        """Return for each frame of 16 kHz sound whether it has a voice; what is left over at the end is no frame."""
        pcm = (np.clip(samples, -1.0, 1.0) * 32767).astype("<i2").tobytes()
        ends = range(_FRAME_BYTES, len(pcm) + 1, _FRAME_BYTES)
        hears = self._detector.is_speech
        return np.fromiter((hears(pcm[end - _FRAME_BYTES : end], SPEECH_RATE_HZ) for end in ends), np.bool_)


def spoken(active: NDArray[np.bool_], end_s: float) -> list[Span]:
    """Return the speech in a recording of `end_s` from its frames with speech.

    Pauses under 0.3 s are bridged, spans are padded by 0.15 s, and sounds too short for a word are dropped.
    """
    kept = [span for span in bridged(runs(active), _BRIDGED_PAUSE_S) if span.duration_s >= _SHORTEST_SPEECH_S]
    padded = [Span(max(span.start - _PADDING_S, 0.0), min(span.end + _PADDING_S, end_s)) for span in kept]
    return bridged(padded, 0.0)


def runs(active: NDArray[np.bool_]) -> list[Span]:
    """Return the spans of consecutive frames that are True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], active.astype(np.int8), [0]))))
    return [Span(int(a) * FRAME_S, int(b) * FRAME_S) for a, b in edges.reshape(-1, 2)]


def bridged(spans: Sequence[Span], pause_s: float) -> list[Span]:
    """Return spans, ordered by their starts, joined over pauses up to `pause_s`."""
    joined: list[Span] = []
    for span in spans:
        if joined and span.start - joined[-1].end <= pause_s:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return joined
