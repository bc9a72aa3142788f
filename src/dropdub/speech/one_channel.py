"""Mix the channels of a recording to one, without losing the voice in one of them.

The plain mix destroys a voice if the channels carry it with opposite signs, or if another channel carries a louder
noise. The mix is judged block by block, and if a channel has much more speech, that is taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dropdub.media.sound.timed import Frames
from dropdub.media.sound.wav import Samples
from dropdub.speech.detector import Detector
from dropdub.speech.voice_band import FRAME, FRAME_S, SPEECH_RATE_HZ, frames_of, mixed_levels_db, spectra_of

BLOCK = 320 * FRAME
"""Samples that are judged together: 9.6 s."""
_WEIGHTS = {"FC": 1.0, "FL": 0.7071, "FR": 0.7071, "LFE": 0.0, "LFE2": 0.0}
_OTHER_WEIGHT = 0.5
"""Of the channels at the sides and behind. The weights are those of ffmpeg's downmix."""
_LEAST_FLOOR_DB = -90.0
_ABOVE_NOISE_DB = 3.0
_CLEAR_DB = 30.0
"""Speech that is further above the noise is not better understood."""
_SPEAKS_DB = 8.0
_EVIDENCE = 5 * _SPEAKS_DB
"""Decibels above the noise, added over all frames, from which a block says something: five frames of speech."""
_SAMPLED = 4
"""Every fourth frame is judged first. Only if the mix lacks something there, all are."""
_MUCH_LESS = 0.6
_SURELY_ENOUGH = 0.75
_CANCELLED_DB = -9.0
"""How much quieter a voice is in the mix than the share of one channel alone: then the other channels cancel it."""
_LEAST_WEIGHT = 0.1
_OF_ITS_OWN = 0.2
"""The share of the mix's speech that a channel may lack. In an interview, each channel lacks half of it."""
_NEAR = 4
_FADE = SPEECH_RATE_HZ // 50


@dataclass(frozen=True)
class _Way:
    """One way to make one channel: its name in a sentence, and the weight of each channel."""

    name: str
    weights: tuple[float, ...]


class OneChannel:
    """Mixes the blocks of a recording, and remembers from which ways its speech was taken."""

    def __init__(self, names: Sequence[str]) -> None:
        """`names` are ffmpeg's of the channels: FL, FR, FC; anything for channels in no particular order."""
        self._ways = tuple(_ways(names))
        self._matrix = np.array([way.weights for way in self._ways], np.float32)
        self._current = 0
        self._spoken_s = np.zeros(len(self._ways))

    def mixed(self, block: Frames) -> Samples:
        """Return one channel of a block of `BLOCK` samples at 16 kHz; the last may be shorter."""
        if block.shape[1] == 1:
            return block[:, 0]
        before, self._current = self._current, self._chosen(block)
        mixed = self._mixed(block, self._current)
        if before != self._current:
            fade = np.linspace(0, 1, min(_FADE, len(block)), dtype=np.float32)
            mixed[: len(fade)] *= fade
            mixed[: len(fade)] += (1 - fade) * self._mixed(block[: len(fade)], before)
        return mixed

    @property
    def instead(self) -> dict[str, float]:
        """Return what was taken in place of the mix, with its seconds of speech, the longest first."""
        found = sorted(zip(self._spoken_s[1:], self._ways[1:], strict=True), key=lambda one: -one[0])
        return {way.name: float(seconds) for seconds, way in found if seconds}

    def _mixed(self, block: Frames, way: int) -> Samples:
        # Channel by channel: `einsum` takes six times as long, and `@` wakes threads that wait busily for more.
        mixed = np.zeros(len(block), np.float32)
        for channel in np.flatnonzero(self._matrix[way]):
            mixed += block[:, channel] * self._matrix[way, channel]
        return mixed

    def _chosen(self, block: Frames) -> int:
        frames = frames_of(block.T)
        for each in (_SAMPLED, 1):
            heard = _Heard(frames[:, ::each], self._matrix, evidence=_EVIDENCE / each)
            if heard.is_mix_enough():
                return 0 if heard.has_evidence() else self._current
        chosen = heard.best()
        if chosen is None:
            return self._current
        self._spoken_s[chosen] += heard.spoken_s(chosen)
        return chosen


