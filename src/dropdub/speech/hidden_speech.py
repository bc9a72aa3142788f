"""Find speech that a rumble, a hum or its own quietness hides from the detector: only the band of voices is judged.

This takes five times as long as to listen to all of the sound, so it is done only if that is not to be trusted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dropdub.engines.hearing.voice import needed_gain_db
from dropdub.media.sound import wav
from dropdub.media.sound.pitch import pitch_hz
from dropdub.media.sound.spans import Span
from dropdub.speech.detector import Detector, bridged, runs, spoken
from dropdub.speech.voice_band import (
    BANDS,
    SPEECH_RATE_HZ,
    band_powers,
    decibels,
    frames_of,
    spectra_of,
    without_rumble,
)

SAMPLED = 4
"""Every fourth frame is judged in order to learn whether speech is hidden."""
ABOVE_NOISE_DB = 3.0
SILENCE_DB = -70.0
GATED_FROM_FRAMES = 100
"""A shorter recording may be a single word, whose quietest part is not a noise floor."""
_BLOCK_S = 12.0
_WELL_ABOVE_NOISE_DB, _HEARD_DB, _PARTS = 9.0, 30.0, 3
_FAINTEST_DB = -88.0
"""Below this is nothing but the noise of a converter."""
_COVERED_DB = 6.0
"""How much louder all of the sound is than its voice band if something below it covers the voices."""
_LEAST_FRAMES, _LEAST_SHARE, _WRONG_SHARE = 8, 0.005, 0.1
"""Of the frames that are sampled, 8 are a second. Less is doubtful in any recording: breath, the ends of words."""
_SPANS_OF_PITCH, _SECONDS_OF_PITCH = 10, 3
_SMOOTHED = 5
"""Frames to average the level over. The overtones of a hum make single frames fluctuate: 150 ms hold a whole number of
periods of both 50 and 60 Hz, at the steps of 30 ms."""
_MEAN = np.full(_SMOOTHED, 1 / _SMOOTHED)
_LOUD_PERCENTILE = 99
_SHORTEST_S = 0.3
"""What is shorter beside speech that was found is only another judgement on where it begins or ends."""


@dataclass(frozen=True)
class _Levels:
    """Levels in dBFS, each of shape (frames, 1 + bands): of the frames, and averaged over those around them."""

    single: NDArray[np.float32]
    around: NDArray[np.float32]


def sampled_bands(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the powers of every fourth frame in the voice band and its parts: shape (frames / 4, 1 + `BANDS`)."""
    return band_powers(spectra_of(frames[::SAMPLED]))


class Trust(StrEnum):
    """How far to trust what the detector found by listening to all of the sound."""

    WHOLE = "whole"
    """It found all speech."""
    INCOMPLETE = "incomplete"
    """Some speech is likely to be hidden."""
    NONE = "none"
    """The recording is quiet, much of its speech is hidden, or much of what was found is a rumble."""


def trust(
    sampled: NDArray[np.float32],
    *,
    levels: NDArray[np.float32],
    above_noise: NDArray[np.bool_],
    active: NDArray[np.bool_],
    found: NDArray[np.bool_],
) -> Trust:
    """Return how far to trust the detector.

    `sampled` is from `sampled_bands`; the others are of all frames: the level of the whole sound in dBFS, whether that
    stands out from the noise, whether a voice was heard in it, and whether it is in a span of speech.
    """
    bands = decibels(sampled)
    if not len(bands):
        return Trust.WHOLE
    if needed_gain_db(float(np.percentile(bands[:, 0], _LOUD_PERCENTILE))) > 0:
        return Trust.NONE
    covered = levels[::SAMPLED] > bands[:, 0] + _COVERED_DB
    floor, heard = np.percentile(bands, 10, axis=0), active[::SAMPLED]
    missed = ~found[::SAMPLED] & (covered | ~above_noise[::SAMPLED])
    hidden = (missed & _stands_out(bands, floor, SILENCE_DB, by_db=_WELL_ABOVE_NOISE_DB)).sum()
    rumble = (heard & covered & ~_stands_out(bands, floor, SILENCE_DB)).sum()
    if hidden + rumble >= max(_LEAST_FRAMES, _WRONG_SHARE * heard.sum()):
        return Trust.NONE
    return Trust.INCOMPLETE if hidden >= max(_LEAST_FRAMES, _LEAST_SHARE * len(bands)) else Trust.WHOLE


