"""Choose names for originals in `archive/` and `failed/` that are neither taken nor promised to another original."""

from __future__ import annotations

from pathlib import Path

from dropdub.daemon.context import Context
from dropdub.files.durable import free_name, is_folder, key, safe_name
from dropdub.inbox.side_files import NOTE_ROOM, companion_beside, error_note, sidecar_beside
from dropdub.store import queries


class Destinations:
    """Free paths in `archive/` or `failed/`. Reads folder and database once, however many originals follow."""

    def __init__(self, context: Context, folder: Path) -> None:
        """Raises OSError if the folder cannot be listed."""
        self._folder = folder
        self._present = {key(entry.name) for entry in folder.iterdir()} if is_folder(folder) else set()
        self._coming: set[str] = set()
        for other in queries.jobs_ending(context.store):
            if other.destination:
                self._coming |= _with_note(Path(other.destination), other.companion)

    def choose(self, name: str, companion: str | None) -> Path:
        """Reserve and return a path for an original; the names of its sidecar, companion and note are free as well."""

        def taken(candidate: str) -> bool:
            path = Path(candidate)
            is_present = not self._present.isdisjoint(_names(path, companion))
            return is_present or not self._coming.isdisjoint(_with_note(path, companion))

        chosen = self._folder / free_name(None, safe_name(name), taken=taken, room=NOTE_ROOM)
        self._coming |= _with_note(chosen, companion)
        return chosen


def _names(destination: Path, companion: str | None) -> set[str]:
    """Return the names of an original, its sidecar and its companion."""
    paths = [destination, sidecar_beside(destination)]
    paths += [companion_beside(destination, Path(companion))] if companion else []
    return {key(path.name) for path in paths}


def _with_note(destination: Path, companion: str | None) -> set[str]:
    """Return the names including the error note's.

    An existing note may be replaced, but a future note must not collide with an original.
    """
    return _names(destination, companion) | {key(error_note(destination).name)}
