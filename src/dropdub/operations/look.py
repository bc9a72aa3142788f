"""Read the state of a root, or everything about one job."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dropdub.operations.place import Place
from dropdub.operations.suggestions import pasteable_record, pasteable_status
from dropdub.store.root_problems import troubles
from dropdub.store.states import JobState
from dropdub.yaml_file import without_folder

if TYPE_CHECKING:
    from dropdub.errors import ConfigError
    from dropdub.store.views import JobRecord, JobView, StatusView


@dataclass(frozen=True)
class JobDetails:
    """A job's history, and the quality metrics of its dubs: None if its manifest has none, or no longer exists."""

    record: JobRecord
    quality: Mapping[str, Any] | None


def status(
    place: Place, *, states: Sequence[JobState] = (), limit: int | None = None, asked: bool = False
) -> StatusView:
    """Return the daemon's state, the counts of all jobs, and at most `limit` jobs, only those in `states` if any are
    given. `asked`: also what only answers a client of the web server. The notes say what is wrong with the root.

    Raises StoreError.
    """
    view = place.reader().status(now=time.time(), states=states or None, limit=limit, asked=asked)
    notes = [trouble.sentence for trouble in troubles(place.root, place.url)]
    if place.trouble is not None and not _is_said(place.trouble, place, view):
        notes = [place.trouble.sentence, *notes]
    return pasteable_status(replace(view, notes=notes), root=place.named_root)


def _is_said(trouble: ConfigError, place: Place, view: StatusView) -> bool:
    """Return whether the daemon has noticed itself what is wrong with config.yaml."""
    said = without_folder(trouble.message, place.root.config_file)
    return view.daemon is not None and any(note.startswith(said) for note in view.daemon.notes)


def show(place: Place, ref: str) -> JobDetails:
    """Return the job with this number, file name or name without suffix. Raises UsageError if there is none."""
    record = pasteable_record(place.reader().job(ref), root=place.named_root)
    return JobDetails(record, quality_of(record.job))


def quality_of(job: JobView) -> Mapping[str, Any] | None:
    """Return `quality` of the manifest in the job's folder; None if there is none, or no manifest any more."""
    from dropdub.publishing.manifest_file import read_manifest

    manifest = read_manifest(Path(job.published)) if job.published else None
    return manifest.get("quality") if manifest else None


def daemon_runs(place: Place) -> bool:
    """Return whether a daemon is working on the root now."""
    daemon = place.reader().status(now=time.time(), limit=0).daemon
    return daemon is not None and daemon.state == "running"
