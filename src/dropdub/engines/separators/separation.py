"""Remove voices from sound that arrives in blocks, with a model that hears windows of stereo at its own rate.

The voices that the model finds are brought to the rate of the sound and subtracted from it. So the background has
exactly as many samples as the sound, and what the model takes for no voice stays as it was, to the last bit and up to
the highest frequency, whatever the rate of the model. Memory does not grow with the length: some windows are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import soxr

from dropdub.engines.base import Frames

RATE_HZ = 44_100
"""The rate that the models for music were trained with."""
_STEREO = 2


@dataclass(frozen=True)
class VoiceModel:
    """A model that finds voices. `voices` takes and returns stereo at `RATE_HZ`, shape (`size`, 2).

    Neighbouring windows have `overlap` samples in common, at most half of a window, and are faded into each other
    there: a model knows least about the ends of its window.
    """

    size: int
    overlap: int
    voices: Callable[[Frames], Frames]


def without_voices(blocks: Iterable[Frames], model: VoiceModel, *, sample_rate: int) -> Iterator[Frames]:
    """Yield sound without the voices that a model finds: as many samples as came in, in blocks of any size.

    The result does not depend on the sizes of the blocks that come in. Mono is heard on both channels; of more than two
    channels, each is heard alone, because a model would take two of them for left and right.
    """
    stream: _Stream | None = None
    for piece in _pieces(blocks, size=sample_rate):
        stream = stream or _Stream(model, piece.shape[1], sample_rate)
        yield from stream.added(piece)
    if stream is not None:
        yield from stream.ended()


class _Stream:
    """The sound that waits for its voices, and the voices on their way to it."""

    def __init__(self, model: VoiceModel, channels: int, rate: int) -> None:
        self._there = _Resampler(rate, RATE_HZ, channels)
        self._windows = _Windows(model, channels)
        self._back = _Resampler(RATE_HZ, rate, channels)
        self._sound = np.zeros((0, channels), np.float32)
        self._voices = self._sound

    def added(self, piece: Frames) -> Iterator[Frames]:
        """Yield the background as far as the voices are known."""
        self._sound = np.concatenate([self._sound, piece])
        for voices in self._windows.added(self._there.added(piece)):
            self._voices = np.concatenate([self._voices, self._back.added(voices)])
            count = min(len(self._sound), len(self._voices))
            yield self._sound[:count] - self._voices[:count]
            self._sound, self._voices = self._sound[count:], self._voices[count:]

    def ended(self) -> Iterator[Frames]:
        """Yield the rest. Two resamplings can be a sample off at the end, where the voices are cut off or continued by
        silence.
        """
        for voices in self._windows.added(self._there.added(self._sound[:0], last=True)):
            self._voices = np.concatenate([self._voices, self._back.added(voices)])
        self._voices = np.concatenate([self._voices, self._back.added(self._windows.ended(), last=True)])
        missing = max(len(self._sound) - len(self._voices), 0)
        yield self._sound - np.pad(self._voices, ((0, missing), (0, 0)))[: len(self._sound)]


class _Windows:
    """Voices by windows that overlap: each is faded in over the end of the one before."""

    def __init__(self, model: VoiceModel, channels: int) -> None:
        self._model = model
        self._ramp = ((np.arange(model.overlap, dtype=np.float32) + np.float32(0.5)) / max(model.overlap, 1))[:, None]
        self._waiting = np.zeros((0, channels), np.float32)
        self._tail: Frames | None = None

    def added(self, frames: Frames) -> Iterator[Frames]:
        """Yield the voices that no later window can change."""
        self._waiting = np.concatenate([self._waiting, frames])
        size, step = self._model.size, self._model.size - self._model.overlap
        while len(self._waiting) > size:
            found = self._faded_in(self._heard(self._waiting[:size]))
            self._tail = found[step:]
            yield found[:step]
            self._waiting = self._waiting[step:]

    def ended(self) -> Frames:
        """Return the voices of the last window, which is continued by silence."""
        count = len(self._waiting)
        if not count:
            return self._waiting
        window = np.pad(self._waiting, ((0, self._model.size - count), (0, 0)))
        return self._faded_in(self._heard(window))[:count]

    def _faded_in(self, found: Frames) -> Frames:
        if self._tail is not None:
            head = found[: self._model.overlap]
            found = np.concatenate([self._tail + (head - self._tail) * self._ramp, found[self._model.overlap :]])
        return found

    def _heard(self, window: Frames) -> Frames:
        """Return the voices in a window of any number of channels. In silence there are none, without any model.

        Sound beyond full scale is lowered for the model and its voices are raised again: a file of floats may hold
        whole numbers of 16 bits, with which models that compute in 16 bits overflow.
        """
        if not window.any():
            return np.zeros_like(window)
        scale = np.float32(max(float(np.abs(window).max()), 1.0))
        voices: Frames = self._voices(window / scale) * scale
        return voices

    def _voices(self, window: Frames) -> Frames:
        if window.shape[1] == _STEREO:
            return self._model.voices(window)
        alone = (np.repeat(channel[:, None], _STEREO, axis=1) for channel in window.T)
        return np.stack([self._model.voices(both).mean(axis=1) for both in alone], axis=1)


class _Resampler:
    """Changes the rate of a stream; a sample of the result belongs to the same moment as before."""

    def __init__(self, rate: int, wanted: int, channels: int) -> None:
        self._stream = None if rate == wanted else soxr.ResampleStream(rate, wanted, channels, dtype="float32")

    def added(self, frames: Frames, *, last: bool = False) -> Frames:
        if self._stream is None:
            return frames
        changed: Frames = self._stream.resample_chunk(frames, last=last)
        return changed


def _pieces(blocks: Iterable[Frames], *, size: int) -> Iterator[Frames]:
    """Yield sound in pieces of one size, the last of which may be shorter, so that all that follows sees the same."""
    waiting: list[Frames] = []
    count = 0
    for block in blocks:
        waiting.append(block)
        count += len(block)
        if count >= size:
            whole = np.concatenate(waiting)
            end = count - count % size
            yield from (whole[at : at + size] for at in range(0, end, size))
            waiting, count = [whole[end:]], count - end
    if count:
        yield np.concatenate(waiting)
