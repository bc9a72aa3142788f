"""Jobs in answers. They name no path of this machine: files have numbers, and folders their names."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from dropdub.operations.suggestions import pasteable_job, pasteable_record
from dropdub.root import FOLDERS, Root
from dropdub.store.views import AttemptView, EventView, JobRecord, JobView, StepView

Hide = Callable[[str | None], str | None]


@dataclass(frozen=True)
class Job:
    """A job, with the fields of `dropdub status --json`, but for its paths: `outputs` are names of files."""

    id: int
    name: str
    kind: str | None
    state: str
    reason: str | None
    remedy: str | None
    progress: float
    stage: str | None
    attempts: int
    created_at: str
    started_at: str | None
    finished_at: str | None
    duration_s: float | None
    language: str | None
    targets: list[str]
    outputs: list[str]
    error: str | None
    warnings: list[str]
    profile: str | None
    dup_of: int | None
    retry_at: str | None
    remaining_s: float | None
    retry_is_due: bool
    folder: str | None


@dataclass(frozen=True)
class JobPage:
    """A page of a list. `counts`: jobs by state in the whole list. `next`: the `after` of the next page; null: none.

    `last_event`: the id of the newest event when the page was read: events that follow are those after it.
    """

    jobs: list[Job]
    counts: dict[str, int]
    next: int | None
    last_event: int


@dataclass(frozen=True)
class JobDetails:
    """A job with its history."""

    job: Job
    events: list[EventView]


@dataclass(frozen=True)
class JobSteps:
    """The steps of a job in all its rounds, each with its attempts."""

    steps: list[StepView]


def shown_job(job: JobView, root: Root) -> Job:
    """Return a job as an answer has it."""
    hide = hiding(root, job)
    known = {name: getattr(pasteable_job(job, root=None), name) for name in Job.__dataclass_fields__}
    known |= {name: hide(known[name]) for name in ("reason", "remedy", "error")}
    outputs = [PurePath(path).name for path in job.outputs]
    return Job(**{**known, "outputs": outputs, "warnings": [str(hide(text)) for text in known["warnings"]]})


def shown_record(record: JobRecord, root: Root) -> tuple[JobDetails, JobSteps]:
    """Return what is known about a job as answers have it."""
    hide = hiding(root, record.job)
    events = [shown_event(event, hide) for event in pasteable_record(record, root=None).events]
    return JobDetails(shown_job(record.job, root), events), JobSteps([_step(step, hide) for step in record.steps])


def shown_event(event: EventView, hide: Hide) -> EventView:
    """Return an event of a job's history as an answer has it."""
    return replace(event, text=str(hide(event.text)))


def hiding(root: Root, job: JobView | None = None) -> Hide:
    """Return a function that replaces the folders of a root, and of a job's outputs, by their names in a text."""
    folders = {str(getattr(root, name)): name for name in FOLDERS} | {str(root.path): ""}
    if job is not None and job.published:
        folders[str(Path(job.published).parent)] = "outbox"
    if job is not None and job.source and len(Path(job.source).parts) > 2:
        folders.setdefault(str(Path(job.source).parent), "")
    known = sorted(folders.items(), key=lambda item: -len(item[0]))

    def hide(text: str | None) -> str | None:
        for folder, name in known if text and folders else ():
            text = _without(str(text), folder, name)
        return text

    return hide


def _without(text: str, folder: str, name: str) -> str:
    """Return a text in which a folder has only its name. What is not below it, but begins like it, stays."""
    for separator in ("/", "\\"):
        text = text.replace(f"{folder}{separator}", f"{name}{separator}" if name else "")
    return re.sub(rf"{re.escape(folder)}(?![\w-]|\.\w)", name or "the root", text)


def _step(step: StepView, hide: Hide) -> StepView:
    return replace(step, error=hide(step.error), attempts=[_attempt(one, hide) for one in step.attempts])


def _attempt(attempt: AttemptView, hide: Hide) -> AttemptView:
    return replace(attempt, error=hide(attempt.error))
