"""DNSMOS P.835: estimates what listeners would say of the sound of speech. A measure, and no engine of a role.

The model is by Microsoft (Reddy, Gopal, Cutler: "DNSMOS P.835: A Non-Intrusive Perceptual Objective Speech Quality
Metric to Evaluate Noise Suppressors", ICASSP 2022). Listeners rated noisy speech, most of it English, and what noise
suppressors made of it, by ITU-T P.835: the speech, the background, and both together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from dropdub.engines.base import EngineSettings, Samples, SoundRating
from dropdub.engines.devices.onnx import PROVIDERS, session_options, unreadable_model_errors
from dropdub.engines.models.catalogue import how_to_download
from dropdub.engines.models.folders import is_whole
from dropdub.engines.packages import setup_command

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

NAME = "dnsmos"
"""Of the model, in the catalogue and in `models.dir`."""
FILE = "sig_bak_ovr.onnx"
_LIBRARY = "onnxruntime"
_CURVES = (
    (-0.08397278, 1.22083953, 0.0052439),
    (-0.13166888, 1.60915514, -0.39604546),
    (-0.06766283, 1.11546468, 0.04602535),
)
"""For speech, background and both: the polynomial, highest power first, from the model's output to the scale of the
listeners. From `get_polyfit_val` in dnsmos.py of the package speechmos 0.0.1.1, and `DNSMOS/dnsmos_local.py` of the
repository microsoft/DNS-Challenge.
"""


class DnsMos:
    """Rates windows of speech at 16 kHz on the CPU, one at a time."""

    window: ClassVar[int] = 144_160
    """9.01 s, the only length that the model takes (`INPUT_LENGTH` of the same sources)."""
    name: ClassVar[str] = NAME

    def __init__(self, settings: EngineSettings | None = None) -> None:
        self._settings = settings or EngineSettings()
        self._session: InferenceSession | None = None

    @property
    def is_here(self) -> bool:
        """Whether the model and the library that runs it are installed. Loads nothing."""
        return self._has_model() and find_spec(_LIBRARY) is not None

    def how_to_get(self) -> str | None:
        """Return the sentence, without its full stop, on how to install what is missing; None if it is here."""
        if find_spec(_LIBRARY) is None:
            return f"Install {_LIBRARY} with: `{setup_command(NAME)}`"
        return None if self._has_model() else how_to_download(NAME)

    def load(self) -> None:
        """Load the model, which takes 10 ms. Raises EngineMissing if it cannot be read."""
        from onnxruntime import InferenceSession  # noqa: PLC0415  (only in processes that use it)

        folder = self._settings.models_dir / NAME
        with unreadable_model_errors(folder):
            options = session_options(self._settings.threads)
            self._session = InferenceSession(str(folder / FILE), options, providers=PROVIDERS)

    def rate(self, windows: Iterable[Samples]) -> Iterator[SoundRating]:
        """Yield a rating for each window, of `window` samples at 16 kHz."""
        assert self._session is not None, "call load() first"
        for samples in windows:
            [raw], *_ = self._session.run(None, {"input_1": samples[np.newaxis].astype(np.float32, copy=False)})
            yield SoundRating(*(float(np.polyval(curve, value)) for curve, value in zip(_CURVES, raw, strict=True)))

    def _has_model(self) -> bool:
        return is_whole(self._settings.models_dir / NAME, (FILE,))
