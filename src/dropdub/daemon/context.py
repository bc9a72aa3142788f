"""What all parts of one run of the supervisor share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dropdub.config import Config, JobOptions
from dropdub.inbox.companions import bare_name
from dropdub.root import Root
from dropdub.store.database import Store
from dropdub.store.tables import Job

STAGING = ".dropdub"
"""The hidden folder in an outbox where deliverables are written before the one rename."""


@dataclass(frozen=True)
class Context:
    """One run: where, how, and who asks. `only` restricts the work to these jobs; `report` speaks to a person."""

    root: Root
    config: Config
    store: Store
    run_id: str
    report: Callable[[str], None]
    only: frozenset[int] | None = None

    def concerns(self, job_id: int) -> bool:
        return self.only is None or job_id in self.only

    def outbox_of(self, job: Job) -> Path:
        """Return the folder that this job publishes into."""
        out = job.options.get("out")
        return Path(out) if out else self.root.outbox

    def staging_of(self, job: Job) -> Path:
        return self.outbox_of(job) / STAGING / str(job_id(job))


def job_id(job: Job) -> int:
    """Return the id of a job that is in the database."""
    assert job.id is not None
    return job.id


def options_of(job: Job) -> JobOptions:
    return JobOptions.model_validate(job.options)


def film_name(job: Job) -> str:
    """Return the name that a job's deliverables are named after.

    Of a subtitle for a film that was done before it is the film's, of one alone its own without the language.
    """
    return str(job.revision["name"]) if job.revision else bare_name(job.name)
