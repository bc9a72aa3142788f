"""The configuration from which pocket-tts builds and loads a model: only files of its folder, never of the hub.

The library takes a configuration as a YAML file. Those in its package name files on the hub, and a second file to fall
back to, silently, if the first cannot be had: weights that cannot clone voices. This one has local paths and no second
file, so that a missing file is an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dropdub.engines.models.folders import read_json_object
from dropdub.engines.pocket.languages import CONFIG, TOKENIZER, WEIGHTS, PocketLanguage

_OF_WEIGHTS = ("weights_path", "weights_path_without_voice_cloning")
_SEANET = {
    "dimension": 512,
    "channels": 1,
    "n_filters": 64,
    "n_residual_layers": 1,
    "ratios": [6, 5, 4],
    "kernel_size": 7,
    "residual_kernel_size": 3,
    "last_kernel_size": 3,
    "dilation_base": 2,
    "pad_mode": "constant",
    "compress": 2,
}
_MIMI = {
    "dtype": "float32",
    "sample_rate": 24_000,
    "inner_dim": 32,
    "outer_dim": 512,
    "channels": 1,
    "frame_rate": 12.5,
    "seanet": _SEANET,
    "transformer": {
        "d_model": 512,
        "num_heads": 8,
        "num_layers": 2,
        "layer_scale": 0.01,
        "context": 250,
        "dim_feedforward": 2048,
        "input_dimension": 512,
        "output_dimensions": [512],
    },
    "quantizer": {"dimension": 32, "output_dimension": 512},
}
_FLOW_LM = {
    "insert_bos_before_voice": True,
    "dtype": "float32",
    "flow": {"depth": 6, "dim": 512},
    "transformer": {"d_model": 1024, "hidden_scale": 4, "max_period": 10_000, "num_heads": 16, "num_layers": 6},
    "lookup_table": {"dim": 1024, "n_bins": 4000},
}
"""The geometry of the seven published models of 6 layers (pocket-tts 4.0.1, `config/portuguese.yaml`)."""


def configuration(folder: Path, language: PocketLanguage) -> dict[str, Any]:
    """Return the configuration of a folder's model. A `config.json` in it replaces the published geometry.

    Raises ValueError if that file cannot be read as one, and OSError if the system does not allow reading it.
    """
    usual = {
        "flow_lm": _FLOW_LM,
        "mimi": _MIMI,
        "replace_characters": dict(language.replaced),
        "remove_semicolons": language.without_semicolons,
    }
    return _with_files({**usual, **(_own(folder / CONFIG) or {})}, folder)


def _own(file: Path) -> Mapping[str, Any] | None:
    if not file.is_file():
        return None
    found = read_json_object(file)
    if not all(isinstance(found.get(part), dict) for part in ("flow_lm", "mimi")):
        raise ValueError(f"{file.name} is not the configuration of such a model")
    return found


def _with_files(found: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return a configuration with the files of the folder, whatever it names itself."""
    flow_lm, mimi, others = map(_without_weights, (found["flow_lm"], found["mimi"], found))
    tokenizer = {"tokenizer": "tokenizers", "tokenizer_path": str((folder / TOKENIZER).absolute())}
    flow_lm["lookup_table"] = {**flow_lm.get("lookup_table", {}), **tokenizer}
    return {**others, "flow_lm": flow_lm, "mimi": mimi, "weights_path": str((folder / WEIGHTS).absolute())}


def _without_weights(part: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in part.items() if name not in _OF_WEIGHTS}