def speech_in_band(path: Path) -> list[Span]:
    """Return the speech of a 16 kHz file, in seconds, by its voice band. Raises NotMedia and OSError.

    The file is read in blocks; 73 bytes for every 30 ms stay in memory.
    """
    levels = _levels(path)
    gain_db = _gain_db(levels)
    active = _active(path, levels, gain_db)
    if gain_db and not _is_voice(path, runs(active)):  # noise that comes and goes
        active = _active(path, levels, 0.0)
    return spoken(active, wav.duration_s(path))


def added(found: Sequence[Span], more: Sequence[Span]) -> list[Span]:
    """Return the `found` spans with those of `more` that they lack; the edges of what was found stay."""
    rests = [rest for span in more for rest in _without(span, found) if rest.duration_s >= _SHORTEST_S]
    return bridged(sorted([*found, *rests], key=lambda span: span.start), 0.0)


def _without(span: Span, found: Sequence[Span]) -> Iterator[Span]:
    """Yield the parts of a span that are in none of the `found` ones, which are in order."""
    start = span.start
    for one in found:
        if one.end > start and one.start < span.end:
            yield Span(start, max(one.start, start))
            start = one.end
    yield Span(start, max(span.end, start))


def _active(path: Path, levels: _Levels, gain_db: float) -> NDArray[np.bool_]:
    """Return which frames have a voice that stands out from the noise, in sound raised by `gain_db`."""
    silence_db = max(SILENCE_DB - gain_db, _FAINTEST_DB)
    return _voiced(path, gain_db) & _above_noise(levels, silence_db)


def _is_voice(path: Path, spans: Sequence[Span]) -> bool:
    """Return whether the longest of the spans have a pitch."""
    longest = sorted(spans, key=lambda span: -span.duration_s)[:_SPANS_OF_PITCH]
    pieces = [frames[: SPEECH_RATE_HZ * _SECONDS_OF_PITCH, 0] for frames in wav.frames(path, longest)]
    return bool(pieces) and pitch_hz(without_rumble(np.concatenate(pieces)), SPEECH_RATE_HZ) is not None


def _voiced(path: Path, gain_db: float) -> NDArray[np.bool_]:
    """Return, for each frame, whether the detector hears a voice in the sound without rumble, raised by `gain_db`."""
    detector, gain = Detector(), np.float32(10 ** (gain_db / 20))
    heard = [
        detector.hears(without_rumble(frames_of(block).reshape(-1)) * gain) for block in wav.blocks(path, _BLOCK_S)
    ]
    return np.concatenate([np.zeros(0, np.bool_), *heard])


def _levels(path: Path) -> _Levels:
    """Return the level of each frame in dBFS, and that around it: in the voice band, and in parts of it."""
    powers = [band_powers(spectra_of(frames_of(block))) for block in wav.blocks(path, _BLOCK_S)]
    single = np.concatenate([np.zeros((0, 1 + BANDS), np.float32), *powers])
    if not len(single):
        return _Levels(single, single)
    padded = np.pad(single, ((_SMOOTHED // 2, _SMOOTHED // 2), (0, 0)), mode="edge")
    around = np.stack([np.convolve(one, _MEAN, mode="valid") for one in padded.T], axis=1)
    return _Levels(decibels(single), decibels(around))


def _gain_db(levels: _Levels) -> float:
    """Return by how much to raise a recording so that the detector, which is made for telephones, hears it."""
    loud_db = float(np.percentile(levels.around[:, 0], _LOUD_PERCENTILE)) if len(levels.around) else 0.0
    return needed_gain_db(loud_db)


def _above_noise(levels: _Levels, silence_db: float) -> NDArray[np.bool_]:
    """Return which frames are above the noise floor: hum and hiss are steady, speech is not."""
    if len(levels.around) < GATED_FROM_FRAMES:
        return np.asarray(levels.around[:, 0] > silence_db)
    floor = np.percentile(levels.around, 10, axis=0)
    return _stands_out(levels.single, floor, silence_db) & _stands_out(levels.around, floor, silence_db)


def _stands_out(
    levels: NDArray[np.float32], floor: NDArray[np.floating[Any]], silence_db: float, *, by_db: float = ABOVE_NOISE_DB
) -> NDArray[np.bool_]:
    """Return which frames are audible and above the floor in the whole band, or well above it in a few parts.

    The overtones of a loud hum do not reach all parts, and speech is heard in the others.
    """
    above = levels - floor
    heard = levels[:, 1:] > levels[:, :1] - _HEARD_DB
    in_parts = ((above[:, 1:] > _WELL_ABOVE_NOISE_DB) & heard).sum(axis=1) >= _PARTS
    return np.asarray((levels[:, 0] > silence_db) & ((above[:, 0] > by_db) | in_parts))
