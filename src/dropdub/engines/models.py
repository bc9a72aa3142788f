"""Where an engine finds its model: a folder that is whole, by its name in `models.dir` or by its path."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dropdub.engines.base import EngineSettings


def model_name(settings: EngineSettings, engine: str, default: str) -> str:
    """Return the name, or the full path, of the model that an engine is to use."""
    return settings.models.get(engine, default)


def model_folder(settings: EngineSettings, engine: str, default: str) -> Path:
    """Return where an engine's model belongs, whether it is there or not."""
    return settings.models_dir / Path(model_name(settings, engine, default)).expanduser()


def is_whole(folder: Path, files: Sequence[str]) -> bool:
    """Return whether a model's files are all there, none of them empty.

    A download that broke off never stands under the model's own name: see `jobs models pull`.
    """
    return all((folder / name).is_file() and (folder / name).stat().st_size > 0 for name in files)


def size_of(folder: Path) -> int:
    """Return how many bytes a model's files take on disk."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
