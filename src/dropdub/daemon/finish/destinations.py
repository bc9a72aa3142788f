"""Where originals go at the end: names that nothing has, and that no other original on its way will have."""

from __future__ import annotations

from pathlib import Path

from dropdub.daemon.context import Context
from dropdub.files.durable import free_name, is_folder, key, safe_name
from dropdub.inbox.beside import NOTE_ROOM, companion_beside, error_note, sidecar_beside
from dropdub.store import queries


class Destinations:
    """Free paths in `archive/` or `failed/`. Both are read once: for a few originals, or for thousands at a time."""

    def __init__(self, context: Context, folder: Path) -> None:
        """Raises OSError if the folder cannot be listed."""
        self._folder = folder
        self._present = {key(entry.name) for entry in folder.iterdir()} if is_folder(folder) else set()
        self._coming: set[str] = set()
        for other in queries.jobs_ending(context.store):
            if other.destination:
                self._coming |= _with_note(Path(other.destination), other.companion)

    def choose(self, name: str, companion: str | None) -> Path:
        """Return a path for an original; what belongs to it finds its names free as well, and no other gets them."""

        def taken(candidate: str) -> bool:
            path = Path(candidate)
            is_present = not self._present.isdisjoint(_together(path, companion))
            return is_present or not self._coming.isdisjoint(_with_note(path, companion))

        chosen = self._folder / free_name(None, safe_name(name), taken=taken, room=NOTE_ROOM)
        self._coming |= _with_note(chosen, companion)
        return chosen


def _together(destination: Path, companion: str | None) -> set[str]:
    """Return the names of an original, and of its options and its subtitle beside it."""
    paths = [destination, sidecar_beside(destination)]
    paths += [companion_beside(destination, Path(companion))] if companion else []
    return {key(path.name) for path in paths}


def _with_note(destination: Path, companion: str | None) -> set[str]:
    """Return these, and the name of the note: one that is there is replaced, one to come must not meet an original."""
    return _together(destination, companion) | {key(error_note(destination).name)}
