"""Let coqui-tts and transformers import torchaudio where only its Python half fits the torch that is installed.

The usual torchaudio brings an extension for graphics cards that cannot be loaded beside a torch for processors, and
coqui-tts looks for torchcodec, which it never uses here. Resampling and spectrograms are Python; reading and writing
files goes through soundfile instead.
"""

from __future__ import annotations

import sys
from importlib import import_module
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
    if not _imports("torchaudio"):
        _stand_in_for_extension()
    if not _imports("torchcodec"):  # also beside a torchaudio that is whole: it reads and writes by it
        _let_transformers_look()
        _stand_in_for_torchcodec()
        _read_and_write_with_soundfile()


def _imports(name: str) -> bool:
    """Import a package; where that fails, take back what it left behind, and return False."""
    try:
        import_module(name)
    except (ImportError, OSError):
        for loaded in [one for one in sys.modules if one.partition(".")[0] == name]:
            del sys.modules[loaded]
        return False
    return True


def _stand_in_for_extension() -> None:
    extension: Any = ModuleType("torchaudio._extension")
    extension._IS_TORCHAUDIO_EXT_AVAILABLE = extension._IS_ALIGN_AVAILABLE = False
    extension._check_cuda_version = lambda: None
    extension.fail_if_no_align = lambda function: function
    sys.modules["torchaudio._extension"] = extension


def _let_transformers_look() -> None:
    """Let transformers see for itself that there is no torchcodec: it asks once, and may believe the stand-in."""
    if find_spec("transformers") is not None:
        import_module("transformers.audio_utils")


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
