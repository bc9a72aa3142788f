"""A whole model: put together in `NAME.part`, checked, and only then called NAME.

Killed at any moment, the next pull goes on with what is in `NAME.part`. One pull of a model runs at a time.
"""

from __future__ import annotations

import errno
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout

from dropdub.engines.catalogue import KnownModel
from dropdub.engines.download.hub import Hub, RemoteFile
from dropdub.engines.download.record import (
    RECORD_NAME,
    Condition,
    FileRecord,
    ModelRecord,
    Presence,
    examine,
    part_of,
    read_record,
    write_record,
)
from dropdub.engines.download.transfer import Patience, fetch
from dropdub.errors import AccessDenied, DiskFull, DownloadFailed, DownloadRefused, ModelIncomplete
from dropdub.files import rename, write_whole
from dropdub.quantities import format_size
from dropdub.removal import remove, remove_tree

PLAN_NAME = "dropdub-pull.json"
"""In `NAME.part`: the revisions of the pull that was begun, so that no two revisions are ever mixed."""


class Meter(Protocol):
    """Shows how far a pull is."""

    def begin(self, total: int) -> None:
        """So many bytes make the model; what is here already is told to `advance` as well."""

    def advance(self, count: int) -> None:
        """So many bytes more are here; a negative number were thrown away."""

    def say(self, line: str) -> None:
        """Tell a person."""


def pull(model: KnownModel, models_dir: Path, hub: Hub, *, meter: Meter, patience: Patience | None = None) -> Condition:
    """Bring a model to `models_dir`, or repair it, and return how it is then.

    A model that is whole, or that a person put there, is left as it is. Raises DownloadFailed, DownloadRefused,
    DiskFull, AccessDenied, and ModelIncomplete where a folder made by hand is in the way.
    """
    folder = models_dir / model.name
    with _disk_told(models_dir), _alone(model, models_dir, meter):
        condition = examine(folder, model, thorough=True)
        if condition.usable:
            return condition
        if condition.presence is Presence.LACKING:
            raise ModelIncomplete(
                f"{folder} was put there by hand and is not whole: {' '.join(condition.faults)}",
                remedy=f"Add what is missing, or move the folder away, then: jobs models pull {model.name}",
            )
        part = _begin(folder, condition)
        with _offline_told(model, folder):
            _fill(model, part, hub, meter=meter, patience=patience or Patience())
        rename(part, folder)
        return examine(folder, model, thorough=False)


def free_bytes(folder: Path) -> int:
    """Return how much may still be written where `folder` lies."""
    return shutil.disk_usage(folder).free


def _begin(folder: Path, condition: Condition) -> Path:
    """Return the folder to work in; a damaged model becomes it, so that what is right of it is used again."""
    part = part_of(folder)
    if condition.presence is Presence.DAMAGED:
        _take_apart(folder, part, condition)
    part.mkdir(parents=True, exist_ok=True)
    return part


def _take_apart(folder: Path, part: Path, condition: Condition) -> None:
    remove_tree(part)
    revisions = _recorded_revisions(folder)
    rename(folder, part)
    _write_plan(part, revisions)
    for name in (*condition.bad, RECORD_NAME):
        remove(part / name)


def _recorded_revisions(folder: Path) -> Mapping[str, str]:
    try:
        record = read_record(folder)
    except ValueError:
        return {}
    return record.sources if record else {}


def _fill(model: KnownModel, part: Path, hub: Hub, *, meter: Meter, patience: Patience) -> None:
    """Bring all files into `part`, and the record last."""
    files = patience.retrying()(_listed, model, hub, _read_plan(part))
    revisions = {file.repository: file.revision for file in files}
    _write_plan(part, revisions)
    _check_room(model, files, part)
    meter.begin(sum(file.size for file in files))
    records = tuple(_fetched(file, part, hub, meter, patience) for file in files)
    remove(part / PLAN_NAME)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    write_record(part, ModelRecord(model.name, revisions, records, model.licence.name, now))


def _fetched(file: RemoteFile, part: Path, hub: Hub, meter: Meter, patience: Patience) -> FileRecord:
    digest = fetch(hub, file, part / file.name, patience=patience, advance=meter.advance)
    return FileRecord(file.name, file.size, digest)


def _listed(model: KnownModel, hub: Hub, plan: Mapping[str, str]) -> list[RemoteFile]:
    """Return all files of a model: at the revisions that were begun with, where the hub still has them."""
    try:
        return [file for source in model.sources for file in hub.files(source, plan[source.repository])]
    except (KeyError, DownloadRefused):
        return [file for source in model.sources for file in hub.files(source, source.revision)]


def _read_plan(part: Path) -> dict[str, str]:
    try:
        data = json.loads((part / PLAN_NAME).read_text(encoding="utf-8"))
        return {str(name): str(revision) for name, revision in data.items()}
    except (OSError, ValueError, AttributeError):
        return {}


def _write_plan(part: Path, revisions: Mapping[str, str]) -> None:
    write_whole(part / PLAN_NAME, json.dumps(dict(revisions)).encode())


def _check_room(model: KnownModel, files: list[RemoteFile], part: Path) -> None:
    here = sum(min(file.size, (part / file.name).stat().st_size) for file in files if (part / file.name).is_file())
    needed, free = sum(file.size for file in files) - here, free_bytes(part)
    if needed > free:
        raise DiskFull(
            f"{model.name} needs {format_size(needed)} of disk; {format_size(free)} are free where {part.parent} lies.",
            remedy="Free some disk space, or set models.dir in config.yaml to a folder of another disk.",
        )


@contextmanager
def _alone(model: KnownModel, models_dir: Path, meter: Meter) -> Iterator[None]:
    """Wait until no other process pulls the same model."""
    models_dir.mkdir(parents=True, exist_ok=True)
    lock = FileLock(models_dir / f".{model.name}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        meter.say(f"{model.name} is being pulled by another process: waiting for it.")
        lock.acquire(poll_interval=0.2)
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _offline_told(model: KnownModel, folder: Path) -> Iterator[None]:
    """Name, where the hub cannot be had, the way without it."""
    try:
        yield
    except DownloadFailed as error:
        if error.remedy != DownloadFailed.usual_remedy:
            raise
        again = f"Try again: jobs models pull {model.name} goes on where it stopped."
        offline = f"Or copy the folder {model.name} from a machine that has it to {folder}."
        raise DownloadFailed(error.message, remedy=f"{again} {offline}") from error


@contextmanager
def _disk_told(models_dir: Path) -> Iterator[None]:
    try:
        yield
    except PermissionError as error:
        raise AccessDenied(f"{error.filename or models_dir} cannot be written.") from error
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise DiskFull(f"The disk where {models_dir} lies is full.") from error
