"""Originals in the work folder that no job of the database knows of, and jobs whose originals are not there.

Both come from a database that is new, an older copy, or another: the files are what counts, so nothing is removed.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dropdub.daemon.context import Context, away, job_id
from dropdub.daemon.destinations import free_destination
from dropdub.daemon.logs import note
from dropdub.files import free_name, is_file, is_folder, safe_name
from dropdub.inbox.companions import companions
from dropdub.inbox.identity import identity
from dropdub.inbox.intake import NOTE_ROOM, sidecar_beside
from dropdub.inbox.moving import stands
from dropdub.removal import SOURCE, holds, remove_copied, remove_tree
from dropdub.store import queries, transitions
from dropdub.store.states import JobState
from dropdub.store.tables import Job

PART = ".part"


@dataclass(frozen=True)
class Stray:
    """An original that no unfinished job has, with what belongs to it."""

    path: Path
    sidecar: Path | None = None
    companion: Path | None = None


def rescue_strays(context: Context, *, among: Path | None = None) -> int:
    """Record a failed job for each stray original in the work folder, and remove the folders without one.

    `among`: look into this job's folder alone. The job's ending moves the original to `failed/` and writes the note.
    Returns how many were recorded.
    """
    if among is not None and not is_folder(among):
        return 0
    jobs = queries.unfinished_jobs(context.store)
    alive = {str(job_id(job)) for job in jobs}
    known = {Path(path) for job in jobs for path in (job.source, job.sidecar, job.companion) if path}
    rescued = 0
    for folder in numbered_folders(context.root.work) if among is None else [among]:
        if folder.name in alive:
            continue
        kept = [path for path in _removed(folder) if path not in known]
        for stray in strays(list(_without_unfinished_copies(context, kept))):
            _rescue(context, stray, folder)
            rescued += 1
    return rescued


def numbered_folders(work: Path) -> list[Path]:
    """Return the folders of jobs in a work folder, by their numbers."""
    try:
        return sorted((one for one in work.iterdir() if one.name.isdecimal()), key=lambda one: int(one.name))
    except OSError:
        return []


def strays(files: Sequence[Path]) -> list[Stray]:
    """Put together which files of a `source/` belong together: an original, its sidecar, its subtitle."""
    left = {path.name: path for path in files}
    pairs = companions(left)
    sidecars = {name: left[beside] for name in left if (beside := sidecar_beside(left[name]).name) in left}
    belonging = {*pairs.values(), *(path.name for path in sidecars.values())}
    return [
        Stray(path, sidecars.get(name), left[pairs[name]] if name in pairs else None)
        for name, path in left.items()
        if name not in belonging
    ]


def end_without_original(context: Context) -> None:
    """Decide how the jobs end whose original is not where the database says.

    What happened since an older copy of the database was made is seen from where the original is now. Nothing is
    decided while a folder in which it may be is away.
    """
    if away(context, ("archive", "failed")) is not None:
        return
    at_work = (JobState.QUEUED, JobState.RUNNING, JobState.WAITING)
    for job in queries.unfinished_jobs(context.store, at_work):
        taken = context.root.job_dir(job_id(job)) / SOURCE / job.name
        if job.verdict is None and job.origin == "dropped" and not stands(Path(job.source)) and not stands(taken):
            _end(context, job)


def _end(context: Context, job: Job) -> None:
    archived, failed = (_found_in(folder, job) for folder in (context.root.archive, context.root.failed))
    where = archived or failed
    if where is not None:
        reason = f"It ended after this copy of the database was made: its original is {where}."
        remedy = "What was made of it is in the outbox."
    else:
        reason = f"Its original is not at {job.source}, nor in archive or failed."
        remedy = "Drop it again if you have it."
    destination = where or context.root.failed / free_name(context.root.failed, job.name, room=NOTE_ROOM)
    with contextlib.suppress(OSError):
        transitions.begin_ending(
            context.store,
            job_id(job),
            verdict=JobState.SUCCEEDED if archived else JobState.FAILED,
            reason=reason,
            remedy=remedy,
            destination=str(destination),
            now=time.time(),
        )
        note("original is not there", level=logging.WARNING, job=job.id, source=job.source, found=where)


def _found_in(folder: Path, job: Job) -> Path | None:
    """Return a file of a job's name, size and time in a folder; a move keeps all three."""
    try:
        candidates = [path for path in folder.iterdir() if path.stem.startswith(Path(job.name).stem[:100])]
        looks = {path: identity(path) for path in candidates if is_file(path)}
    except OSError:
        return None
    return next((path for path, seen in looks.items() if (seen.size, seen.mtime_ns) == (job.size, job.mtime_ns)), None)


def _removed(folder: Path) -> list[Path]:
    """Remove what a job made; return its originals, which stay."""
    try:
        return remove_tree(folder)
    except OSError as error:
        note("leftovers stay", level=logging.WARNING, folder=str(folder), text=str(error))
        return []


def _without_unfinished_copies(context: Context, kept: Sequence[Path]) -> Iterator[Path]:
    """Yield the files, but for copies from another file system that were cut off and whose original is there."""
    for path in kept:
        whole = whole_of(context, path) if path.name.startswith(".") and path.name.endswith(PART) else None
        if whole is None:
            yield path
        else:
            remove_copied(path, whole)


def whole_of(context: Context, part: Path) -> Path | None:
    """Return the file that an unfinished copy is a copy of: one of its name that begins with all that it holds."""
    root, name = context.root, part.name[1 : -len(PART)]
    sources = (folder / SOURCE for folder in numbered_folders(root.work))
    for folder in (part.parent, root.inbox, root.archive, root.failed, *sources):
        whole = folder / name
        with contextlib.suppress(OSError):
            if is_file(whole) and holds(whole, part):
                return whole
    return None


def _rescue(context: Context, stray: Stray, folder: Path) -> None:
    name = safe_name(stray.path.name.lstrip("."))
    companion = str(stray.companion) if stray.companion else None
    job = transitions.rescue_job(
        context.store,
        name=name,
        source=str(stray.path),
        sidecar=str(stray.sidecar) if stray.sidecar else None,
        companion=companion,
        destination=str(free_destination(context, context.root.failed, name, companion)),
        reason=f"It was found in {stray.path.parent}, and the database knew nothing of it.",
        remedy="Perhaps it was done already: look into the outbox. Else try it again.",
        wanted_id=int(folder.name) if len(folder.name) < 10 else None,
        size=stray.path.lstat().st_size,
        now=time.time(),
    )
    note("original rescued", level=logging.WARNING, job=job.id, name=job.name, source=str(stray.path))
