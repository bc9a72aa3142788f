"""The recording of a job: that of the job itself, or the one whose words its subtitle corrects."""

from __future__ import annotations

from pathlib import Path

from dropdub.inbox.companions import bare_name
from dropdub.store.tables import Job


def film_name(job: Job) -> str:
    """Return the name that a job's deliverables are named after.

    For a subtitle of an already processed recording, this is the recording's name; for any other subtitle, its own
    name without the language.
    """
    return str(job.revision["name"]) if job.revision else bare_name(job.name)


def film_path(job: Job) -> Path:
    """Return where the recording of an ended job was put."""
    return Path(job.revision["film"] if job.revision else job.source)
