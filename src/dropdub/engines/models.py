"""Where an engine finds its model: a folder that is whole, by its name in `models.dir` or by its path."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from dropdub.engines.base import EngineSettings

RECORD_NAME = "dropdub-model.json"
"""What is known of a model that was pulled: see `dropdub.engines.download.record`."""


def model_name(settings: EngineSettings, engine: str, default: str) -> str:
    """Return the name, or the full path, of the model that an engine is to use."""
    return settings.models.get(engine, default)


def model_folder(settings: EngineSettings, engine: str, default: str) -> Path:
    """Return where an engine's model belongs, whether it is there or not."""
    return settings.models_dir / Path(model_name(settings, engine, default)).expanduser()


def is_whole(folder: Path, files: Sequence[str]) -> bool:
    """Return whether a model's files are all there, none of them empty, and those of its record as long as it says.

    A download that broke off never stands under the model's own name: see `jobs models pull`. A copy that is still
    under way, or broke off, does.
    """
    sizes: dict[str, int | None] = {**dict.fromkeys(files), **_recorded_sizes(folder)}
    return all(_is_there(folder / name, size) for name, size in sizes.items())


def _is_there(file: Path, size: int | None) -> bool:
    try:
        found = file.stat().st_size
    except OSError:
        return False
    return found > 0 if size is None else found == size


def _recorded_sizes(folder: Path) -> dict[str, int]:
    try:
        record = json.loads((folder / RECORD_NAME).read_text(encoding="utf-8"))
        return {str(file["name"]): int(file["size"]) for file in record["files"]}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def described(folder: Path) -> dict[str, str]:
    """Return a model's name, and what tells its files from those of another of that name, or from later ones."""
    files = sorted((path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in folder.iterdir())
    return {"model": folder.name, "files": hashlib.sha256(json.dumps(files).encode()).hexdigest()[:12]}


def size_of(folder: Path) -> int:
    """Return how many bytes a model's files take on disk."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
