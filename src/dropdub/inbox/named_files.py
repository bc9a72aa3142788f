"""Files that are still in the inbox: found by the name a user gives, and recorded as jobs ahead of the daemon."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dropdub.errors import TransitionRefused, UsageError
from dropdub.files.durable import safe_name
from dropdub.files.ownership import owner_at
from dropdub.inbox.file_identity import Identity
from dropdub.inbox.scan import Drop
from dropdub.store import queries, transitions
from dropdub.store.database import Store
from dropdub.store.tables import Job
from dropdub.store.transitions import NewJob


def waiting_file(ref: str, drops: Sequence[Drop], *, inbox: Path) -> Drop | None:
    """Return the file that `ref` names by file name, name without suffix, or path; None if it names none.

    Raises UsageError if it names several.
    """
    found = _by_path(ref, drops, inbox) if len(Path(ref).parts) > 1 else _by_name(ref, drops)
    if len(found) > 1:
        paths = " and ".join(str(drop.path) for drop in found)
        raise UsageError(f"{ref!r} may be any of these: {paths}.", remedy="Name the file by its path.")
    return found[0] if found else None


def new_job(drop: Drop) -> NewJob:
    """Return the values that are recorded for a file before it is taken."""
    return NewJob(
        name=safe_name(drop.path.name),
        source=str(drop.path),
        sidecar=str(drop.sidecar) if drop.sidecar else None,
        companion=str(drop.companion) if drop.companion else None,
        device=drop.device,
        inode=drop.inode,
        size=drop.size,
        mtime_ns=drop.mtime_ns,
        owner=drop.owner or owner_at(drop.path),
        folder=drop.folder,
        sidecar_seen=drop.sidecar_identity.as_list() if drop.sidecar_identity else None,
        companion_seen=drop.companion_identity.as_list() if drop.companion_identity else None,
        profile=drop.profile,
    )


def record_drop(store: Store, drop: Drop, *, now: float) -> Job:
    """Record the intent to take a file, or return the unfinished job that already has it.

    Raises TransitionRefused if that job ended meanwhile.
    """
    try:
        return transitions.record_job(store, **vars(new_job(drop)), now=now)
    except TransitionRefused:
        same = next((job for job in queries.unfinished_jobs(store) if _identity(job) == drop.identity), None)
        if same is None:
            raise
        return same


def _by_path(ref: str, drops: Sequence[Drop], inbox: Path) -> list[Drop]:
    """Return the files at a path that is absolute, or relative to the inbox or to the current folder."""
    meant = {_in_real_folder(inbox / ref), _in_real_folder(Path(ref).absolute())}
    return [drop for drop in drops if drop.path.name == Path(ref).name and _in_real_folder(drop.path) in meant]


def _by_name(ref: str, drops: Sequence[Drop]) -> list[Drop]:
    named = [drop for drop in drops if ref in (drop.path.name, safe_name(drop.path.name))]
    return named or [drop for drop in drops if ref == drop.path.stem]


def _in_real_folder(path: Path) -> Path:
    """Return a path with its folders resolved, but not its last part: a link is a file of its own."""
    return path.parent.resolve() / path.name


def _identity(job: Job) -> Identity | None:
    """Return the identity of a job's file when it was recorded; None for a file given by path."""
    if job.device is None or job.inode is None or job.size is None or job.mtime_ns is None:
        return None
    return Identity(job.device, job.inode, job.size, job.mtime_ns)