class _Heard:
    """What each way to make one channel of a block lets one hear. Way 0 is the plain mix."""

    def __init__(self, channels: NDArray[np.float32], matrix: NDArray[np.float32], *, evidence: float) -> None:
        """`channels` has the shape (channels, frames, FRAME). Less than `evidence` says nothing."""
        self._channels, self._matrix, self._evidence = channels, matrix, evidence
        self._levels = mixed_levels_db(matrix, spectra_of(channels))
        floor = np.maximum(np.percentile(self._levels, 10, axis=1), _LEAST_FLOOR_DB) + _ABOVE_NOISE_DB
        self._above = np.clip(self._levels - floor[:, None], 0.0, _CLEAR_DB)
        self._score = self._above.sum(axis=1)

    def has_evidence(self) -> bool:
        """Return whether anything stands out from the noise."""
        return bool(self._score.max() >= self._evidence)

    def is_mix_enough(self) -> bool:
        """Return whether no way is much better than the mix, by what stands out of the noise, speech or not."""
        return bool(self._score[0] >= _SURELY_ENOUGH * self._score.max()) and not self._is_cancelled()

    def best(self) -> int | None:
        """Return the way with the most speech, the mix if it has almost as much; None if nobody speaks."""
        self._above *= np.stack([self._voiced(way) for way in range(len(self._matrix))])
        self._score = self._above.sum(axis=1)
        if self._score.max() < self._evidence:
            return None
        least = 0.0 if self._is_cancelled() else self._score[0] / _MUCH_LESS
        ranked = sorted(range(1, len(self._score)), key=lambda way: -self._score[way])
        return next((way for way in ranked if self._score[way] > least and not self._lacks_speech(way)), 0)

    def spoken_s(self, way: int) -> float:
        """Return the seconds in which somebody speaks."""
        return float((self._above[way] > 0).sum() * FRAME_S)

    def _is_cancelled(self) -> bool:
        """Return whether the mix has much less of the best channel's voice than that channel's share of the mix."""
        count = len(self._channels)
        best = 1 + int(self._score[1 : 1 + count].argmax())
        speaks = self._above[best] >= _SPEAKS_DB
        if speaks.sum() * _SPEAKS_DB < self._evidence:
            return False
        share_db = 20 * np.log10(max(float(self._matrix[0, best - 1]), _LEAST_WEIGHT))
        return bool(np.median((self._levels[0] - self._levels[best])[speaks]) < share_db + _CANCELLED_DB)

    def _lacks_speech(self, way: int) -> bool:
        """Return whether the mix has speech that a way lacks: of somebody else, on another channel."""
        wide = np.ones(2 * _NEAR + 1)
        near = np.convolve(self._above[way] > 0, wide, mode="same") > 0
        mix = self._above[0] >= _SPEAKS_DB
        return bool((mix & ~near).sum() > _OF_ITS_OWN * max(mix.sum(), 1.0 / FRAME_S))

    def _voiced(self, way: int) -> NDArray[np.bool_]:
        return Detector().hears(np.einsum("c,cfs->fs", self._matrix[way], self._channels).reshape(-1))


def _ways(names: Sequence[str]) -> Iterator[_Way]:
    count = len(names)
    weights = np.array([_WEIGHTS.get(name, _OTHER_WEIGHT) for name in names])
    yield _Way("all channels", tuple(weights / max(weights.sum(), 1e-6)))
    for number, name in enumerate(names):
        yield _Way(_channel_name(name, number, count), tuple(np.eye(count)[number]))
    if count == 2:
        yield _Way("difference of both channels", (0.5, -0.5))


def _channel_name(name: str, number: int, count: int) -> str:
    if count == 2:  # also of sound that does not name its channels
        return ("left channel", "right channel")[number]
    sides = {"FL": "left channel", "FR": "right channel", "FC": "centre channel"}
    return sides.get(name, f"channel {number + 1} of {count}")
