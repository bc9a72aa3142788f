"""Staging: a job's hidden folder in the outbox that collects its deliverables until they are renamed into place.

Others may be able to write to the outbox. Only this account can enter the staging folder, and it is accessed through
descriptors, so nothing is written through whatever somebody puts in its place. Its name cannot be predicted, so nobody
can take it first; it is recorded with the job before the folder is created.
"""

from __future__ import annotations

import errno
import os
import secrets
import sys
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from dropdub.errors import Waiting
from dropdub.files.copying import copied_part
from dropdub.files.durable import part_name, rename_held
from dropdub.files.held import NOT_ENTERED, HeldFolder, held_output, read_regular
from dropdub.files.removal import remove_empty, remove_files, remove_part, remove_parts

_MARK = ".staging"
"""A file that marks our staging folders. Whoever can rename files in the outbox can give another folder of this account
a staging name: without the mark, nothing in it is touched.
"""
_OTHERS = 0o077
_OTHERS_MAY_WRITE = 0o022


def new_staging_name(root: str, job_id: int) -> str:
    """Return a new name for a job's staging folder, unique even if several roots share the outbox."""
    return f"{_begin(root)}{job_id}-{secrets.token_hex(8)}"


@contextmanager
def made_staging(folder: Path, allowed: Path | None = None) -> Iterator[HeldFolder]:
    """Create a job's staging folder if necessary, and hold it; `allowed` as for `held_output`.

    Raises Waiting if somebody else's folder or a link is in its place, and OSError.
    """
    with held_output(folder.parent, allowed, make=True) as out, _entered(out, folder.name) as own:
        yield own


@contextmanager
def held_staging(folder: Path, allowed: Path | None = None) -> Iterator[HeldFolder | None]:
    """Hold a job's staging folder; yield None if there is none. Raises Waiting for a folder that is not our own."""
    with ExitStack() as stack:
        try:
            out = stack.enter_context(held_output(folder.parent, allowed))
            own = stack.enter_context(_held_own(out, folder.name))
        except FileNotFoundError:
            yield None
            return
        yield own


def remove_staging(folder: Path, allowed: Path | None = None) -> bool:
    """Remove a job's staging folder, if it exists; return whether it is gone.

    Raises Waiting for a folder that is not our own, and OSError, also if its outbox is missing.
    """
    with held_output(folder.parent, allowed) as outbox:
        with suppress(FileNotFoundError):
            _remove(outbox, folder.name)
        return not outbox.has(folder.name)


def remove_orphans(outbox: HeldFolder, root: str, known: Collection[Path]) -> None:
    """Remove a root's staging folders that are not `known`: the root may have a new database without their jobs.

    Raises OSError.
    """
    for name in outbox.names():
        if name.startswith(_begin(root)) and outbox.path / name not in known:
            with suppress(OSError, Waiting):
                _remove(outbox, name, looks_at_disk=False)


def _begin(root: str) -> str:
    return f".dropdub-{root}-" if root else ".dropdub-"


def _remove(outbox: HeldFolder, name: str, *, looks_at_disk: bool = True) -> None:
    with _held_own(outbox, name, looks_at_disk=looks_at_disk) as folder:
        remove_files(folder, last=_MARK)
    remove_empty(outbox, name)


def is_foreign(folder: Path, allowed: Path | None = None) -> bool:
    """Return whether something other than our own folder is certainly in the place of a staging folder."""
    try:
        with suppress(OSError), held_staging(folder, allowed):
            pass
    except Waiting:
        return True
    return False


def bring(source: Path, staging: HeldFolder, name: str, *, alone: bool = False) -> None:
    """Put a file into the staging folder: as a hard link, or as a copy if linking is impossible.

    `alone`: always copy, because another account will own the file and could change `source` through a link.
    """
    remove_parts(staging, name)
    part = part_name(name)
    try:
        if alone:
            raise OSError(errno.EPERM, os.strerror(errno.EPERM), str(source))
        os.link(source, staging.at(part), dst_dir_fd=staging.dir_fd)
    except OSError:  # another file system, or one without hard links; the copy reports any other problem
        with read_regular(source) as reader:
            part, _ = copied_part(reader, staging, name)
    if staging.has(name) and os.path.samestat(staging.look(name), staging.look(part)):
        remove_parts(staging, name)  # an earlier attempt linked it
    else:
        rename_held(staging, part, staging, name, replace=True)


