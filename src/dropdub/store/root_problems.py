"""What is wrong with a root, for `status` and `doctor`: found without a daemon, changing nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dropdub.errors import FolderAway, RootRefused, StoreError, with_remedy
from dropdub.files.durable import too_little_free
from dropdub.files.removal import SOURCE, originals_in
from dropdub.root import Root
from dropdub.root_record import RootRecord
from dropdub.store.damage import FULL_BYTES
from dropdub.store.location import sqlite_file
from dropdub.store.owner import away_folders, folder_away, refuse_away, refuse_foreign
from dropdub.store.states import UNFINISHED
from dropdub.store.views.rows import listed, snapshot
from dropdub.units import format_size


@dataclass(frozen=True)
class Trouble:
    """What is wrong and what to do. `blocks`: whether no job runs until somebody acts."""

    message: str
    remedy: str
    blocks: bool = True

    @property
    def sentence(self) -> str:
        return with_remedy(self.message, self.remedy)


def troubles(root: Root, url: str) -> Iterator[Trouble]:
    """Yield what keeps the root's jobs from running, and what the next start will repair."""
    try:
        refuse_foreign(root, url)
        refuse_away(root, url)
    except (RootRefused, FolderAway) as error:
        yield Trouble(error.message, error.remedy)
    record = RootRecord.load(root.path)
    for _, folder in away_folders(root, record):
        if folder != root.work and record is not None:
            away = folder_away(folder, record)
            yield Trouble(away.message, away.remedy)
    yield from _full_disk(url)
    count = stray_originals(root, url)
    if count:
        originals = f"{count} originals in {root.work} are" if count > 1 else f"1 original in {root.work} is"
        yield Trouble(
            f"{originals} unknown to the database.",
            "At its next start, the daemon moves each of them to failed/, with a note. Nothing is deleted.",
            blocks=False,
        )


def stray_originals(root: Root, url: str) -> int:
    """Return the number of originals in the work folder that belong to no unfinished job."""
    folders = root.job_dirs()  # listed before the jobs: the originals of a job recorded in between must not count
    alive = _unfinished(url)
    if alive is None:
        return 0
    return sum(_files_in(folder / SOURCE) for folder in folders if folder.name not in alive)


def _files_in(source: Path) -> int:
    try:
        return sum(1 for _ in originals_in(source))
    except OSError:
        return 0


def _full_disk(url: str) -> Iterator[Trouble]:
    file = sqlite_file(url)
    if file is None:
        return
    free = too_little_free(file.parent, FULL_BYTES)
    if free is not None:
        yield Trouble(
            f"The disk of the database {file} is full: {format_size(free)} free. No jobs run.",
            "Free some disk space; work then resumes automatically.",
        )


def _unfinished(url: str) -> set[str] | None:
    """Return the numbers of unfinished jobs; None if the database cannot be read (other checks report why)."""
    with contextlib.suppress(StoreError), snapshot(url) as rows:
        states, values = listed(UNFINISHED, "s")
        found = rows(f"SELECT id FROM job WHERE state IN {states}", **values) if rows is not None else []
        return {str(row["id"]) for row in found}
    return None
