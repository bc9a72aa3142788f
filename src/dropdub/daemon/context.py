"""What all parts of one run of the supervisor share."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from dropdub.config import ANYTHING, Config, JobOptions, Steering
from dropdub.daemon.start.belonging import Belonging
from dropdub.errors import Waiting
from dropdub.inbox.companions import bare_name
from dropdub.root import Root
from dropdub.root_record import FOLDERS
from dropdub.store.database import Store
from dropdub.store.owner import away_folders, folder_away
from dropdub.store.tables import Job


@dataclass(frozen=True)
class Context:
    """One run: where, how, and who asks. `only` restricts the work to these jobs; `report` speaks to a person."""

    root: Root
    config: Config
    store: Store
    run_id: str
    report: Callable[[str], None]
    only: frozenset[int] | None = None
    belonging: Belonging | None = None
    steering: Steering = ANYTHING
    """What the options beside a dropped file may set."""

    @property
    def notes(self) -> list[str]:
        """Return what was found at the start."""
        return list(self.belonging.notes) if self.belonging else []

    def concerns(self, job_id: int) -> bool:
        return self.only is None or job_id in self.only

    def refuse_away(self, *names: str) -> None:
        """Raise Waiting if one of these folders of the root is away: nothing is to be moved then."""
        found = away(self, names)
        if found is not None:
            raise found


def away(context: Context, names: Collection[str] = FOLDERS) -> Waiting | None:
    """Return why work waits for folders that are away because their disk is not mounted; None if none is."""
    record = context.belonging.record if context.belonging else None
    folder = next((folder for name, folder in away_folders(context.root, record) if name in names), None)
    if folder is None or record is None:
        return None
    error = folder_away(folder, record)
    return Waiting(error.message, condition="folder", remedy=error.remedy)


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
