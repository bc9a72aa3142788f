"""Whisper's figures of a segment, computed from what a transcript keeps."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from typing import Any

from dropdub.pipeline.artifacts import Segment, TimedWord

UNKNOWN_LOGPROB = 0.0
"""For a segment whose words have no probabilities, such as a translation: clients require a number."""
_FRAMES_PER_SECOND = 100
"""Whisper counts `seek` in frames of a hundredth of a second."""


def described(number: int, segment: Segment, text: str) -> dict[str, Any]:
    """Return a segment as Whisper does. Its `text` starts with the space before it.

    Unknown are the tokens (none), the temperature and the probability that nothing is said (0); `seek` is where the
    segment starts, since Whisper's windows are not kept.
    """
    return {
        "id": number,
        "seek": round(segment.start * _FRAMES_PER_SECOND),
        "start": segment.start,
        "end": segment.end,
        "text": text,
        "tokens": [],
        "temperature": 0.0,
        "avg_logprob": avg_logprob(segment.words),
        "compression_ratio": compression_ratio(text),
        "no_speech_prob": 0.0,
    }


def avg_logprob(words: Sequence[TimedWord]) -> float:
    """Return the mean logarithm of the words' probabilities; `UNKNOWN_LOGPROB` if none is known.

    Whisper takes the mean over its tokens, which are not kept. A probability of 0 stands for an unknown one.
    """
    known = [math.log(word.probability) for word in words if word.probability > 0]
    return round(sum(known) / len(known), 4) if known else UNKNOWN_LOGPROB


def compression_ratio(text: str) -> float:
    """Return the length of a text in UTF-8 relative to its compressed length, as Whisper computes it."""
    data = text.encode()
    return round(len(data) / len(zlib.compress(data)), 4)
