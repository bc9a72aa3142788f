"""Rescue originals in the work folder that no job knows, and end jobs whose originals are missing.

Both arise from a new, older or different database. No original is ever removed.
"""

from __future__ import annotations

import contextlib
import logging
import stat
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dropdub.daemon.context import Context, away, job_id
from dropdub.daemon.finish.destinations import Destinations
from dropdub.daemon.isolation import own_error
from dropdub.daemon.logs import note
from dropdub.errors import OriginalKept
from dropdub.files.durable import is_file, is_folder, names_of_part, safe_name
from dropdub.files.held import held
from dropdub.files.removal import SOURCE, begins_with_all_of, holds, remove_copied, remove_tree
from dropdub.inbox.companions import companions
from dropdub.inbox.file_identity import identity
from dropdub.inbox.move_file import lexists
from dropdub.inbox.side_files import sidecar_beside
from dropdub.store import queries, transitions
from dropdub.store.states import HAVE_ORIGINAL, JobState
from dropdub.store.tables import Job

PART = ".part"
_MOST_COMPARED = 1_000_000_000
_Stamp = tuple[int | None, int | None]
"""Size and modification time of a file."""


@dataclass(frozen=True)
class Stray:
    """An original that no unfinished job knows, with its sidecar and companion."""

    path: Path
    sidecar: Path | None = None
    companion: Path | None = None


def rescue_strays(context: Context, *, among: Path | None = None) -> int:
    """Record a failed job for each stray original in the work folder, and remove job folders without one.

    The ending of that job moves the original to `failed/` and writes the error note.
    `among`: check only this job folder. Returns the number of jobs recorded.
    """
    if among is not None and not is_folder(among):
        return 0
    jobs = queries.unfinished_jobs(context.store)
    alive = {str(job_id(job)) for job in jobs}
    known = {Path(path) for job in jobs for path in (job.source, job.sidecar, job.companion) if path}
    folders = context.root.job_dirs() if among is None else [among]
    left = {folder: _kept(context, folder, known) for folder in folders if folder.name not in alive}
    return _rescue_all(context, {folder: kept for folder, kept in left.items() if kept})


def rescue_sentences(rescued: int) -> list[str]:
    """Return the message for the user about rescued originals."""
    if not rescued:
        return []
    what = "1 original was" if rescued == 1 else f"{rescued} originals were"
    text = (
        f"{what} found in work/ but not in the database. Each is moved to failed/ with an error note; nothing is "
        "deleted. Retry them with: `dropdub retry --failed`"
    )
    return [text]


def _kept(context: Context, folder: Path, known: Collection[Path]) -> list[Stray]:
    """Remove what a job made, and unfinished copies; keep and return the originals that no job knows."""
    try:
        kept = [path for path in remove_tree(folder) if path not in known]
        left = list(_without_unfinished_copies(context, kept))
        if len(left) < len(kept):
            remove_tree(folder)
        return strays(left)
    except OSError as error:
        note("leftovers not removed", level=logging.WARNING, folder=str(folder), text=str(error))
        return []


def _rescue_all(context: Context, found: Mapping[Path, Sequence[Stray]]) -> int:
    rescued = 0
    try:
        destinations = Destinations(context, context.root.failed) if found else None
    except OSError as error:  # the files stay in place for the next start
        note("originals could not be rescued", level=logging.ERROR, folder=str(context.root.failed), text=str(error))
        return 0
    for folder, of_folder in found.items():
        for stray in of_folder:
            assert destinations is not None
            try:
                _rescue(context, stray, folder, destinations)
                rescued += 1
            except FileNotFoundError:
                continue
            except Exception as error:  # boundary of one file: it stays in place
                own_error(error, "rescuing an original", path=str(stray.path))
    return rescued


def strays(files: Sequence[Path]) -> list[Stray]:
    """Group the files of a `source/` folder: each original with its sidecar and its subtitle."""
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
    """Decide how jobs end whose original is not where the database says.

    With an older copy of the database, the original's current place shows how the job ended since. Nothing is decided
    while a folder that may hold the original is unavailable.
    """
    if away(context, ("archive", "failed")) is not None:
        return
    at_work = (JobState.QUEUED, JobState.RUNNING, JobState.WAITING)
    without = [job for job in queries.unfinished_jobs(context.store, at_work) if _lacks_original(context, job)]
    if without:
        archived, failed = (_by_stamp(folder) for folder in (context.root.archive, context.root.failed))
        for job in without:
            try:
                _end(context, job, archived, failed)
            except OSError:  # `failed/` cannot be listed: the job's steps will report what is wrong
                continue
            except Exception as error:  # boundary of one job: its steps will report what is wrong
                own_error(error, "ending a job without an original", job=job.id)


