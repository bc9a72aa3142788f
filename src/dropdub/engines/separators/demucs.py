"""The separator of the `separate` extra: Demucs' model htdemucs on torch, through the package demucs-infer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from dropdub.engines.base import EngineInfo, EngineSettings, Frames
from dropdub.engines.devices.precision import first_line, out_of_memory_errors
from dropdub.engines.devices.torch_device import move_to_device
from dropdub.engines.models.folders import missing_model, model_details, model_folder, size_of
from dropdub.engines.models.weights import allow_numbers_only
from dropdub.engines.packages import missing_package, package_version
from dropdub.engines.separators.separation import RATE_HZ, VoiceModel, without_voices
from dropdub.errors import EngineMissing

if TYPE_CHECKING:
    from demucs_infer.htdemucs import HTDemucs

DEFAULT_MODEL = "htdemucs"
WEIGHTS = "955717e8.safetensors"
"""The only file that is read: numbers, and the sizes of layers as JSON. The pickles of earlier releases are not."""
VOICES = "vocals"
_OVERLAP = 0.25
"""The share of a window that the next one hears, too: the usual one of Demucs' own `apply_model`."""
_WORKING_BYTES = 1_500_000_000


class DemucsSeparator:
    """Removes voices about as fast as real time on a few cores, with windows of 7.8 s."""

    name: ClassVar[str] = "demucs"
    role: ClassVar[str] = "separator"
    rank: ClassVar[int] = 20
    runtime: ClassVar[str | None] = "torch"

    def __init__(self, settings: EngineSettings | None = None) -> None:
        self._settings = settings or EngineSettings()
        self._folder = model_folder(self._settings, self.name, DEFAULT_MODEL)
        self._model: HTDemucs | None = None
        self._device = "cpu"
        self._fallback: str | None = None

    @classmethod
    def unavailable(cls) -> str | None:
        needed = ("demucs_infer", "torch", "safetensors")
        return next((problem for one in needed if (problem := missing_package(cls.name, one))), None)

    def missing_model(self) -> str | None:
        return missing_model(self._settings, self.name, DEFAULT_MODEL, (WEIGHTS,))

    def needs_bytes(self) -> int:
        """Return twice the weights, which are stored in 16 bits and computed with in 32, and what a window takes."""
        return 2 * size_of(self._folder) + _WORKING_BYTES

    def load(self) -> None:
        """Load the model. Raises EngineMissing if it cannot be read, or finds no voices in stereo at 44.1 kHz."""
        if self._model is not None:
            return
        import torch  # noqa: PLC0415  (heavy: only in workers that use it)

        torch.set_num_threads(self._settings.threads)
        torch.backends.cudnn.deterministic = True
        allow_numbers_only()
        model = self._read()
        given_up = self._settings.memory_failures > 0
        self._device, self._fallback = move_to_device(
            model, device=self._settings.device, engine=self.name, given_up=given_up
        )
        self._model = model.eval()

    def info(self) -> EngineInfo:
        details = {**model_details(self._folder), "device": self._device}
        return EngineInfo(self.name, package_version("demucs-infer"), details)

    def announcements(self) -> list[str]:
        return [self._fallback] if self._fallback else []

    def background(self, blocks: Iterable[Frames], *, sample_rate: int) -> Iterator[Frames]:
        """Yield the sound without its voices, the same bytes every time on one processor. Raises OutOfMemory.

        Demucs' own shifts by random times are left out: they would give other bytes each time.
        """
        self.load()
        assert self._model is not None
        size = int(self._model.segment * RATE_HZ)
        model = VoiceModel(size, int(size * _OVERLAP), self._voices)
        with out_of_memory_errors(self.name):
            yield from without_voices(blocks, model, sample_rate=sample_rate)

    def _voices(self, window: Frames) -> Frames:
        import torch  # noqa: PLC0415

        assert self._model is not None
        with torch.inference_mode():
            given = torch.from_numpy(np.ascontiguousarray(window.T))[None].to(self._device)
            found = self._model(given)[0, self._model.sources.index(VOICES)]
        voices: Frames = found.T.cpu().numpy()
        return voices

    def _read(self) -> HTDemucs:
        from demucs_infer.safetensors import load_safetensors_model  # noqa: PLC0415

        try:
            model = load_safetensors_model(self._folder / WEIGHTS)
        except Exception as error:  # the libraries raise what they like for a damaged file
            raise self._unusable(first_line(error)) from error
        if VOICES not in model.sources or (model.samplerate, model.audio_channels) != (RATE_HZ, 2):
            raise self._unusable(f"it does not separate {VOICES} in stereo at {RATE_HZ} Hz")
        return model

    def _unusable(self, reason: str) -> EngineMissing:
        return EngineMissing(
            f"The model in {self._folder} cannot be used: {reason}.",
            remedy="Check it with: `dropdub models verify`. Then run: `dropdub retry JOB`.",
        )
