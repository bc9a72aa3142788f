"""What a root knows of itself: its id, where it lay, and which of its folders were there at the last start.

The record is stored beside `config.yaml`. The database has the same id, so that each recognises the other: see
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
"""The name under which the database's folder is kept among the places."""


@dataclass(frozen=True)
class Place:
    """A folder that had a marker at the last start. `path`: relative to the root if it lies inside."""

    path: str
    separate: bool
    """Whether it was on another disk than the root: then it can be away while the root is there."""


@dataclass(frozen=True)
class RootRecord:
    """One root. `former`: ids that it had before, as a copy of another root; `starts`: how often it was started."""

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
        """Return the record of the root at `folder`; None if there is none, or it cannot be read."""
        try:
            data = json.loads((folder / RECORD_NAME).read_text(encoding="utf-8"))
            places = {str(name): Place(**place) for name, place in data.pop("places", {}).items()}
            return RootRecord(**{**data, "former": tuple(data.get("former", ())), "places": places})
        except (OSError, ValueError, TypeError, AttributeError):
            return None

    @staticmethod
    def of_root(folder: Path) -> RootRecord | None:
        """Return the record of a folder that is a root; one that lost its config.yaml, by a move, is none any more."""
        return RootRecord.load(folder) if is_file(folder / CONFIG_NAME) else None

    def save(self, root: Root) -> None:
        """Write the record, whole or not at all."""
        text = json.dumps({**asdict(self), "former": list(self.former)}, indent=1)
        write_whole(root.path / RECORD_NAME, text.encode())

    def is_known_as(self, id_: str) -> bool:
        """Return whether this is, or was, the root's id."""
        return id_ in (self.id, *self.former)

    def is_elsewhere(self, root: Root) -> bool:
        """Return whether the root was at another path when the record was written: it was moved, or copied."""
        with contextlib.suppress(OSError):
            return self.path != str(root.path) and not Path(self.path).samefile(root.path)
        return True

    def original(self, root: Root) -> RootRecord | None:
        """Return the record of the root that this one is a copy of, if that one is still where it was."""
        if not self.is_elsewhere(root):
            return None
        other = RootRecord.of_root(Path(self.path))
        return other if other is not None and self.is_known_as(other.id) else None

    def is_away(self, root: Root, name: str, folder: Path) -> bool:
        """Return whether a folder was there at an earlier start and is not now, because its disk is not mounted.

        What was deleted on the root's own disk is not away: it is made again.
        """
        seen = self.places.get(name)
        if seen is None or root.path / seen.path != folder or is_file(marker(folder, self.id)):
            return False
        return seen.separate or is_separate(folder, root)

    def with_places(self, root: Root, folders: Mapping[str, Path]) -> RootRecord:
        """Put a marker into each folder that can be away, and return the record that knows of it.

        `work` always has one. A folder that cannot be written to, or is not there, has none; what is known of a folder
        that is away now stays known.
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
    """Return the file by which a root knows a folder again: several roots may share an archive or an outbox."""
    return folder / f".dropdub-{root_id[:8]}"


def is_separate(folder: Path, root: Root) -> bool:
    """Return whether a folder (or the nearest above it that exists) is on another disk than the root."""
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
