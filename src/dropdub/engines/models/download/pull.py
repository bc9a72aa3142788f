"""A whole model: put together in `NAME.part`, checked, and only then called NAME.

Killed at any moment, the next pull goes on with what is in `NAME.part`. One pull of a model runs at a time. Nothing is
written but the model's files, the plan and the record, all in `NAME.part`; and no more than is pinned or was announced.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout

from dropdub.engines.models.catalogue import KnownModel
from dropdub.engines.models.download.hub import Hub, RemoteFile
from dropdub.engines.models.download.plan import PLAN_NAME, Plan
from dropdub.engines.models.download.record import (
    RECORD_NAME,
    Condition,
    ModelRecord,
    Presence,
    examine,
    part_of,
    write_record,
)
from dropdub.engines.models.download.transfer import Patience, fetch
from dropdub.engines.models.folders import FileRecord
from dropdub.errors import AccessDenied, DiskFull, DownloadFailed, DownloadRefused, ModelIncomplete
from dropdub.files.durable import free_bytes, rename
from dropdub.files.held import NOT_ENTERED, HeldFolder
from dropdub.files.ownership import is_exchangeable, owner_at, speaks_for
from dropdub.files.removal import remove, remove_tree
from dropdub.units import format_size

_MOST_TIMES = 3
"""What is not pinned may take this many times what the catalogue says of it."""
_LONGEST_WAIT_S = 6 * 3600.0
"""Who may read the lock can hold it for ever."""


class Meter(Protocol):
    """Shows how far a pull is."""

    def begin(self, total: int) -> None:
        """Take note of how many bytes make the model; `advance` gets those that are here already, too."""

    def advance(self, count: int) -> None:
        """Take note of how many bytes more are here; a negative number were thrown away."""

    def say(self, line: str) -> None:
        """Show a line to a person."""


def pull(model: KnownModel, models_dir: Path, hub: Hub, *, meter: Meter, patience: Patience | None = None) -> Condition:
    """Bring a model to `models_dir`, or repair it, and return how it is then.

    A model that is whole, or that a person put there, is left as it is. Raises DownloadFailed, DownloadRefused,
    DiskFull, AccessDenied, and ModelIncomplete where a folder made by hand is in the way.
    """
    folder = models_dir / model.name
    with _disk_in_sentences(models_dir), _alone(model, models_dir, meter):
        _refuse_exchangeable(models_dir)
        _refuse_anothers(folder)
        condition = examine(folder, model, thorough=True)
        if condition.usable:
            return condition
        if condition.presence is Presence.LACKING:
            raise ModelIncomplete(
                f"{folder} was put there by hand and is not whole: {' '.join(condition.faults)}",
                remedy=f"Add what is missing, or move the folder away, then: jobs models pull {model.name}",
            )
        is_damaged = condition.presence is Presence.DAMAGED
        plan = _taken_apart(folder, condition) if is_damaged else None
        with _worked_in(part_of(folder)) as work:
            part = work.through(PLAN_NAME).parent
            if plan is not None:
                plan.write(part)
                for name in (*condition.bad, RECORD_NAME):
                    remove(part / name)
            with _offline_way_named(model, folder), _past_named(model, work):
                _fill(model, work, hub, meter=meter, patience=patience or Patience())
            _refuse_exchanged(work)
        rename(work.path, folder)
        return examine(folder, model, thorough=False)


def leads_elsewhere(folder: Path) -> bool:
    """Return whether a folder is a link, or on Windows a junction."""
    found = folder.lstat()
    if sys.platform == "win32":
        return bool(found.st_file_attributes & stat.FILE_ATTRIBUTE_REPARSE_POINT)
    return stat.S_ISLNK(found.st_mode)


def _taken_apart(folder: Path, condition: Condition) -> Plan:
    """Make a damaged model the folder to work in, so that what is right of it is used again; return what it was."""
    part = part_of(folder)
    if leads_elsewhere(folder):
        raise ModelIncomplete(
            f"{folder} is a link, and what it leads to is not whole: {' '.join(condition.faults)}",
            remedy="Repair what it leads to, or remove the link.",
        )
    if part.is_symlink():
        raise _is_link(part)
    remove_tree(part)
    plan = Plan.remembering(folder)
    rename(folder, part)
    return plan


@contextmanager
def _worked_in(part: Path) -> Iterator[HeldFolder]:
    """Hold the folder to work in: what is done in it is done nowhere else, whatever gets its name meanwhile."""
    part.mkdir(mode=0o755, exist_ok=True)
    with HeldFolder.open(part.parent) as models:
        try:
            work = models.enter(part.name)
        except OSError as error:
            raise (_is_link(part) if error.errno in NOT_ENTERED else error) from error
        with work:
            _shut_others_out(work)
            yield work


def _is_link(path: Path | str) -> AccessDenied:
    return AccessDenied(f"{path} is a link, and is not written to.", remedy="Remove it, then pull again.")


def _shut_others_out(work: HeldFolder) -> None:
    """Take from other accounts the right to write here, and remove the files that they have put here.

    Raises AccessDenied where the folder itself is another account's.
    """
    if sys.platform == "win32":  # who may write is inherited from the models' folder
        return
    found = work.own()
    if found.st_uid != os.geteuid():
        raise AccessDenied(f"{work.path} belongs to another account.", remedy="Remove it, then pull again.")
    with suppress(OSError):  # a share that has its own rules
        os.fchmod(work.handle, stat.S_IMODE(found.st_mode) & ~(stat.S_IWGRP | stat.S_IWOTH))
    for name in work.names():
        entry = work.look(name)
        if entry.st_uid != found.st_uid and not stat.S_ISDIR(entry.st_mode):
            remove(work.through(name))


def _refuse_exchanged(work: HeldFolder) -> None:
    try:
        is_same = os.path.samestat(work.own(), work.path.lstat())
    except FileNotFoundError:
        is_same = False
    if not is_same:
        message = f"{work.path} was renamed or exchanged while files came into it."
        raise AccessDenied(message, remedy=f"See who else may write to {work.path.parent}, then pull again.")


def _refuse_anothers(folder: Path) -> None:
    """Refuse a model of an account that the models' folder is not trusted to."""
    if os.path.lexists(folder) and not speaks_for(owner_at(folder), owner_at(folder.parent)):
        message = f"{folder} belongs to another account: what is in it is not trusted."
        raise AccessDenied(message, remedy="Move it away, or make it yours, then pull again.")


