"""Let coqui-tts and transformers import torchaudio where only its Python half fits the torch that is installed.

The usual torchaudio brings an extension for graphics cards that cannot be loaded beside a torch for processors, and
coqui-tts looks for torchcodec, which it never uses here. Resampling and spectrograms are Python; reading and writing
files goes through soundfile instead.
"""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any


def make_importable() -> None:
    """Import torchaudio, whole where it is whole, else its Python half; do nothing where it is not installed.

    To be called before TTS or transformers is imported: both break where torchaudio does.
    """
    if find_spec("torchaudio") is None:
        return
    try:
        import torchaudio  # noqa: F401, PLC0415
        import torchcodec  # noqa: F401, PLC0415
    except (ImportError, OSError):
        _forget("torchaudio", "torchcodec")
        _stand_in_for_extension()
        _read_and_write_with_soundfile()
        _stand_in_for_torchcodec()


def _forget(*names: str) -> None:
    """Take back what a failed import left behind."""
    for loaded in [one for one in sys.modules if one.partition(".")[0] in names]:
        del sys.modules[loaded]


def _stand_in_for_extension() -> None:
    extension: Any = ModuleType("torchaudio._extension")
    extension._IS_TORCHAUDIO_EXT_AVAILABLE = extension._IS_ALIGN_AVAILABLE = False
    extension._check_cuda_version = lambda: None
    extension.fail_if_no_align = lambda function: function
    sys.modules["torchaudio._extension"] = extension


def _stand_in_for_torchcodec() -> None:
    codec: Any = ModuleType("torchcodec")
    codec.__spec__ = ModuleSpec("torchcodec", None)
    codec.__version__ = "0.0"
    sys.modules["torchcodec"] = codec


def _read_and_write_with_soundfile() -> None:
    import soundfile  # noqa: PLC0415
    import torch  # noqa: PLC0415
    import torchaudio  # noqa: PLC0415

    def load(uri: Any, *_: Any, **__: Any) -> tuple[Any, int]:
        """Return a file's samples, shape (channels, samples), and their rate."""
        samples, rate = soundfile.read(uri, dtype="float32", always_2d=True)
        return torch.from_numpy(samples).T.contiguous(), rate

    def save(uri: Any, samples: Any, sample_rate: int, *_: Any, **__: Any) -> None:
        soundfile.write(uri, samples.detach().cpu().numpy().T, sample_rate)

    torchaudio.load, torchaudio.save = load, save
