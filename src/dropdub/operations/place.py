"""Find the root to work on, without imports that would slow the start of the program."""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dropdub.errors import ConfigError, StoreError, UsageError
from dropdub.files.ownership import why_not_trusted
from dropdub.root import CONFIG_NAME, FOLDERS, Root, current_folder, find_root, named_root
from dropdub.root_record import RECORD_NAME
from dropdub.store.location import usable_url
from dropdub.yaml_file import read_mapping

if TYPE_CHECKING:
    from dropdub.store.database import Store
    from dropdub.store.views import Reader


@dataclass(frozen=True)
class Place:
    """A root and the URL of its database. `is_found`: the caller's shell finds it without `--root`. `trouble`: why
    its config.yaml cannot be read now; a daemon that is running continues with what it has read.
    """

    root: Root
    url: str
    is_found: bool = False
    trouble: ConfigError | None = None

    @property
    def named_root(self) -> Path | None:
        """Return the root that suggested commands must name; None if the shell finds it."""
        return None if self.is_found else self.root.path

    def reader(self) -> Reader:
        from dropdub.store.views import open_reader

        return open_reader(self.url, backups=self.root.backups_dir)

    def store(self) -> Store:
        from dropdub.store.database import Store
        from dropdub.store.owner import refuse_away, refuse_foreign

        refuse_foreign(self.root, self.url)
        refuse_away(self.root, self.url)
        return Store.open(self.url, backups=self.root.backups_dir)


def root_path(explicit: Path | None) -> Path:
    """Return the folder of the root. Raises UsageError if there is none."""
    is_named = named_root(explicit, os.environ) is not None
    return find_root(explicit, os.environ, Path() if is_named else current_folder())


def find_place(explicit: Path | None) -> Place:
    """Return the root. Raises UsageError if there is none, ConfigError if its configuration is invalid."""
    try:
        path = root_path(explicit)
    except UsageError as error:
        return _place_without_config(explicit, error)
    try:
        folders, database = _read_quickly(path / CONFIG_NAME) or _read_validated(path / CONFIG_NAME)
    except ConfigError as error:
        return _usual_place(path, error, is_found=explicit is None)
    root = Root.at(path, folders)
    return Place(root, usable_url(database, root), is_found=explicit is None)


def _place_without_config(explicit: Path | None, error: UsageError) -> Place:
    """Return a root whose config.yaml was removed while its daemon runs. Raises `error` if there is none."""
    named = named_root(explicit, os.environ)
    if named is not None:
        folders = [named]
    else:
        folders = [one for one in (current_folder(), *current_folder().parents) if _is_own(one)]
    path = next((one.absolute() for one in folders if (one / RECORD_NAME).is_file()), None)
    if path is None or (path / CONFIG_NAME).is_file():
        raise error
    try:
        read_mapping(path / CONFIG_NAME)
    except ConfigError as trouble:
        with contextlib.suppress(ConfigError):
            return _usual_place(path, trouble, is_found=explicit is None)
    raise error


def _is_own(folder: Path) -> bool:
    with contextlib.suppress(OSError):
        return not why_not_trusted(folder)
    return False


def _usual_place(path: Path, error: ConfigError, *, is_found: bool) -> Place:
    """Return a root whose config.yaml is broken, if its database is at the usual place and a daemon runs with it.

    So whoever breaks the file while the daemon works still sees what it does. Raises `error` otherwise.
    """
    root = Root.at(path)
    place = Place(root, usable_url(None, root), is_found, error)
    try:
        daemon = place.reader().status(now=time.time(), limit=0).daemon
    except StoreError:
        daemon = None
    if daemon is None or daemon.state != "running":
        raise error
    return place


def _read_quickly(file: Path) -> tuple[dict[str, str], str | None] | None:
    """Return folders and database as the file has them; None if only the full validation can find them.

    Reading these two settings takes a tenth of the time of building the whole configuration.
    """
    data, _ = read_mapping(file)
    folders, database = data.get("folders") or {}, data.get("database")
    plain = _is_text_map(folders) and (database is None or isinstance(database, str))
    from_environment = any(name.upper().startswith(("DROPDUB_FOLDERS", "DROPDUB_DATABASE")) for name in os.environ)
    return (folders, database) if plain and not from_environment else None


def _is_text_map(folders: Any) -> bool:
    return isinstance(folders, dict) and all(
        key in FOLDERS and isinstance(value, str) and value for key, value in folders.items()
    )


def _read_validated(file: Path) -> tuple[dict[str, str], str | None]:
    from dropdub.config import load_config

    config = load_config(file)
    return config.folders.model_dump(), config.database
