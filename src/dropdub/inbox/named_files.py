"""A file that still waits in the inbox: found as a person names it, and recorded as a job before the daemon does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dropdub.errors import TransitionRefused, UsageError
from dropdub.files.durable import safe_name
from dropdub.files.ownership import owner_at
from dropdub.inbox.identity import Identity
from dropdub.inbox.scan import Drop
from dropdub.store import queries, transitions
from dropdub.store.database import Store
from dropdub.store.tables import Job
from dropdub.store.transitions import NewJob


def waiting_file(ref: str, drops: Sequence[Drop], *, inbox: Path) -> Drop | None:
    """Return the file that `ref` means: its name, its name without suffix, or its path; None where none is meant.

    Raises UsageError where several are.
    """
    found = _by_path(ref, drops, inbox) if len(Path(ref).parts) > 1 else _by_name(ref, drops)
    if len(found) > 1:
        paths = " and ".join(str(drop.path) for drop in found)
        raise UsageError(f"{ref!r} may be any of these: {paths}.", remedy="Name the one you mean by its path.")
    return found[0] if found else None


def new_job(drop: Drop) -> NewJob:
    """Return what is recorded of a file before it is taken."""
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
    """Record the intent to take a file, or return the unfinished job that has it already.

    Raises TransitionRefused where that job has ended meanwhile.
    """
    try:
        return transitions.record_job(store, **vars(new_job(drop)), now=now)
    except TransitionRefused:
        same = next((job for job in queries.unfinished_jobs(store) if _identity(job) == drop.identity), None)
        if same is None:
            raise
        return same


def _by_path(ref: str, drops: Sequence[Drop], inbox: Path) -> list[Drop]:
    """Look for a path that is absolute, or begins in the inbox or in the current folder."""
    meant = {_placed(inbox / ref), _placed(Path(ref).absolute())}
    return [drop for drop in drops if drop.path.name == Path(ref).name and _placed(drop.path) in meant]


def _by_name(ref: str, drops: Sequence[Drop]) -> list[Drop]:
    named = [drop for drop in drops if ref in (drop.path.name, safe_name(drop.path.name))]
    return named or [drop for drop in drops if ref == drop.path.stem]


def _placed(path: Path) -> Path:
    """Return a path whose folders are the real ones; a link in the last place is no other file."""
    return path.parent.resolve() / path.name


def _identity(job: Job) -> Identity | None:
    """Return how the file of a job looked when it was recorded; None for one that was given by name."""
    if job.device is None or job.inode is None or job.size is None or job.mtime_ns is None:
        return None
    return Identity(job.device, job.inode, job.size, job.mtime_ns)
