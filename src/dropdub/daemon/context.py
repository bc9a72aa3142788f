"""State shared by all parts of one supervisor run."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dropdub.config import ANYTHING, Config, JobOptions, SidecarLimits
from dropdub.config.watch import InForce, SettingsWatch, User
from dropdub.daemon.logs import note
from dropdub.daemon.start.belonging import Belonging
from dropdub.errors import Waiting
from dropdub.files.durable import safe_name
from dropdub.language_server.server import Server
from dropdub.root import Root
from dropdub.root_record import FOLDERS
from dropdub.store import queries
from dropdub.store.database import Store
from dropdub.store.owner import away_folders, folder_away
from dropdub.store.states import Origin
from dropdub.store.tables import Job


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
    serves: bool = False
    """Whether the web server runs as this run's child."""
    in_force: InForce = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "in_force", InForce(self.started_with))

    @property
    def config(self) -> Config:
        return self.in_force.config

    @property
    def notes(self) -> list[str]:
        """Return the warnings found at startup."""
        elsewhere = Server.of(self.started_with.models.openai).warning
        return [*(self.belonging.notes if self.belonging else ()), *([elsewhere] if elsewhere else [])]

    def concerns(self, job_id: int) -> bool:
        return self.only is None or job_id in self.only

    def refuse_away(self, *names: str) -> None:
        """Raise Waiting if any of these root folders is unavailable, because no file may be moved then."""
        found = away(self, names)
        if found is not None:
            raise found


def settings_watch(context: Context) -> SettingsWatch:
    """Return what keeps the settings in force up to date."""
    user = User("daemon", context.report, lambda config: context.root.refuse_outputs(config.all_outputs()), note)
    return SettingsWatch(context.root.config_file, context.in_force, user)


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


def folder_of(context: Context, job: Job) -> Path:
    """Return the folder that a job works in. A request without a file leaves nothing there but its answer."""
    return context.root.results_dir(job_id(job)) if job.origin == Origin.ASKED else context.root.job_dir(job_id(job))


def earlier_results(context: Context, job: Job) -> dict[str, dict[str, Any]]:
    """Return the results that the next step of a job builds on, by step key. A request without a file has one step."""
    return {} if job.origin == Origin.ASKED else queries.results(context.store, job)


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
