"""Where a voice is heard, in a process that may load torch: the detector Silero, whose weights faster-whisper brings.

They are run with onnxruntime here. The package itself would load CTranslate2, which must not meet torch in one process
on Windows.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dropdub.engines.base import Samples
from dropdub.engines.devices.onnx import PROVIDERS, session_options

FRAME = 512
"""Samples at 16 kHz that are judged together; each frame is heard with the end of the one before."""
_CONTEXT = 64
_STATE = (1, 1, 128)
_SURE = 0.5
_WEIGHTS = "silero_vad_v6.onnx"


class VoiceDetector:
    """Judges frames of sound. Create it with `installed`."""

    def __init__(self, weights: Path) -> None:
        import onnxruntime  # noqa: PLC0415  (only in workers that use it)

        self._session: Any = onnxruntime.InferenceSession(str(weights), session_options(1), providers=PROVIDERS)

    @staticmethod
    def installed() -> VoiceDetector | None:
        """Return the detector; None if a package is missing that it needs, or is a release with other weights."""
        package = find_spec("faster_whisper")
        if package is None or not package.submodule_search_locations or find_spec("onnxruntime") is None:
            return None
        weights = Path(package.submodule_search_locations[0]) / "assets" / _WEIGHTS
        return VoiceDetector(weights) if weights.is_file() else None

    def voiced(self, samples: Samples) -> NDArray[np.bool_]:
        """Return whether each whole frame of sound at 16 kHz has a voice."""
        frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)
        if not len(frames):
            return np.zeros(0, np.bool_)
        before = np.zeros((len(frames), _CONTEXT), np.float32)
        before[1:] = frames[:-1, -_CONTEXT:]
        given = np.concatenate([before, frames], axis=1).astype(np.float32, copy=False)
        state = np.zeros(_STATE, np.float32)
        likely = self._session.run(None, {"input": given, "h": state, "c": state})[0]
        found: NDArray[np.bool_] = np.asarray(likely).reshape(-1) >= _SURE
        return found
