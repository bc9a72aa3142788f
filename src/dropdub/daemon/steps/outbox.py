"""The last step of publishing: move each staged deliverable to the outbox with one rename.

Others may be able to write to the outbox, so the staging folder and the job's folder are held open, and both must be
our own.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

from dropdub.daemon.context import Context, job_id, place_of
from dropdub.daemon.finish.outputs import Output, output_of, staging_of
from dropdub.daemon.finish.permissions import grant_read
from dropdub.errors import UnexpectedError
from dropdub.failpoints import reach
from dropdub.files.durable import free_name, may_exist, numbered, numbered_folder, rename_held
from dropdub.files.held import NOT_ENTERED, HeldFolder, held_output
from dropdub.files.nested import nested
from dropdub.inbox.films import film_name
from dropdub.publishing.folder_errors import folder_error
from dropdub.publishing.manifest_file import MANIFEST
from dropdub.publishing.staging import held_staging, is_own_folder
from dropdub.store import transitions
from dropdub.store.tables import Job

_ROOM_FOR_ENDING = 40
"""Bytes of a path that follow the job's name twice: its number, a language and a suffix."""
MOST_TRIES = 100
"""Number of chosen folder names that others may take first before publishing fails."""


def publish(context: Context, job: Job, names: Sequence[str]) -> list[str]:
    """Rename staged deliverables into the job's folder; return the paths. Safe to repeat after a crash.

    Raises Waiting or OutRefused if the outbox is not writable, UnexpectedError if a deliverable is missing.
    """
    output = output_of(context, job)
    if output.refusal is not None:
        raise output.refusal
    try:
        with (
            held_staging(staging_of(context, job, output), output.allowed) as staging,
            _folder(context, job, output) as folder,
        ):
            grant_read(job, folder.handle, outbox=output.folder)
            return [str(folder.path / _placed(job, staging, folder, name)) for name in names]
    except OSError as error:
        raise folder_error(output.folder, error, named=bool(job.options.get("out"))) from error


@contextmanager
def _folder(context: Context, job: Job, output: Output) -> Iterator[HeldFolder]:
    """Hold the job's own folder, recorded before it is created; choose another one if somebody else created it."""
    foreign: str | None = None
    for _ in range(MOST_TRIES):
        path = Path(_claim(context, job, output.folder, foreign))
        with ExitStack() as stack:
            folder = _own_folder(stack, path, output, job.owner)
            if folder is not None:
                yield folder
                return
        foreign = str(path)
    raise OSError(errno.EEXIST, "another account keeps creating folders with the chosen names", str(output.folder))


def _claim(context: Context, job: Job, outbox: Path, foreign: str | None) -> str:
    stem = Path(film_name(job)).stem
    place = place_of(job) if foreign is None else ()

    def choose(taken: Any) -> str:
        def usable(inner: Path) -> bool:
            return not taken(str(inner)) and not may_exist(inner / MANIFEST)

        folder = nested(outbox, place, room=2 * len(stem.encode()) + _ROOM_FOR_ENDING, usable=usable)
        name = free_name(folder, stem, taken=lambda name: taken(str(folder / name)), numbering=numbered_folder)
        return str(folder / name)

    claimed = transitions.claim_outbox(context.store, job_id(job), choose=choose, foreign=foreign)
    reach("publish.folder-claimed")
    return claimed


def _own_folder(stack: ExitStack, path: Path, output: Output, owner: str | None) -> HeldFolder | None:
    """Create a folder, or reuse an earlier attempt's; return None if it is a link or another account's.

    The same holds for each folder between the outbox and it.
    """
    if output.allowed is not None and not path.is_relative_to(output.allowed):  # the output folder has changed since
        return None
    outbox = _around(stack, path.parent, output)
    if outbox is None:
        return None
    with suppress(FileExistsError):
        outbox.make(path.name)
        outbox.flush()
    try:
        folder = stack.enter_context(outbox.enter(path.name))
    except OSError as error:
        if error.errno not in NOT_ENTERED:
            raise
        return None
    return folder if is_own_folder(folder, outbox, given_to=owner) else None


def _around(stack: ExitStack, folder: Path, output: Output) -> HeldFolder | None:
    """Hold the folder that a job's folder is in, and create it if it is missing; None if it cannot be trusted."""
    top = output.folder if folder.is_relative_to(output.folder) else folder
    around = stack.enter_context(held_output(top, output.allowed, make=True))
    if folder == top:
        return around
    try:
        stack.enter_context(held_output(folder, output.allowed or top, make=True))
        for name in folder.relative_to(top).parts:
            inner = stack.enter_context(around.enter(name))
            if not is_own_folder(inner, around):
                return None
            around = inner
    except OSError as error:
        if error.errno not in NOT_ENTERED:
            raise
        return None
    return around


def _placed(job: Job, staging: HeldFolder | None, folder: HeldFolder, name: str) -> str:
    """Move one deliverable into the job's folder, and return its name there."""
    if staging is not None and staging.has(name):
        with staging.read(name) as staged:
            grant_read(job, staged.fileno(), outbox=folder.path.parent)
        return _renamed(staging, folder, name)
    if not folder.has(name):
        raise UnexpectedError(f"{name} was produced but is neither staged nor published.")
    return name


def _renamed(staging: HeldFolder, folder: HeldFolder, name: str) -> str:
    """Rename, replacing only what this job published before, never files of others; return the new name."""
    for number in count(1):
        new_name = numbered(name, number)
        try:
            rename_held(staging, name, folder, new_name)
        except FileExistsError:
            if not _is_ours(staging.look(name), folder.look(new_name)):
                continue
            rename_held(staging, name, folder, new_name, replace=True)
        return new_name
    raise AssertionError("numbers do not end")


def _is_ours(staged: os.stat_result, found: os.stat_result) -> bool:
    return stat.S_ISREG(found.st_mode) and found.st_uid == staged.st_uid
