"""The light separator: Deezer's Spleeter for two stems on onnxruntime, as the project sherpa-onnx has converted it.

The two models hear how strong each frequency is at each moment, in 512 steps of 1,024 samples, and each say how much of
that belongs to their stem. The rest of Spleeter is here: spectra of 4,096 samples (Hann), and a mask that shares each
frequency between the stems by the squares of what the models found. sherpa-onnx runs the same models, but brings an
onnxruntime of its own, which must not meet the other in a process on Windows, and removes all sound above 11 kHz.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from dropdub.engines.base import EngineInfo, EngineSettings, Frames
from dropdub.engines.devices.onnx import PROVIDERS, session_options, unreadable_model_errors
from dropdub.engines.devices.precision import out_of_memory_errors
from dropdub.engines.models.folders import missing_model, model_details, model_folder, size_of
from dropdub.engines.packages import missing_package, package_version
from dropdub.engines.separators.separation import RATE_HZ, VoiceModel, without_voices

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

DEFAULT_MODEL = "spleeter-2stems"
STEMS = ("vocals.fp16.onnx", "accompaniment.fp16.onnx")
_FFT, _HOP = 4096, 1024
_STEPS, _BINS = 512, 1024
"""What the models take at once: steps in time, and frequencies, up to 11 kHz."""
_EDGE = _FFT - _HOP
_SIZE = (_STEPS - 1) * _HOP + _FFT - 2 * _EDGE
"""Samples of a window: with silence of `_EDGE` around them, they are heard in `_STEPS` steps, each in four of them."""
_WINDOW = np.hanning(_FFT + 1)[:-1].astype(np.float32)
_SQUARES = 1.5
"""The sum of the squares of the four windows that a sample is in."""
_NOTHING = 1e-10
_WORKING_BYTES = 600_000_000
Spectra = NDArray[np.complexfloating]
"""Shape (channels, steps, frequencies)."""


class SpleeterSeparator:
    """Removes voices faster than real time on any processor; it leaves more of them than Demucs does."""

    name: ClassVar[str] = "spleeter"
    role: ClassVar[str] = "separator"
    rank: ClassVar[int] = 10
    runtime: ClassVar[str | None] = None

    def __init__(self, settings: EngineSettings | None = None) -> None:
        self._settings = settings or EngineSettings()
        self._folder = model_folder(self._settings, self.name, DEFAULT_MODEL)
        self._sessions: tuple[InferenceSession, ...] = ()

    @classmethod
    def unavailable(cls) -> str | None:
        return missing_package(cls.name, "onnxruntime")

    def missing_model(self) -> str | None:
        return missing_model(self._settings, self.name, DEFAULT_MODEL, STEMS)

    def needs_bytes(self) -> int:
        return size_of(self._folder) + _WORKING_BYTES

    def load(self) -> None:
        if self._sessions:
            return
        import onnxruntime  # noqa: PLC0415  (only in workers that use it)

        options, paths = session_options(self._settings.threads), [str(self._folder / name) for name in STEMS]
        with unreadable_model_errors(self._folder):
            self._sessions = tuple(onnxruntime.InferenceSession(path, options, providers=PROVIDERS) for path in paths)

    def info(self) -> EngineInfo:
        return EngineInfo(self.name, package_version("onnxruntime"), model_details(self._folder))

    def background(self, blocks: Iterable[Frames], *, sample_rate: int) -> Iterator[Frames]:
        """Yield the sound without its voices, the same bytes every time. Raises OutOfMemory."""
        model = VoiceModel(_SIZE, RATE_HZ, self._voices)
        with out_of_memory_errors(self.name):
            yield from without_voices(blocks, model, sample_rate=sample_rate)

    def _voices(self, window: Frames) -> Frames:
        """Return the voices in a window. Above what the models hear, each frequency has the mean share of that moment,
        as with Spleeter's own option `average`.
        """
        spectra = _spectra(window)
        heard = np.abs(spectra[:, np.newaxis, :, :_BINS]).astype(np.float32)
        voice, rest = (np.square(session.run(None, {"x": heard})[0][:, 0]) for session in self._sessions)
        mask = (voice + _NOTHING / 2) / (voice + rest + _NOTHING)
        above = np.broadcast_to(mask.mean(axis=2, keepdims=True), (*mask.shape[:2], spectra.shape[2] - _BINS))
        return _sound(spectra * np.concatenate([mask, above], axis=2))


def _spectra(window: Frames) -> Spectra:
    """Return the spectra of a window, with silence around it."""
    padded = np.pad(window.T, ((0, 0), (_EDGE, _EDGE)))
    steps = np.lib.stride_tricks.sliding_window_view(padded, _FFT, axis=1)[:, ::_HOP]
    spectra: Spectra = np.fft.rfft(steps * _WINDOW)
    return spectra


def _sound(spectra: Spectra) -> Frames:
    """Return the sound of spectra: that of `_spectra(window)` is the window."""
    steps = (np.fft.irfft(spectra) * (_WINDOW / _SQUARES)).reshape(len(spectra), _STEPS, -1, _HOP)
    parts = steps.shape[2]
    joined = np.zeros((len(spectra), _STEPS + parts - 1, _HOP), np.float32)
    for part in range(parts):
        joined[:, part : part + _STEPS] += steps[:, :, part]
    sound: Frames = joined.reshape(len(spectra), -1)[:, _EDGE:-_EDGE].T
    return sound
