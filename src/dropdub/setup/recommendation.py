"""Choose the recommended Whisper model for a new root with the quality engines."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dropdub.config import Config
from dropdub.engines.models.catalogue import DEFAULT_MODELS
from dropdub.engines.models.recommended import WHISPER, recommended, this_machine
from dropdub.kits import Kit
from dropdub.root import CONFIG_NAME


def recommended_use(root: Path, config: Config, kit: Kit) -> Mapping[str, str]:
    """Return `models.use` with the recommended model; unchanged if it names one, or for other kits.

    `config` is the configuration of a root to be created at `root`: an existing root keeps its models.
    """
    use, models_dir = config.models.use, root / config.models.dir
    if kit != "quality" or WHISPER in use or (root / CONFIG_NAME).is_file():
        return use
    best = recommended(this_machine(models_dir, device=config.models.device)).name
    return use if best == DEFAULT_MODELS[WHISPER] else {**use, WHISPER: best}


def with_recommended_model(root: Path, config: Config, kit: Kit) -> Config:
    """Return the configuration that a root will have, if it is to be created."""
    models = config.models.model_copy(update={"use": dict(recommended_use(root, config, kit))})
    return config.model_copy(update={"models": models})
