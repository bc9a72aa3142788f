"""A root's record of itself: its id, its path, and which of its folders existed at the last start.

The record is stored next to `config.yaml`. The database has the same id, so that each recognizes the other: see
`store.owner`. A folder on another disk gets a marker file that distinguishes it from an empty mount point.
"""

from __future__ import annotations

import contextlib
import json
import stat
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from dropdub.files.durable import is_file, is_folder, write_whole
from dropdub.files.held import HeldFolder
from dropdub.root import CONFIG_NAME, Root

RECORD_NAME = ".dropdub.json"
FOLDERS = ("work", "archive", "failed", "inbox", "outbox")
DATABASE = "database"
"""The name of the database's folder among the places."""


@dataclass(frozen=True)
class Place:
    """A folder that had a marker at the last start. `path`: relative to the root if it lies inside."""

    path: str
    separate: bool
    """Whether it was on a different disk than the root: then it can be missing although the root exists."""


@dataclass(frozen=True)
class RootRecord:
    """The record of a root. `former`: ids of the roots that it was copied from; `starts`: how often it was started."""

    id: str
    path: str
    starts: int = 0
    former: tuple[str, ...] = ()
    places: Mapping[str, Place] = field(default_factory=dict)

    @staticmethod
    def new(root: Root, id_: str | None = None) -> RootRecord:
        return RootRecord(id_ or uuid.uuid4().hex, str(root.path))

    @staticmethod
    def load(folder: Path) -> RootRecord | None:
        """Return the record of the root at `folder`; None if there is none or it cannot be read."""
        try:
            data = json.loads((folder / RECORD_NAME).read_text(encoding="utf-8"))
            places = {str(name): Place(**place) for name, place in data.pop("places", {}).items()}
            return RootRecord(**{**data, "former": tuple(data.get("former", ())), "places": places})
        except (OSError, ValueError, TypeError, AttributeError):
            return None

    @staticmethod
    def of_root(folder: Path) -> RootRecord | None:
        """Return the record of a root; None if the folder has no config.yaml, which a moved root took with it."""
        return RootRecord.load(folder) if is_file(folder / CONFIG_NAME) else None

    def save(self, root: Root) -> None:
        """Write the record atomically."""
        text = json.dumps({**asdict(self), "former": list(self.former)}, indent=1)
        write_whole(root.path / RECORD_NAME, text.encode())

    def is_known_as(self, id_: str) -> bool:
        """Return whether `id_` is or was the root's id."""
        return id_ in (self.id, *self.former)

    def is_elsewhere(self, root: Root) -> bool:
        """Return whether the root was at another path when the record was written: it was moved or copied."""
        with contextlib.suppress(OSError):
            return self.path != str(root.path) and not Path(self.path).samefile(root.path)
        return True

    def original(self, root: Root) -> RootRecord | None:
        """Return the record of the root that this one is a copy of; None if it is no copy or that root is gone."""
        if not self.is_elsewhere(root):
            return None
        other = RootRecord.of_root(Path(self.path))
        return other if other is not None and self.is_known_as(other.id) else None

    def is_away(self, root: Root, name: str, folder: Path) -> bool:
        """Return whether a folder that existed at an earlier start is missing because its disk is not mounted.

        A folder that was deleted from the root's own disk does not count: it is created again.
        """
        seen = self.places.get(name)
        if seen is None or root.path / seen.path != folder or is_file(marker(folder, self.id)):
            return False
        return seen.separate or is_separate(folder, root)

    def with_places(self, root: Root, folders: Mapping[str, Path]) -> RootRecord:
        """Put a marker into each folder that can go missing, and return the updated record.

        `work` always gets one; a folder that does not exist or is not writable gets none. The entry of a folder that is
        missing now is kept.
        """
        places = {name: place for name, place in self.places.items() if self._stays(root, name, folders)}
        for name, folder in folders.items():
            separate = is_separate(folder, root)
            if name not in places and (separate or name == "work") and _marked(folder, self.id):
                places[name] = Place(_relative(folder, root), separate)
        return replace(self, path=str(root.path), places=places)

    def _stays(self, root: Root, name: str, folders: Mapping[str, Path]) -> bool:
        return name in folders and self.is_away(root, name, folders[name])


def marker(folder: Path, root_id: str) -> Path:
    """Return the file by which a root recognizes a folder. It has the root's id, since roots may share a folder."""
    return folder / f".dropdub-{root_id[:8]}"


def is_separate(folder: Path, root: Root) -> bool:
    """Return whether a folder (or its nearest existing parent) is on a different disk than the root."""
    for place in (folder, *folder.parents):
        with contextlib.suppress(OSError):
            return place.stat().st_dev != root.path.stat().st_dev
    return False


def _marked(folder: Path, root_id: str) -> bool:
    if is_folder(folder):
        with contextlib.suppress(OSError), HeldFolder.open(folder) as opened:
            with contextlib.suppress(FileExistsError):
                opened.create(marker(folder, root_id).name).close()
            return stat.S_ISREG(opened.look(marker(folder, root_id).name).st_mode)
    return False


def _relative(folder: Path, root: Root) -> str:
    return str(folder.relative_to(root.path)) if folder.is_relative_to(root.path) else str(folder)
