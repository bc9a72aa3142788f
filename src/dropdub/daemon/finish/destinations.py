"""Choose names for originals in `archive/` and `failed/` that are neither taken nor promised to another original."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dropdub.daemon.context import Context
from dropdub.files.durable import free_name, is_folder, key, safe_name
from dropdub.files.nested import nested
from dropdub.inbox.side_files import NOTE_ROOM, companion_beside, error_note, sidecar_beside
from dropdub.store import queries


class Destinations:
    """Free paths in `archive/` or `failed/`. Reads folders and database once, however many originals follow."""

    def __init__(self, context: Context, folder: Path) -> None:
        """Raises OSError if the folder cannot be listed."""
        self._folder = folder
        self._present: dict[Path, set[str]] = {folder: _names_in(folder)}
        self._coming: set[tuple[str, str]] = set()
        for other in queries.jobs_ending(context.store):
            if other.destination:
                self._coming |= _with_note(Path(other.destination), other.companion)

    def choose(self, name: str, companion: str | None, *, place: Sequence[str] = ()) -> Path:
        """Reserve and return a path for an original; the names of its sidecar, companion and note are free as well.

        `place`: the folders that it came from. Raises OSError if a folder cannot be listed.
        """
        folder = nested(self._folder, place, room=len(name.encode()) + 2 * NOTE_ROOM)
        if folder not in self._present:
            self._present[folder] = _names_in(folder)

        def taken(candidate: str) -> bool:
            path = folder / candidate
            is_present = not self._present[folder].isdisjoint(_names(path, companion))
            return is_present or not self._coming.isdisjoint(_with_note(path, companion))

        chosen = folder / free_name(None, safe_name(name), taken=taken, room=NOTE_ROOM)
        self._coming |= _with_note(chosen, companion)
        return chosen


def _names_in(folder: Path) -> set[str]:
    return {key(entry.name) for entry in folder.iterdir()} if is_folder(folder) else set()


def _names(destination: Path, companion: str | None) -> set[str]:
    """Return the names of an original, its sidecar and its companion."""
    paths = [destination, sidecar_beside(destination)]
    paths += [companion_beside(destination, Path(companion))] if companion else []
    return {key(path.name) for path in paths}


def _with_note(destination: Path, companion: str | None) -> set[tuple[str, str]]:
    """Return the folder and each of the names, including the error note's.

    An existing note may be replaced, but a future note must not collide with an original.
    """
    names = _names(destination, companion) | {key(error_note(destination).name)}
    return {(key(str(destination.parent)), name) for name in names}
