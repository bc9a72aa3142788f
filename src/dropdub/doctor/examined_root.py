"""The root that the checks examine, with its settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dropdub.config import Config, load_config
from dropdub.root import CONFIG_NAME, Root
from dropdub.store.location import database_url


@dataclass(frozen=True)
class ExaminedRoot:
    """A root, its settings, and its database's URL."""

    root: Root
    config: Config
    url: str

    @staticmethod
    def at(path: Path) -> ExaminedRoot:
        """Return the root at `path`. Raises ConfigError."""
        config = load_config(path / CONFIG_NAME)
        root = Root.at(path, config.folders.model_dump())
        root.refuse_outputs(config.all_outputs())
        return ExaminedRoot(root, config, database_url(config.database, root))
