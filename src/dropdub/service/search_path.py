"""The PATH of a service. It is fixed: a person's own PATH may contain folders that others can write to."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from dropdub.process import find_program
from dropdub.service.users import private_groups, user_id

FIXED = ("/usr/local/bin", "/usr/bin", "/bin")
OF_PACKAGES = ("/opt/homebrew/bin", "/opt/local/bin") if sys.platform == "darwin" else ()
"""Where Homebrew and MacPorts install ffmpeg."""
LOOKED_FOR = ("ffmpeg",)
_ROOT = 0


def search_path(account: str) -> str:
    """Return the PATH of a service that runs as `account`, without folders that others can write to."""
    folders = [Path(sys.executable).parent, *(Path(folder) for folder in (*OF_PACKAGES, *FIXED))]
    safe = (_safe(folder, account) for folder in folders)
    return os.pathsep.join(dict.fromkeys(str(folder) for folder in safe if folder is not None))


def not_on_path(path: str) -> Iterator[Path]:
    """Yield the programs in `LOOKED_FOR` that are on the current PATH, but not on `path`, that of the service."""
    for name in LOOKED_FOR:
        here = find_program(name)
        if here is not None and find_program(name, path=path) is None:
            yield here


def _safe(folder: Path, account: str) -> Path | None:
    """Return the real path of a folder, or None unless only root and the account can change its content, and that of
    the folders above it and of those that links on the way lead to. Returns the real path because a link could be
    changed later.
    """
    if sys.platform == "win32":
        return folder  # the definition of a scheduled task does not contain a PATH
    users, groups = _trusted(account)
    try:
        path = folder.resolve(strict=True)
        looks = [(one.stat(), one not in (folder, path)) for one in (folder, *folder.parents, path, *path.parents)]
    except OSError:
        return None
    return path if all(_is_protected(look, users, groups, above=above) for look, above in looks) else None


def _trusted(account: str) -> tuple[set[int], set[int]]:
    """Return the users and groups that may write: those of root, and the account's own."""
    user = user_id(account)
    return {_ROOT, *([] if user is None else [user])}, {_ROOT, *private_groups(account)}


def _is_protected(look: os.stat_result, users: set[int], groups: set[int], *, above: bool) -> bool:
    if above and look.st_mode & stat.S_ISVTX:
        return look.st_uid in users  # like /tmp: others can add entries, but not replace ours
    by_others = look.st_mode & stat.S_IWOTH
    by_group = look.st_mode & stat.S_IWGRP and look.st_gid not in groups
    return look.st_uid in users and not by_others and not by_group
