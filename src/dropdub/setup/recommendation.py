"""Choose the recommended Whisper model for a root with the quality engines that has none yet."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dropdub.config import Config
from dropdub.engines.models.catalogue import DEFAULT_MODELS
from dropdub.engines.models.recommended import WHISPER, recommended, this_machine
from dropdub.kits import Kit


def recommended_use(root: Path, config: Config, kit: Kit) -> Mapping[str, str]:
    """Return `models.use` with the recommended model; unchanged if it names one, or for other kits.

    `config` is the configuration that the root will have. A root keeps the default model if that is there.
    """
    use, models_dir = config.models.use, root / config.models.dir
    if kit != "quality" or WHISPER in use or (models_dir / DEFAULT_MODELS[WHISPER]).is_dir():
        return use
    best = recommended(this_machine(models_dir, device=config.models.device)).name
    return use if best == DEFAULT_MODELS[WHISPER] else {**use, WHISPER: best}


def with_recommended_model(root: Path, config: Config, kit: Kit) -> Config:
    """Return the configuration that a root will have."""
    models = config.models.model_copy(update={"use": dict(recommended_use(root, config, kit))})
    return config.model_copy(update={"models": models})
