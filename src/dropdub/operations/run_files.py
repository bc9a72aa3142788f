"""Process a few files in the foreground."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from dropdub import service
from dropdub.config import load_config
from dropdub.config.problems import first_problem
from dropdub.daemon.main import run_files
from dropdub.dubbing.configured import IMPOSSIBLE, Installed, as_usage_error
from dropdub.errors import UsageError
from dropdub.media.suffixes import MEDIA_SUFFIXES
from dropdub.operations.place import Place
from dropdub.operations.suggestions import pasteable_job
from dropdub.pasting import pasteable, pasteable_messages
from dropdub.root import Root
from dropdub.store.states import JobState

if TYPE_CHECKING:
    from dropdub.store.views import JobView


def run(
    place: Place,
    files: Sequence[Path],
    *,
    overrides: Mapping[str, Any],
    profile: str | None = None,
    report: Callable[[str], None],
    on_view: Callable[[list[JobView]], None],
    on_note: Callable[[str], None] = lambda _note: None,
) -> tuple[JobView, ...]:
    """Process copies of `files` now, with `overrides` of the options of jobs; return the jobs in this order.

    `report` is called with a line for each event, `on_view` with the jobs as they change, and `on_note`, again and
    again, with what keeps a file from being picked up. If the run was stopped, jobs
    without `finished_at` are left to the next daemon. Raises UsageError, before anything is recorded, for files,
    options and folders that cannot be used.
    """
    _refuse_impossible(place, files, overrides, profile)
    _refuse_unseen(place.root, files, overrides.get("out"))
    _make_out(overrides)

    def completed(jobs: Sequence[JobView]) -> list[JobView]:
        return [pasteable_job(job, root=place.named_root) for job in jobs]

    def show(jobs: Sequence[JobView]) -> None:
        on_view(completed(jobs))
        if any(job.state == JobState.CLAIMING for job in jobs):
            for note in _notes(place):
                on_note(note)

    ids = run_files(place.root.path, files, overrides=overrides, profile=profile, report=report, on_view=show)
    return tuple(completed(place.reader().find([str(id_) for id_ in ids])))


def _notes(place: Place) -> list[str]:
    """Return the daemon's notes, with commands completed."""
    daemon = place.reader().status(now=time.time(), limit=0).daemon
    return pasteable_messages(daemon.notes, root=place.named_root) if daemon is not None else []


def _refuse_unseen(root: Root, files: Sequence[Path], out: str | None) -> None:
    """Raise UsageError for files, and a folder for results, that a daemon running as a service cannot access."""
    results = [Path(out)] if out is not None else []
    for path in service.unseen(root.path, [*files, *results]):
        raise UsageError(
            f"The service that does the work cannot access {path}: home and temporary folders are hidden from it.",
            remedy=f"Drop a copy into the inbox:\n  {pasteable(['cp', path, f'{root.inbox}/'])}"
            if path in files
            else f"Omit --out and collect the results from {root.outbox}, or name the folder in config.yaml.",
        )


def _refuse_impossible(place: Place, files: Sequence[Path], overrides: Mapping[str, Any], profile: str | None) -> None:
    """Raise UsageError for options that are invalid or that no installed engine can carry out, and for unknown
    profiles, before anything is recorded.
    """
    config = load_config(place.root.config_file)
    if profile is not None and profile not in config.profiles:
        known = ", ".join(sorted(config.profiles)) or "none"
        raise UsageError(f"There is no profile {profile!r}.", remedy=f"Profiles in config.yaml: {known}.")
    try:
        options = config.options_for(profile, dict(overrides))
    except ValidationError as error:
        raise UsageError(f"{first_problem(error)}.") from error
    if "out" in overrides:
        place.root.refuse_outputs({"--out": overrides["out"]})
    try:
        Installed(place.root, config).refuse(options, is_heard=all(map(_is_recording, files)))
    except IMPOSSIBLE as error:
        raise as_usage_error(error) from error


def _is_recording(file: Path) -> bool:
    return file.suffix.lower() in MEDIA_SUFFIXES


def _make_out(overrides: Mapping[str, Any]) -> None:
    """Create the folder for the results with the caller's rights: the daemon would wait for a missing one."""
    if "out" in overrides:
        with suppress(OSError):  # a share that is not connected yet
            Path(overrides["out"]).mkdir(parents=True, exist_ok=True)