def _refuse_exchangeable(models_dir: Path) -> None:
    if is_exchangeable(models_dir):
        raise AccessDenied(
            f"Every account may rename and exchange what is in {models_dir}.",
            remedy=f"Take that right away: chmod o-w {models_dir}",
        )


def _fill(model: KnownModel, work: HeldFolder, hub: Hub, *, meter: Meter, patience: Patience) -> None:
    """Bring all files into the folder to work in, and the record last."""
    part = work.through(PLAN_NAME).parent
    files = patience.retrying()(_listed, model, hub, Plan.read(part))
    _refuse_oversize(model, files, hub)
    revisions = {file.repository: file.revision for file in files}
    Plan.read(part).begun(revisions).write(part)
    _check_room(model, files, part, work.path.parent)
    meter.begin(sum(file.size for file in files))
    records = tuple(_fetched(file, part, hub, meter, patience) for file in files)
    for name in model.names() - {file.name for file in files}:  # left by another server, and never checked
        remove(part / name)
    remove(part / PLAN_NAME)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    write_record(part, ModelRecord(model.name, revisions, records, model.licence.name, now))


def _fetched(file: RemoteFile, part: Path, hub: Hub, meter: Meter, patience: Patience) -> FileRecord:
    digest = fetch(hub, file, part / file.name, patience=patience, advance=meter.advance)
    return FileRecord(file.name, file.size, digest)


def _listed(model: KnownModel, hub: Hub, plan: Plan) -> list[RemoteFile]:
    """Return all files of a model: pinned or remembered, or at the revisions that were begun with, where the hub still
    has them.
    """
    begun = [plan.applied(source) for source in model.sources]
    try:
        return [file for source in begun for file in hub.files(source)]
    except DownloadRefused:
        if begun == list(model.sources) or plan.remembered:
            raise
        return [file for source in model.sources for file in hub.files(source)]


def _refuse_oversize(model: KnownModel, files: list[RemoteFile], hub: Hub) -> None:
    announced = sum(file.size for file in files if not file.is_known)
    if announced > _MOST_TIMES * model.download_bytes:
        raise DownloadRefused(
            f"{hub.place} announces {format_size(announced)} for {model.name}, "
            f"which takes about {format_size(model.download_bytes)}: nothing was fetched.",
            remedy="Name another mirror: jobs models pull --mirror URL.",
        )


def _check_room(model: KnownModel, files: list[RemoteFile], part: Path, models_dir: Path) -> None:
    here = sum(min(file.size, (part / file.name).stat().st_size) for file in files if (part / file.name).is_file())
    needed, free = sum(file.size for file in files) - here, free_bytes(part)
    if free is not None and needed > free:
        raise DiskFull(
            f"{model.name} needs {format_size(needed)} of disk; {format_size(free)} are free where {models_dir} lies.",
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
        try:
            lock.acquire(timeout=_LONGEST_WAIT_S, poll_interval=0.2)
        except Timeout as error:
            raise DownloadFailed(
                f"{model.name} is still being pulled by another process.",
                remedy=f"Find out what holds {lock.lock_file} and end it, then pull again.",
            ) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _offline_way_named(model: KnownModel, folder: Path) -> Iterator[None]:
    """Name, where the hub cannot be had, the way without it."""
    try:
        yield
    except DownloadFailed as error:
        if error.remedy != DownloadFailed.usual_remedy:
            raise
        again = f"Try again: jobs models pull {model.name} resumes where it stopped."
        offline = f"Or copy the folder {model.name} from a machine that has it to {folder}."
        raise DownloadFailed(error.message, remedy=f"{again} {offline}") from error


@contextmanager
def _past_named(model: KnownModel, work: HeldFolder) -> Iterator[None]:
    """Say, where a server has no longer what was here before, how to take what it has."""
    try:
        yield
    except (DownloadFailed, DownloadRefused) as error:
        if (
            model.is_pinned
            or not Plan.read(work.through(PLAN_NAME).parent).remembered
            or error.remedy == DownloadFailed.usual_remedy
        ):
            raise
        remedy = f"{model.name} had other content before. To take what there is now: remove {work.path}, pull again."
        raise type(error)(error.message, remedy=remedy) from error


@contextmanager
def _disk_in_sentences(models_dir: Path) -> Iterator[None]:
    try:
        yield
    except PermissionError as error:
        raise AccessDenied(f"{error.filename or models_dir} cannot be written.") from error
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise _is_link(error.filename or models_dir) from error
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise DiskFull(f"The disk where {models_dir} lies is full.") from error
