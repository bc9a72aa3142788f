"""What of a model's folder is loaded: numbers, never code. A model may come from anybody, also one put there by hand.

safetensors and CTranslate2's `model.bin` hold numbers only. What PyTorch has written is a pickle, which could run any
program: it is read with `weights_only`, which builds tensors and plain containers and nothing else, whatever the
libraries above PyTorch ask for and whatever the environment says.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from dropdub.errors import EngineMissing

_CONFIGS = ("config.json", "generation_config.json", "tokenizer_config.json")
_CODE_KEYS = ("attn_implementation", "_attn_implementation", "custom_generate")
"""What transformers takes for the name of a repository with code, where there is a `/` in it."""


def allow_numbers_only() -> None:
    """Let PyTorch unpickle nothing but numbers in this process, from now on."""
    os.environ.pop("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", None)
    os.environ["TORCH_FORCE_WEIGHTS_ONLY_LOAD"] = "1"


def refuse_code(folder: Path, *, engine: str) -> None:
    """Raise EngineMissing for a model whose settings name code that somebody else keeps."""
    for name in _CONFIGS:
        settings = _read(folder / name)
        if any("/" in str(settings.get(key, "")) for key in _CODE_KEYS):
            raise EngineMissing(
                f"The model of the engine '{engine}' asks for code from elsewhere ({name}), which is not run.",
                remedy="Choose another model under models.use. Then: `dropdub retry JOB`.",
            )


def has_safetensors(folder: Path) -> bool:
    """Return whether the weights of a folder are in the form that holds numbers only."""
    return any(folder.glob("*.safetensors"))


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):  # what is wrong with it, the library says
        return {}
    return found if isinstance(found, dict) else {}
