"""The quality diarizer: voices as vectors by Resemblyzer, whose encoder is part of its package."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from dropdub.engines.base import EngineInfo, EngineSettings, Samples, Window
from dropdub.engines.packages import install_command, package_version

if TYPE_CHECKING:
    from resemblyzer import VoiceEncoder

_NEEDED = ("resemblyzer", "torch", "librosa")


class ResemblyzerDiarizer:
    """Tells voices apart by the similarity of their vectors."""

    name: ClassVar[str] = "resemblyzer"
    role: ClassVar[str] = "diarizer"
    rank: ClassVar[int] = 20
    runtime: ClassVar[str] = "torch"

    def __init__(self, settings: EngineSettings | None = None) -> None:
        self._settings = settings or EngineSettings()
        self._encoder: VoiceEncoder | None = None

    @classmethod
    def unavailable(cls) -> str | None:
        """Tell of two commands: the package wants a library that must be compiled, which the extra has ready made."""
        if all(find_spec(name) is not None for name in _NEEDED):
            return None
        commands = f"{install_command(cls.name)} and then: pip install --no-deps resemblyzer"
        return f"The engine '{cls.name}' is not installed. Install it with: {commands}"

    def load(self) -> None:
        if self._encoder is not None:
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import torch  # noqa: PLC0415  (heavy: in the worker, when it is wanted)
            from resemblyzer import VoiceEncoder  # noqa: PLC0415

            torch.set_num_threads(self._settings.threads)
            self._encoder = VoiceEncoder("cpu", verbose=False)

    def info(self) -> EngineInfo:
        return EngineInfo(self.name, package_version("resemblyzer"), {"device": "cpu"})

    def embed(self, windows: Iterable[Window]) -> Iterator[Samples]:
        self.load()
        assert self._encoder is not None
        for window in windows:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield np.asarray(self._encoder.embed_utterance(window.samples), np.float32)
