"""Complete the commands in what was read, so that they can be pasted into a shell."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dropdub.pasting import pasteable_messages

if TYPE_CHECKING:
    from dropdub.store.views import JobRecord, JobView, StatusView


def pasteable_status(view: StatusView, *, root: Path | None) -> StatusView:
    """Return the status with its commands completed. `root`: None if the shell finds it without `--root`."""
    daemon = view.daemon and replace(view.daemon, notes=pasteable_messages(view.daemon.notes, root=root))
    jobs = [pasteable_job(job, root=root) for job in view.jobs]
    return replace(view, daemon=daemon, jobs=jobs, notes=pasteable_messages(view.notes, root=root))


def pasteable_record(record: JobRecord, *, root: Path | None) -> JobRecord:
    """Return a job's record with its commands completed."""
    number = record.job.id
    events = [replace(event, text=pasteable_messages(event.text, root=root, job=number)) for event in record.events]
    return replace(record, job=pasteable_job(record.job, root=root), events=events)


def pasteable_job(job: JobView, *, root: Path | None) -> JobView:
    """Return a job with its commands completed."""
    return replace(
        job,
        reason=pasteable_messages(job.reason, root=root, job=job.id),
        remedy=pasteable_messages(job.remedy, root=root, job=job.id),
        error=pasteable_messages(job.error, root=root, job=job.id),
        warnings=pasteable_messages(job.warnings, root=root, job=job.id),
    )
