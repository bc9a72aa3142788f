"""Load only numbers from a model's folder, never code. A model may come from anybody, and be put there by hand.

safetensors and CTranslate2's `model.bin` contain numbers only. PyTorch's files are pickles, which could run any
program: they are read with `weights_only`, which builds tensors and plain containers and nothing else, whatever the
libraries on top of PyTorch request and whatever the environment says.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from dropdub.errors import EngineMissing

_CONFIGS = ("config.json", "generation_config.json", "tokenizer_config.json")
_CODE_KEYS = ("attn_implementation", "_attn_implementation", "custom_generate")
"""Keys whose value transformers takes for the name of a repository with code if it contains a `/`."""


def allow_numbers_only() -> None:
    """From now on, let PyTorch unpickle only numbers in this process."""
    os.environ.pop("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", None)
    os.environ["TORCH_FORCE_WEIGHTS_ONLY_LOAD"] = "1"


def refuse_code(folder: Path, *, engine: str) -> None:
    """Raise EngineMissing for a model whose configuration refers to code in another repository."""
    for name in _CONFIGS:
        settings = _read(folder / name)
        if any("/" in str(settings.get(key, "")) for key in _CODE_KEYS):
            raise EngineMissing(
                f"The model of the engine '{engine}' asks to run code from another repository ({name}). "
                "Dropdub never runs such code.",
                remedy="Choose another model under models.use. Then run: `dropdub retry JOB`.",
            )


def has_safetensors(folder: Path) -> bool:
    """Return whether a folder has weights as safetensors, a format that contains numbers only."""
    return any(folder.glob("*.safetensors"))


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):  # the library reports what is wrong with it
        return {}
    return found if isinstance(found, dict) else {}
