"""How much of speech that is still being recorded can be transcribed for good. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from dropdub.media.sound.spans import Quietest, Span, pauses

PAUSE_S = 0.35
"""A pause between detected spans in which speech is cut: with their padding, about two thirds of a second."""
LONGEST_S = 15.0
"""Speech without a pause is cut after this time, so that no window becomes longer than a transcriber takes at once."""
EDGE_S = 0.3
"""The end of the sound in which the beginning of a word may not be detected yet."""


def settled_until(speech: Sequence[Span], length_s: float, *, quietest: Quietest) -> float:
    """Return up to where sound of `length_s` will be understood in the same way whatever follows.

    That is the middle of its last pause, or the end of the silence that it is. 0.0 if it is one stretch of speech that
    continues; once that is longer than `LONGEST_S`, its quietest moment in the last third before that.
    """
    if not speech:
        return max(length_s - EDGE_S, 0.0)
    cuts = [pause.middle for pause in pauses(speech, 0.0, length_s) if _separates(pause, speech)]
    if cuts:
        return cuts[-1]
    return quietest(LONGEST_S * 2 / 3, LONGEST_S) if length_s > LONGEST_S else 0.0


def _separates(pause: Span, speech: Sequence[Span]) -> bool:
    return pause.start >= speech[0].end and pause.duration_s >= PAUSE_S
