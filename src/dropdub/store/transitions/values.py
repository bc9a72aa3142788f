"""Arguments and results of transitions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dropdub.store.states import Origin, Outcome, Priority
from dropdub.store.steps import StepSpec
from dropdub.store.tables import Job, Step

FileIdentity = tuple[int | None, str, int | None, int | None]
"""Device, inode, size and modification time: they distinguish files of the same name."""
Party = tuple[str | None, str | None]
"""The unit of fair scheduling: the owner of dropped files, and their folder in the inbox."""


@dataclass(frozen=True)
class NewJob:
    """The intent to take a file. Its fields are columns of the job row; a file given by path has no `inode`."""

    name: str
    source: str
    origin: str = Origin.DROPPED
    sidecar: str | None = None
    companion: str | None = None
    given_path: str | None = None
    device: int | None = None
    inode: str | None = None
    size: int | None = None
    mtime_ns: int | None = None
    sidecar_seen: Sequence[Any] | None = None
    companion_seen: Sequence[Any] | None = None
    owner: str | None = None
    folder: str | None = None
    profile: str | None = None
    priority: int = Priority.NORMAL
    request_key: str | None = None
    revision: Mapping[str, Any] | None = None
    overrides: Mapping[str, Any] = field(default_factory=dict)

    @property
    def identity(self) -> FileIdentity | None:
        """Return the file's identity; None if only its name is known."""
        return None if self.inode is None else (self.device, self.inode, self.size, self.mtime_ns)


@dataclass(frozen=True)
class AskedJob:
    """A job that a request asks for, with its first steps. Its fields are columns of the job row.

    `key` is equal for a request and its repetitions; None: it is never repeated.
    """

    name: str
    request: Mapping[str, Any]
    steps: Sequence[StepSpec]
    options: Mapping[str, Any]
    origin: Origin = Origin.ASKED
    priority: Priority = Priority.INTERACTIVE
    source: str = ""
    size: int | None = None
    content_hash: str | None = None
    key: str | None = None
    batch: str | None = None


@dataclass(frozen=True)
class Asked:
    """The job that answers a request. `is_joined`: an earlier request of the same key had recorded it."""

    job_id: int
    is_joined: bool


@dataclass(frozen=True)
class ReadUpTo:
    """How far a monitored file has been read: the columns of its row, which says what they mean."""

    path: str
    identity: str = ""
    offset: int = 0
    mark: str = ""
    encoding: str = ""
    lines: int = 0


@dataclass(frozen=True)
class TakenJob:
    """A job whose file was moved to `source`, with the values needed to queue it."""

    job_id: int
    source: str
    overrides: Mapping[str, Any]
    options: Mapping[str, Any]
    steps: Sequence[StepSpec]
    sidecar: str | None = None
    companion: str | None = None
    revision: Mapping[str, Any] | None = None
    kind: str | None = None


@dataclass(frozen=True)
class Claim:
    """A step claimed by this run, under `step.token`. Both rows are copies made at the time of the claim."""

    step: Step
    job: Job


@dataclass(frozen=True)
class AttemptEnd:
    """How an attempt ended. `peak_memory` is in bytes."""

    outcome: Outcome
    exit_code: int | None = None
    error_class: str | None = None
    error_text: str | None = None
    peak_memory: int | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class JobFacts:
    """What a step found out about its job. None leaves the column unchanged; warnings and outputs are added."""

    kind: str | None = None
    duration_s: float | None = None
    language: str | None = None
    content_hash: str | None = None
    dup_of: int | None = None
    warnings: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
