"""Which known model a folder has: by what is in it, or for a model that is not downloaded yet, by its name."""

from __future__ import annotations

import hashlib
from pathlib import Path

from dropdub.engines.models.catalogue import MODELS, find
from dropdub.engines.models.known import KnownModel
from dropdub.untrusted.files import read_start

_CONFIG = "config.json"
_LONGEST_CONFIG = 1_000_000


def model_in(folder: Path, *, engine: str) -> KnownModel | None:
    """Return the model of an engine that a folder has, or will have once it is downloaded; None if it is not known.

    A folder that was copied or renamed is recognised by its configuration, which differs for each model of an engine.
    """
    digest = _digest(folder / _CONFIG)
    by_content = (model for model in MODELS if model.engine == engine and _CONFIG in model.pins)
    found = next((model for model in by_content if model.pins[_CONFIG].sha256 == digest), None) or find(folder.name)
    return found if found is not None and found.engine == engine else None


def _digest(config: Path) -> str | None:
    try:
        return hashlib.sha256(read_start(config, _LONGEST_CONFIG, follow=True)).hexdigest()
    except OSError:  # not downloaded yet; the engine itself reports a file that it cannot read
        return None
