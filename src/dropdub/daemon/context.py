"""State shared by all parts of one supervisor run."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from dropdub.config import ANYTHING, Config, JobOptions, SidecarLimits
from dropdub.daemon.start.belonging import Belonging
from dropdub.errors import Waiting
from dropdub.files.durable import safe_name
from dropdub.inbox.companions import bare_name
from dropdub.root import Root
from dropdub.root_record import FOLDERS
from dropdub.store.database import Store
from dropdub.store.owner import away_folders, folder_away
from dropdub.store.tables import Job


@dataclass
class InForce:
    """The settings in force: those of the start, with what was taken over from a changed config.yaml since."""

    config: Config


@dataclass(frozen=True)
class Context:
    """One supervisor run. `only` limits it to these jobs; `report` prints a line for the user."""

    root: Root
    started_with: Config
    store: Store
    run_id: str
    report: Callable[[str], None]
    only: frozenset[int] | None = None
    belonging: Belonging | None = None
    sidecar_limits: SidecarLimits = ANYTHING
    """The options that a dropped file's sidecar may set."""
    in_force: InForce = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "in_force", InForce(self.started_with))

    @property
    def config(self) -> Config:
        return self.in_force.config

    @property
    def notes(self) -> list[str]:
        """Return the warnings found at startup."""
        return list(self.belonging.notes) if self.belonging else []

    def concerns(self, job_id: int) -> bool:
        return self.only is None or job_id in self.only

    def refuse_away(self, *names: str) -> None:
        """Raise Waiting if any of these root folders is unavailable, because no file may be moved then."""
        found = away(self, names)
        if found is not None:
            raise found


def away(context: Context, names: Collection[str] = FOLDERS) -> Waiting | None:
    """Return why work must wait for a folder whose disk is not mounted, or None if all are available."""
    record = context.belonging.record if context.belonging else None
    folder = next((folder for name, folder in away_folders(context.root, record) if name in names), None)
    if folder is None or record is None:
        return None
    error = folder_away(folder, record)
    return Waiting(error.message, condition="folder", remedy=error.remedy)


def job_id(job: Job) -> int:
    """Return the id of a job already stored in the database."""
    assert job.id is not None
    return job.id


def options_of(job: Job) -> JobOptions:
    return JobOptions.model_validate(job.options)


def place_of(job: Job) -> tuple[str, ...]:
    """Return the folders for a job's files in outbox/, archive/ and failed/: those that its original had in the inbox.

    The folder that selects a profile is not among them. A corrected subtitle from the inbox itself goes to where its
    recording's results are.
    """
    folder = job.folder or (job.revision or {}).get("folder") or ""
    names = [safe_name(name) for name in folder.split("/") if name]
    return tuple(names[1:] if job.folder and job.profile is not None else names)


def shown_name(job: Job) -> str:
    """Return a job's file name with the folder in the inbox that it came from."""
    return f"{job.folder}/{job.name}" if job.folder else job.name


def film_name(job: Job) -> str:
    """Return the name that a job's deliverables are named after.

    For a subtitle of an already processed recording, this is the recording's name; for any other subtitle, its own
    name without the language.
    """
    return str(job.revision["name"]) if job.revision else bare_name(job.name)
