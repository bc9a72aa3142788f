"""Which files a job's row means, brought into its work folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from dropdub.daemon.context import Context
from dropdub.errors import BadSidecar
from dropdub.inbox.identity import Identity
from dropdub.inbox.intake import bring_in, remove_error_note
from dropdub.inbox.wanted import Absent, Taken, Wanted
from dropdub.store.tables import Job


def brought(context: Context, job: Job, source_dir: Path) -> Taken | Absent:
    """Move (of a given file: copy) what a job was recorded for. Raises what `bring_in` does."""
    if job.origin == "given":
        return bring_in(Wanted(Path(job.source), job.name), source_dir)
    taken = bring_in(_wanted(context, job), source_dir)
    if job.round > 1 and isinstance(taken, Taken):
        remove_error_note(Path(job.source))
    return taken


def brought_to_end(context: Context, job: Job, source_dir: Path) -> None:
    """Take the file of a job that ends before it was taken, as it is now: others may write to where it lies."""
    wanted = replace(_wanted(context, job), is_again=True, sidecar_seen=None, companion_seen=None)
    try:
        bring_in(wanted, source_dir)
    except BadSidecar:  # what lies beside it is another's, and stays
        bring_in(replace(wanted, sidecar=None, companion=None), source_dir)


def _wanted(context: Context, job: Job) -> Wanted:
    path, root = Path(job.source), context.root
    is_first = job.round == 1
    return Wanted(
        path,
        job.name,
        Identity(job.device or 0, job.inode or "", job.size or 0, job.mtime_ns or 0),
        Path(job.sidecar) if job.sidecar else None,
        Path(job.companion) if job.companion else None,
        sidecar_seen=Identity.of_list(job.sidecar_seen) if is_first else None,
        companion_seen=Identity.of_list(job.companion_seen) if is_first else None,
        within=next((folder for folder in (root.inbox, root.failed) if path.is_relative_to(folder)), None),
        is_again=not is_first,
    )
