"""Fit the times of words to the sound: aligners stretch words over pauses, and start them too early or too late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from dropdub.engines.base import SPEECH_RATE_HZ, Samples, Word

FRAME_S = 0.01
_FRAME = round(FRAME_S * SPEECH_RATE_HZ)
_SMOOTHED_FRAMES = 3
_SHORTEST_PAUSE_S = 0.2
"""A shorter gap may be the closure of a plosive within a word."""
_SHORTEST_SOUND_S = 0.03
_ABOVE_NOISE_DB = 9.0
_BELOW_SPEECH_DB = 10.0
_RANGE_DB = 35.0
"""What is this far below the loudest speech is not heard as speech."""
_SNAP_S = 0.5
"""Further from an edge than this, something else than the word is heard there, such as a breath."""
_SQUEEZED_S, _FAR_SNAP_S = 0.1, 0.8
"""A word this short was squeezed by the aligner, so it may have begun this long before."""
_SHORTEST_WORD_S = 0.05
_LEAST_WITHIN_S = 0.04
"""A word that ends less than this after the start of a sound only reaches into it: two steps of Whisper's aligner."""

Sound = tuple[float, float]
"""Start and end of a stretch of sound between two pauses, in seconds."""


def sounds(samples: Samples, *, start: float = 0.0) -> list[Sound]:
    """Return the stretches of sound between pauses of 0.2 s or more, in seconds; `samples` at 16 kHz begin at `start`.

    A pause is what is at most 9 dB above the noise floor (but 10 dB below the loudest speech), or 35 dB below it.
    """
    levels = _levels(samples)
    if not len(levels):
        return []
    floor, loudest = np.percentile(levels, (5, 95))
    threshold = max(min(floor + _ABOVE_NOISE_DB, loudest - _BELOW_SPEECH_DB), loudest - _RANGE_DB)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], (levels > threshold).astype(np.int8), [0])))).reshape(-1, 2)
    joined: list[Sound] = []
    for first, last in edges * FRAME_S:
        if joined and first - joined[-1][1] < _SHORTEST_PAUSE_S:
            joined[-1] = joined[-1][0], float(last)
        else:
            joined.append((float(first), float(last)))
    return [(start + first, start + last) for first, last in joined if last - first >= _SHORTEST_SOUND_S]


def fitted(words: Sequence[Word], found: Sequence[Sound]) -> tuple[Word, ...]:
    """Return words, in order, with times that fit the sounds of the recording, which have the same origin.

    Each word is within one sound: the one that it ends in, since aligners attend to a word too early, over the pause
    before it; if it ends in a pause, the one that it shares most time with. The first word of a sound starts with it
    and the last one ends with it, if they were at most half a second off; a first one that was squeezed, if a bit more.
    """
    if not words or not found:
        return tuple(words)
    moved: list[Word] = []
    for place, group in groupby(zip(_places(words, found), words, strict=True), key=lambda one: one[0]):
        moved += _with_room(_snapped([_within(word, found[place]) for _, word in group], found[place]))
    return tuple(moved)


def _snapped(words: list[Word], sound: Sound) -> list[Word]:
    """Return all words of a sound, from its start to its end."""
    first, last = sound
    is_squeezed = words[0].end - words[0].start < _SQUEEZED_S
    if words[0].start - first <= (_FAR_SNAP_S if is_squeezed else _SNAP_S):
        words[0] = replace(words[0], start=first)
    if last - words[-1].end <= _SNAP_S:
        words[-1] = replace(words[-1], end=last)
    return words


def _levels(samples: Samples) -> NDArray[np.float64]:
    """Return the level of each frame of 10 ms in dBFS, smoothed over three frames."""
    count = len(samples) // _FRAME
    power = (samples[: count * _FRAME].reshape(count, _FRAME).astype(np.float64) ** 2).mean(axis=1)
    if count < _SMOOTHED_FRAMES:
        return np.zeros(0)
    smooth = np.convolve(power, np.ones(_SMOOTHED_FRAMES) / _SMOOTHED_FRAMES, mode="same")
    levels: NDArray[np.float64] = 10 * np.log10(smooth + 1e-10)
    return levels


def _places(words: Sequence[Word], found: Sequence[Sound]) -> list[int]:
    """Return the index of each word's sound, never before that of the word before it."""
    places: list[int] = []
    for word in words:
        candidates = range(places[-1] if places else 0, len(found))
        ends_in = (place for place in candidates if found[place][0] + _LEAST_WITHIN_S <= word.end <= found[place][1])
        most = max(candidates, key=lambda place: _shared_s(word, found[place]))
        places.append(next(ends_in, most))
    return places


def _shared_s(word: Word, sound: Sound) -> float:
    """Return for how long a word is within a sound; minus its distance if it is outside."""
    return min(word.end, sound[1]) - max(word.start, sound[0])


def _within(word: Word, sound: Sound) -> Word:
    start, end = (min(max(at, sound[0]), sound[1]) for at in (word.start, word.end))
    return replace(word, start=start, end=end)


def _with_room(words: list[Word]) -> list[Word]:
    """Return words of a sound, each with a length: aligners give some none, and another one too much."""
    for at, word in enumerate(words):
        start = max(word.start, words[at - 1].end) if at else word.start
        words[at] = replace(word, start=start, end=max(word.end, start))
    for at in range(len(words)):
        lacking = _SHORTEST_WORD_S - (words[at].end - words[at].start)
        for other in (at - 1, at + 1):
            if lacking > 0 and 0 <= other < len(words) and _lends(words[other], lacking):
                _move_edge(words, min(at, other), -lacking if other < at else lacking)
                break
    return words


def _lends(word: Word, seconds: float) -> bool:
    return word.end - word.start >= seconds + _SHORTEST_WORD_S


def _move_edge(words: list[Word], at: int, seconds: float) -> None:
    """Move the end of a word and the start of the next one, if they touch; else only the edge of the short one."""
    before, after = words[at], words[at + 1]
    if seconds < 0:
        edge = after.start + seconds
        words[at], words[at + 1] = replace(before, end=min(before.end, edge)), replace(after, start=edge)
    else:
        edge = before.end + seconds
        words[at], words[at + 1] = replace(before, end=edge), replace(after, start=max(after.start, edge))
