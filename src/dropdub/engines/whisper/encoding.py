"""Run the encoder of a Whisper model over several windows, in the way that costs least on each device."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dropdub.engines.base import Samples

if TYPE_CHECKING:
    from ctranslate2 import StorageView
    from faster_whisper import WhisperModel


class Encoded:
    """What the encoder makes of some sounds of up to 30 s at 16 kHz.

    On the CPU it is cheapest to encode, and to align, one window at a time, but to decode several at once; so the
    output of the encoder is joined for that. On a graphics card everything is done at once, and stays on the card.
    """

    def __init__(self, model: WhisperModel, sounds: Sequence[Samples], one_at_a_time: Lock) -> None:
        features = [_features(model, samples) for samples in sounds]
        self.frames = [frames for _, frames in features]
        """The length of each sound in frames of the model, without padding."""
        self._model = model
        self._features = [one for one, _ in features]
        self._apart: list[StorageView] | None = None
        if model.model.device != "cuda":
            self._apart = []
            for one in self._features:
                with one_at_a_time:
                    self._apart.append(model.encode(one))

    def together(self, places: Sequence[int]) -> StorageView:
        """Return the windows at these indices in one batch."""
        from ctranslate2 import StorageView  # noqa: PLC0415

        if self._apart is None:
            return self._model.encode(np.stack([self._features[place] for place in places]))
        if len(places) == 1:
            return self._apart[places[0]]
        return StorageView.from_array(np.concatenate([np.asarray(self._apart[place]) for place in places]))

    def groups(self, places: Sequence[int]) -> list[list[int]]:
        """Return the indices in the groups that it is cheapest to align."""
        return [list(places)] if self._apart is None else [[place] for place in places]


def _features(model: WhisperModel, samples: Samples) -> tuple[NDArray[np.float32], int]:
    """Return the spectrogram of a sound, shape (mels, frames of 30 s), padded with zeros, and its length in frames."""
    whole = model.feature_extractor.nb_max_frames
    found = model.feature_extractor(samples)[:, :-1][:, :whole]
    return np.pad(found, ((0, 0), (0, whole - found.shape[1]))), found.shape[1]