def _lacks_original(context: Context, job: Job) -> bool:
    taken = context.root.job_dir(job_id(job)) / SOURCE / job.name
    try:
        is_there = lexists(Path(job.source)) or lexists(taken)
    except OSError:  # it may exist: the job's steps will report what is wrong
        return False
    return not is_there and job.verdict is None and job.origin in HAVE_ORIGINAL


def _end(context: Context, job: Job, archived: Mapping[_Stamp, Path], failed: Mapping[_Stamp, Path]) -> None:
    stamp = (job.size, job.mtime_ns)
    is_archived = _is_of(archived.get(stamp), job)
    where = archived[stamp] if is_archived else failed[stamp] if _is_of(failed.get(stamp), job) else None
    if where is not None:
        reason = f"The job ended after this copy of the database was made. Its original is now {where}."
        remedy = "Look for its outputs in the outbox."
    else:
        reason = f"The original is neither at {job.source} nor in archive or failed."
        remedy = "Drop the file again if you still have it."
    destination = where or Destinations(context, context.root.failed).choose(job.name, job.companion)
    transitions.begin_ending(
        context.store,
        job_id(job),
        verdict=JobState.SUCCEEDED if is_archived else JobState.FAILED,
        reason=reason,
        remedy=remedy,
        destination=str(destination),
        now=time.time(),
    )
    note("original missing", level=logging.WARNING, job=job.id, source=job.source, found=where)


def _by_stamp(folder: Path) -> dict[_Stamp, Path]:
    """Return the files of a folder by size and modification time, which a move preserves."""
    try:
        seen = {path: identity(path) for path in folder.rglob("*") if is_file(path)}
    except OSError:
        return {}
    return {(one.size, one.mtime_ns): path for path, one in seen.items()}


def _is_of(path: Path | None, job: Job) -> bool:
    return path is not None and path.stem.startswith(Path(job.name).stem[:100])


def _without_unfinished_copies(context: Context, kept: Sequence[Path]) -> Iterator[Path]:
    """Yield the files, but remove interrupted copies from another file system whose original still exists."""
    for path in kept:
        source = source_of_copy(context, path) if path.name.startswith(".") and path.name.endswith(PART) else None
        if source is None or not remove_copy(path, source):
            yield path


def remove_copy(part: Path, source: Path) -> bool:
    """Remove an unfinished copy unless its source was changed or removed meanwhile; return whether it was removed."""
    try:
        remove_copied(part, source)
    except (OSError, OriginalKept):
        return False
    return True


def source_of_copy(context: Context, part: Path) -> Path | None:
    """Return the source of an unfinished copy: a file of the same name that begins with the copy's whole content.

    Returns None for copies above `_MOST_COMPARED` bytes: comparing them would block everything else. They are kept,
    and rescued.
    """
    root, names = context.root, names_of_part(part.name)
    if part.lstat().st_size > _MOST_COMPARED:
        return None
    sources = (folder / SOURCE for folder in root.job_dirs())
    for folder in (part.parent, root.archive, root.failed, *sources):
        for source in (folder / name for name in names):
            with contextlib.suppress(OSError):
                if is_file(source) and holds(source, part):
                    return source
    return _source_in_inbox(root.inbox, names, part)


def _source_in_inbox(inbox: Path, names: Sequence[str], part: Path) -> Path | None:
    """Return the source in a folder that others may write to: only a regular file, never a link to one."""
    for name in names:
        with contextlib.suppress(OSError), held(inbox) as folder:
            if stat.S_ISREG(folder.look(name).st_mode) and begins_with_all_of(folder, name, part):
                return inbox / name
    return None


def _rescue(context: Context, stray: Stray, folder: Path, destinations: Destinations) -> None:
    name = safe_name(stray.path.name.lstrip("."))
    companion = str(stray.companion) if stray.companion else None
    job = transitions.rescue_job(
        context.store,
        name=name,
        source=str(stray.path),
        sidecar=str(stray.sidecar) if stray.sidecar else None,
        companion=companion,
        destination=str(destinations.choose(name, companion)),
        reason=f"The file was found in {stray.path.parent} but not in the database.",
        remedy="It may have been processed already, so check the outbox first. If not, run: `dropdub retry JOB`.",
        wanted_id=int(folder.name) if len(folder.name) < 10 else None,
        size=stray.path.lstat().st_size,
        now=time.time(),
    )
    note("original rescued", level=logging.WARNING, job=job.id, name=job.name, source=str(stray.path))
