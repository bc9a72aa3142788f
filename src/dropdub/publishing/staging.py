"""A job's hidden folder in an outbox, where deliverables are put together before one rename each brings them out.

Others may be able to write to the outbox. What is staged is therefore in a folder that only this account can enter,
and is reached through descriptors: whatever somebody puts in its place meanwhile, nothing is written through it.
Nobody can predict its name, and so nobody can take it first; it is recorded with the job before it is made.
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
"""A file in each staging folder. Who may rename in an outbox can give any other folder of this account such a name:
what that holds is nobody's to stage beside, or to remove.
"""
_OTHERS = 0o077
_OTHERS_MAY_WRITE = 0o022


def new_staging_name(root: str, job_id: int) -> str:
    """Return a name for a job's staging folder; several roots may share an outbox."""
    return f"{_begin(root)}{job_id}-{secrets.token_hex(8)}"


@contextmanager
def made_staging(folder: Path, allowed: Path | None = None) -> Iterator[HeldFolder]:
    """Make a job's staging folder if it is not there, and hold it; `allowed` as for `held_output`.

    Raises Waiting where somebody else's folder, or a link, is in its place, and OSError.
    """
    with held_output(folder.parent, allowed, make=True) as out, _entered(out, folder.name) as own:
        yield own


@contextmanager
def held_staging(folder: Path, allowed: Path | None = None) -> Iterator[HeldFolder | None]:
    """Hold a job's staging folder; None where there is none. Raises Waiting for one that is not our own."""
    with ExitStack() as stack:
        try:
            out = stack.enter_context(held_output(folder.parent, allowed))
            own = stack.enter_context(_held_own(out, folder.name))
        except FileNotFoundError:
            yield None
            return
        yield own


def remove_staging(folder: Path, allowed: Path | None = None) -> bool:
    """Remove a job's staging folder, if it is there; return whether it is gone.

    Raises Waiting for one that is not our own, and OSError, also where its outbox is not there.
    """
    with held_output(folder.parent, allowed) as outbox:
        with suppress(FileNotFoundError):
            _remove(outbox, folder.name)
        return not outbox.has(folder.name)


def remove_orphans(outbox: HeldFolder, root: str, known: Collection[Path]) -> None:
    """Remove the staging folders of a root that are not `known`: of jobs that its database, a new one, does not have.

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
    """Return whether anything else than a folder of our own is known to be in the place of a staging folder."""
    try:
        with suppress(OSError), held_staging(folder, allowed):
            pass
    except Waiting:
        return True
    return False


def bring(source: Path, staging: HeldFolder, name: str, *, alone: bool = False) -> None:
    """Bring a file to the staging folder: a second name for it, or a copy where that cannot be.

    `alone`: a copy in any case, because it will be given to another account, which could change `source` through it.
    """
    remove_parts(staging, name)
    part = part_name(name)
    try:
        if alone:
            raise OSError(errno.EPERM, os.strerror(errno.EPERM), str(source))
        os.link(source, staging.at(part), dst_dir_fd=staging.dir_fd)
    except OSError:  # another file system, or one without second names; what else is wrong, the copy will say
        with read_regular(source) as reader:
            part, _ = copied_part(reader, staging, name)
    if staging.has(name) and os.path.samestat(staging.look(name), staging.look(part)):
        remove_parts(staging, name)  # an earlier attempt brought it
    else:
        rename_held(staging, part, staging, name, replace=True)


def _entered(folder: HeldFolder, name: str) -> HeldFolder:
    """Make a folder for this account alone, or take the one that is there if it is such a one."""
    with suppress(FileExistsError):
        folder.make(name, mode=0o700)
        folder.flush()
    own = _held_own(folder, name)
    with suppress(FileExistsError):
        own.create(_MARK).close()
    return own


def _held_own(folder: HeldFolder, name: str, *, looks_at_disk: bool = True) -> HeldFolder:
    """Hold a staging folder of our own: marked, or just made and empty.

    `looks_at_disk`: whether a disk that gives all files one owner is known by trying.

    Raises Waiting for another one, and OSError.
    """
    path = folder.path / name
    try:
        found = folder.enter(name)
    except OSError as error:
        if error.errno not in NOT_ENTERED or error.errno == errno.ENOENT:
            raise
        raise _refused(f"{path} is a link, or no folder") from error
    try:
        keeps_rights = _refuse_foreign(folder, found, looks_at_disk=looks_at_disk)
        if not found.has(_MARK) and found.names():
            raise _refused(f"{path} is no staging folder")
        if keeps_rights:
            _shut_others_out(found)
    except BaseException:
        found.close()
        raise
    return found


def _refuse_foreign(folder: HeldFolder, found: HeldFolder, *, looks_at_disk: bool) -> bool:
    """Raise Waiting for a folder of another account, or one that others may write to.

    Return whether the disk keeps the rights that are set.
    """
    if sys.platform == "win32":  # who may write is inherited from the outbox
        return False
    info, keeps_rights = found.own(), True
    if info.st_uid != os.geteuid() or info.st_mode & _OTHERS_MAY_WRITE:
        owner, keeps_rights = _owner_of_new(folder) if looks_at_disk else (os.geteuid(), True)
        if info.st_uid not in (os.geteuid(), owner) or (keeps_rights and info.st_mode & _OTHERS_MAY_WRITE):
            raise _refused(f"{found.path} belongs to another account, or others may write to it")
    return keeps_rights


def _shut_others_out(folder: HeldFolder) -> None:
    if sys.platform != "win32" and folder.own().st_mode & _OTHERS:
        with suppress(OSError):  # a share that has its own rules
            os.fchmod(folder.handle, 0o700)


def is_own_folder(folder: HeldFolder, parent: HeldFolder, *, given_to: str | None = None) -> bool:
    """Return whether this account has made a folder, and perhaps given it to an owner; on Windows not looked at."""
    if sys.platform == "win32":
        return True
    owner = folder.own().st_uid
    return str(owner) in (str(os.geteuid()), given_to) or owner == _owner_of_new(parent)[0]


def _owner_of_new(folder: HeldFolder) -> tuple[int, bool]:
    """Return the owner that a file gets here, and whether it keeps the rights that it is made with.

    On shares and USB disks both are always the same, whoever makes it. Nobody can exchange what was opened as it was
    made; a folder can only be looked at afterwards, by its name.
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
        f"{what}: nothing is written there.",
        condition="outbox",
        remedy="Somebody else can write to this outbox. The job continues by itself, with another staging folder.",
    )
