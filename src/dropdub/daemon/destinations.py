"""Where an original goes at the end: a name that nothing has, and that no other original on its way will have."""

from __future__ import annotations

from pathlib import Path

from dropdub.daemon.context import Context
from dropdub.files import free_name, is_folder, key
from dropdub.inbox.intake import NOTE_ROOM, companion_beside
from dropdub.store import queries


def free_destination(context: Context, folder: Path, name: str, companion: str | None) -> Path:
    """Return a free path for an original in `archive/` or `failed/`; the name of its subtitle is free there, too.

    Raises OSError if the folder cannot be listed.
    """
    coming = {
        key(path.name)
        for other in queries.jobs_ending(context.store)
        if other.destination
        for path in _together(Path(other.destination), other.companion)
    }
    present = {key(entry.name) for entry in folder.iterdir()} if companion and is_folder(folder) else set()

    def taken(candidate: str) -> bool:
        original, *beside = (key(path.name) for path in _together(Path(candidate), companion))
        return original in coming or any(one in present | coming for one in beside)

    return folder / free_name(folder, name, taken=taken, room=NOTE_ROOM)


def _together(destination: Path, companion: str | None) -> list[Path]:
    """Return where an original goes, and the subtitle that came with it."""
    return [destination, companion_beside(destination, Path(companion))] if companion else [destination]
