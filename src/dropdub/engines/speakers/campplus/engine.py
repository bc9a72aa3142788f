"""The diarizer without torch: CAM++ on onnxruntime, with the weights as their authors published them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from dropdub.engines.abilities import VoiceThresholds
from dropdub.engines.base import EngineInfo, EngineSettings, Samples, Window
from dropdub.engines.devices.onnx import PROVIDERS, session_options, unreadable_model_errors
from dropdub.engines.models.folders import is_whole, model_details, model_folder, model_name, size_of
from dropdub.engines.packages import missing_package, package_version
from dropdub.engines.speakers.campplus.features import FRAME, spectra
from dropdub.engines.speakers.campplus.network import WEIGHTS, WEIGHTS_SHA256, network
from dropdub.engines.speakers.speaker_vectors import padded, rms, unit

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

DEFAULT_MODEL = "campplus"
CONVERTED = "3dspeaker_speech_campplus_sv_zh_en_16k-common_advanced.onnx"
"""The same network and weights in one file, as the authors of sherpa-onnx converted them."""
_LEVEL_RMS = 0.1
"""The level of every window, since the least energy of a band is absolute."""
_WORKING_BYTES = 150_000_000


class CampplusDiarizer:
    """Computes speaker embeddings of 192 numbers on the processor; a window of 1.6 s takes 22 ms on one core.

    onnxruntime computes it, which also runs hibari and Kokoro, so it can share their worker on every system.
    """

    name: ClassVar[str] = "campplus"
    role: ClassVar[str] = "diarizer"
    rank: ClassVar[int] = 30
    runtime: ClassVar[str | None] = None
    # Measured with 12 readers (`benchmarks/voices.py`): no recording of one voice of 5 s or more was heard as two, in a
    # hall nor over a telephone. Two voices were heard as one in none in a hall, and in an eighth of those over a
    # telephone, which makes all voices more alike. In a hall, mean vectors of 10 s are alike by .68 or more in 95 % of
    # the pairs of one voice, and by .32 or less in 95 % of those of two.
    thresholds: ClassVar[VoiceThresholds] = VoiceThresholds(
        windows_alike=0.4,
        voices_alike=0.7,
        short_voices_alike=0.5,
        same_sound=0.97,
        maybe_known=0.55,
        surely_known=0.75,
        typical_same=0.7,
        typical_other=0.1,
    )

    def __init__(self, settings: EngineSettings | None = None) -> None:
        self._settings = settings or EngineSettings()
        self._folder = model_folder(self._settings, self.name, DEFAULT_MODEL)
        self._session: InferenceSession | None = None

    @classmethod
    def unavailable(cls) -> str | None:
        return missing_package(cls.name, "onnxruntime")

    def missing_model(self) -> str | None:
        return model_name(self._settings, self.name, DEFAULT_MODEL) if self._file() is None else None

    def needs_bytes(self) -> int:
        return 2 * size_of(self._folder) + _WORKING_BYTES

    def load(self) -> None:
        if self._session is not None:
            return
        import onnxruntime  # noqa: PLC0415  (only in workers that use it)

        file = self._file()
        options = session_options(self._settings.threads)
        with unreadable_model_errors(self._folder):
            model = network(_checked(file)) if file and file.name == WEIGHTS else str(file)
            self._session = onnxruntime.InferenceSession(model, options, providers=PROVIDERS)

    def info(self) -> EngineInfo:
        return EngineInfo(self.name, package_version("onnxruntime"), model_details(self._folder))

    def embed(self, windows: Iterable[Window]) -> Iterator[Samples]:
        """Yield a vector of length 1 for each window, of any length; the same whatever its level."""
        return (self._vector(window.samples) for window in windows)

    def _vector(self, samples: Samples) -> Samples:
        self.load()
        assert self._session is not None
        heard = padded(samples, FRAME)
        level = rms(heard)
        features = spectra(heard * np.float32(_LEVEL_RMS / level) if level > 0 else heard)
        given = {self._session.get_inputs()[0].name: features[np.newaxis]}
        return unit(np.asarray(self._session.run(None, given)[0], np.float32).reshape(-1))

    def _file(self) -> Path | None:
        return next((self._folder / name for name in (WEIGHTS, CONVERTED) if is_whole(self._folder, [name])), None)


def _checked(file: Path) -> bytes:
    """Return the weights. Raises ValueError if they are not those whose places in the file are known."""
    content = file.read_bytes()
    if hashlib.sha256(content).hexdigest() != WEIGHTS_SHA256:
        raise ValueError(f"{file.name} is not the file that was published under this name")
    return content
