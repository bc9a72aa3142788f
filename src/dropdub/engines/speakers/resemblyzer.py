"""The diarizer of the `speakers` extra: Resemblyzer's voice encoder, whose weights are part of its wheel."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from importlib.util import find_spec
from itertools import groupby, islice
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from dropdub.engines.abilities import VoiceThresholds
from dropdub.engines.base import EngineInfo, EngineSettings, Samples, Window
from dropdub.engines.models.weights import allow_numbers_only
from dropdub.engines.packages import install_command, package_version
from dropdub.engines.speakers.speaker_vectors import padded, rms, unit
from dropdub.installation import adding_command

BATCH = 32
WITHOUT_DEPENDENCIES = ("--no-deps", "Resemblyzer")
"""pip's arguments for its package: without dependencies, because its webrtcvad would have to be compiled."""
_MODULES = ("resemblyzer", "torch", "librosa", "scipy", "webrtcvad")
_SHORTEST = 400
"""Samples per frame of the encoder, which cannot process less."""
_LOUDNESS_RMS = 10 ** (-30 / 20)
"""The level that the encoder was trained with. Quieter speech is amplified to it; louder speech is not changed."""


class ResemblyzerDiarizer:
    """Computes speaker embeddings of 256 numbers on the CPU; a window of 1.6 s takes about 6 ms.

    It was trained with windows of 1.6 s, but accepts any length as one window.
    """

    name: ClassVar[str] = "resemblyzer"
    role: ClassVar[str] = "diarizer"
    rank: ClassVar[int] = 20
    runtime: ClassVar[str] = "torch"
    thresholds: ClassVar[VoiceThresholds] = VoiceThresholds()

    def __init__(self, settings: EngineSettings | None = None) -> None:
        self._settings = settings or EngineSettings()
        self._encode: Callable[[list[Samples]], NDArray[np.float32]] | None = None

    @classmethod
    def unavailable(cls) -> str | None:
        """Return how to install it. The dependency that is left out is installed as webrtcvad-wheels by the extra."""
        if all(find_spec(module) is not None for module in _MODULES):
            return None
        commands = f"  {install_command(cls.name)}\n  {adding_command(*WITHOUT_DEPENDENCIES)}"
        return f"The engine '{cls.name}' needs Python packages that are not installed.\nInstall them with:\n{commands}"

    def load(self) -> None:
        self._encode = _encoder(self._settings.threads)

    def info(self) -> EngineInfo:
        return EngineInfo(self.name, package_version("Resemblyzer"))

    def embed(self, windows: Iterable[Window]) -> Iterator[Samples]:
        """Yield a vector of length 1 for each window. Consecutive windows of equal length are batched, up to 32."""
        assert self._encode is not None, "call load() first"
        heard = (_prepared(window.samples) for window in windows)
        for _, same_length in groupby(heard, key=len):
            while batch := list(islice(same_length, BATCH)):
                yield from map(unit, self._encode(batch))


def _encoder(threads: int) -> Callable[[list[Samples]], NDArray[np.float32]]:
    with warnings.catch_warnings():
        # It imports a SciPy module by its deprecated name.
        warnings.filterwarnings("ignore", category=DeprecationWarning, message=".*scipy.ndimage")
        import torch  # noqa: PLC0415  heavy
        from resemblyzer import VoiceEncoder, wav_to_mel_spectrogram  # noqa: PLC0415

    allow_numbers_only()
    torch.set_num_threads(threads)
    encoder = VoiceEncoder("cpu", verbose=False)

    def encode(batch: list[Samples]) -> NDArray[np.float32]:
        spectra = np.stack([wav_to_mel_spectrogram(samples) for samples in batch])
        with torch.inference_mode():
            vectors: NDArray[np.float32] = encoder(torch.from_numpy(spectra)).numpy()
        return vectors

    return encode


def _prepared(samples: Samples) -> Samples:
    """Return a window at the level that the encoder expects, padded to at least one of its frames."""
    heard = padded(samples, _SHORTEST)
    level = rms(heard)
    gain = max(_LOUDNESS_RMS / level, 1.0) if level > 0 else 1.0
    return (heard * np.float32(gain)).astype(np.float32, copy=False)