def _entered(folder: HeldFolder, name: str) -> HeldFolder:
    """Create a folder that only this account can enter, or hold the existing one if it is such a folder."""
    with suppress(FileExistsError):
        folder.make(name, mode=0o700)
        folder.flush()
    own = _held_own(folder, name)
    with suppress(FileExistsError):
        own.create(_MARK).close()
    return own


def _held_own(folder: HeldFolder, name: str, *, looks_at_disk: bool = True) -> HeldFolder:
    """Hold a staging folder of our own: a marked one, or one just created and still empty.

    `looks_at_disk`: whether to create a file to find out if the disk gives all files the same owner.

    Raises Waiting for any other folder, and OSError.
    """
    path = folder.path / name
    try:
        found = folder.enter(name)
    except OSError as error:
        if error.errno not in NOT_ENTERED or error.errno == errno.ENOENT:
            raise
        raise _refused(f"{path} is a link or not a folder") from error
    try:
        keeps_rights = _refuse_foreign(folder, found, looks_at_disk=looks_at_disk)
        if not found.has(_MARK) and found.names():
            raise _refused(f"{path} is not a staging folder")
        if keeps_rights:
            _shut_others_out(found)
    except BaseException:
        found.close()
        raise
    return found


def _refuse_foreign(folder: HeldFolder, found: HeldFolder, *, looks_at_disk: bool) -> bool:
    """Raise Waiting for a folder that belongs to another account, or that others may write to.

    Return whether the disk keeps the permissions that are set.
    """
    if sys.platform == "win32":  # permissions are inherited from the outbox
        return False
    info, keeps_rights = found.own(), True
    if info.st_uid != os.geteuid() or info.st_mode & _OTHERS_MAY_WRITE:
        owner, keeps_rights = _owner_of_new(folder) if looks_at_disk else (os.geteuid(), True)
        if info.st_uid not in (os.geteuid(), owner) or (keeps_rights and info.st_mode & _OTHERS_MAY_WRITE):
            raise _refused(f"{found.path} belongs to another account, or others may write to it")
    return keeps_rights


def _shut_others_out(folder: HeldFolder) -> None:
    if sys.platform != "win32" and folder.own().st_mode & _OTHERS:
        with suppress(OSError):  # a share with its own rules
            os.fchmod(folder.handle, 0o700)


def is_own_folder(folder: HeldFolder, parent: HeldFolder, *, given_to: str | None = None) -> bool:
    """Return whether this account created a folder, perhaps for the owner it was `given_to`. Always true on Windows."""
    if sys.platform == "win32":
        return True
    owner = folder.own().st_uid
    return str(owner) in (str(os.geteuid()), given_to) or owner == _owner_of_new(parent)[0]


def _owner_of_new(folder: HeldFolder) -> tuple[int, bool]:
    """Return the owner of new files here, and whether they keep the permissions they are created with.

    On shares and USB disks, both are the same for all files, whoever creates them. The test creates a file, which is
    held open from the start and cannot be swapped; a folder could be checked only afterwards, by name.
    """
    name = secrets.token_hex(8)
    part = part_name(name)
    with folder.create(part) as probe:
        info = os.fstat(probe.fileno())
    with suppress(OSError):  # somebody renamed it
        remove_part(folder, part)
    return info.st_uid, not info.st_mode & _OTHERS


def _refused(what: str) -> Waiting:
    return Waiting(
        f"{what}, so nothing is written there.",
        condition="outbox",
        remedy="Somebody else can write to this outbox. The job resumes automatically with another staging folder.",
    )
