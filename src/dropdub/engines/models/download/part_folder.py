"""The folder in which a model is put together, held open, and protected from other accounts.

Operations on a held folder always apply to that folder, even if something else takes its name meanwhile.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dropdub.errors import AccessDenied
from dropdub.files.held import NOT_ENTERED, HeldFolder
from dropdub.files.ownership import is_exchangeable, owner_at, speaks_for
from dropdub.files.removal import remove
from dropdub.pasting import pasteable


def leads_elsewhere(folder: Path) -> bool:
    """Return whether a folder is a link, or a junction on Windows."""
    found = folder.lstat()
    if sys.platform == "win32":
        return bool(found.st_file_attributes & stat.FILE_ATTRIBUTE_REPARSE_POINT)
    return stat.S_ISLNK(found.st_mode)


@contextmanager
def held_part(part: Path) -> Iterator[HeldFolder]:
    """Create the part folder if needed and hold it open. Raises AccessDenied for a link or another account's folder."""
    part.mkdir(mode=0o755, exist_ok=True)
    with HeldFolder.open(part.parent) as models:
        try:
            work = models.enter(part.name)
        except OSError as error:
            raise (link_refused(part) if error.errno in NOT_ENTERED else error) from error
        with work:
            _shut_others_out(work)
            yield work


def link_refused(path: Path | str) -> AccessDenied:
    """Return the error for a link in the place where files would be written."""
    return AccessDenied(f"{path} is a link: nothing is written through it.", remedy="Remove it, then pull again.")


def _shut_others_out(work: HeldFolder) -> None:
    """Revoke other accounts' right to write here, and remove the files that they have put here.

    Raises AccessDenied if the folder itself is another account's.
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


def refuse_exchanged(work: HeldFolder) -> None:
    """Raise AccessDenied if the held folder no longer has its name."""
    try:
        is_same = os.path.samestat(work.own(), work.path.lstat())
    except FileNotFoundError:
        is_same = False
    if not is_same:
        message = f"{work.path} was renamed or replaced during the download."
        raise AccessDenied(message, remedy=f"Check who else may write to {work.path.parent}, then pull again.")


def refuse_foreign(folder: Path) -> None:
    """Raise AccessDenied if a model belongs to an account that does not own the models folder either."""
    if os.path.lexists(folder) and not speaks_for(owner_at(folder), owner_at(folder.parent)):
        message = f"{folder} belongs to another account: its content is not trusted."
        raise AccessDenied(message, remedy="Move it away or take ownership of it, then pull again.")


def refuse_exchangeable(models_dir: Path) -> None:
    """Raise AccessDenied if any account can rename what is in the models folder."""
    if is_exchangeable(models_dir):
        raise AccessDenied(
            f"Any account can rename or replace files in {models_dir}.",
            remedy=f"Revoke that permission:\n  {pasteable(['chmod', 'o-w', models_dir])}",
        )
