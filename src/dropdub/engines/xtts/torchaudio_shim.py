"""Let coqui-tts and transformers import torchaudio even if only its Python half works with the installed torch.

The usual torchaudio has an extension for graphics cards that cannot be loaded with a CPU-only torch, and coqui-tts
requires torchcodec, which it never uses here. Resampling and spectrograms are pure Python; soundfile replaces reading
and writing files.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any


def make_importable() -> None:
    """Import torchaudio, or only its Python half if the extension cannot be loaded. Do nothing if it is not installed.

    Call this before importing TTS or transformers: both fail if torchaudio does.
    """
    if find_spec("torchaudio") is None:
        return
    if not _imports("torchaudio"):
        _stand_in_for_extension()
    if not _imports("torchcodec"):  # even a fully working torchaudio reads and writes with it
        _let_transformers_look()
        _stand_in_for_torchcodec()
        _read_and_write_with_soundfile()


def _imports(name: str) -> bool:
    """Import a package; if that fails, remove what it left in `sys.modules`, and return False."""
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
    """Let transformers check for torchcodec now: it checks only once, and could take the stand-in for the real one."""
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
