"""Who runs a service. What is dropped is worked on by it, so a file that finds a hole has this account's rights."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

from dropdub.errors import UsageError
from dropdub.service.plan import ServicePlan

if sys.platform != "win32":
    import grp
    import pwd

_NAMES_OF_WINDOWS = ("system", "localsystem", "administrator")


def refuse_superuser(plan: ServicePlan, *, named: bool) -> None:
    """Raise UsageError for a service that would do all its work as root, unless that was asked for by name."""
    if not plan.at_boot or named or not is_superuser(plan.account):
        return
    raise UsageError(
        f"The service would run as {plan.account}: whatever is dropped would be read with all rights of this machine.",
        remedy=_ways_out(plan),
    )


def is_superuser(account: str) -> bool:
    """Return whether nothing on this machine is kept from an account."""
    if sys.platform == "win32":
        return account.rpartition("\\")[2].lower() in _NAMES_OF_WINDOWS
    return _user_id(account) == 0


def may_write_config(plan: ServicePlan) -> bool:
    """Return whether the account could change config.yaml, or put another in its place. On Windows nobody can tell."""
    if sys.platform == "win32":
        return False
    user = _user_id(plan.account)
    if user is None or user == 0 or not plan.config_file.exists():
        return False
    return any(_may_write(path, user, _groups(plan.account)) for path in (plan.config_file, plan.root))


def _ways_out(plan: ServicePlan) -> str:
    """Return what to do instead, as it can be pasted."""
    again = f'jobs --root "{plan.root}" service install --boot --account'
    if sys.platform == "win32":
        return f"Give it an account of its own, without rights: {again} NAME. Or insist: {again} {plan.account}"
    made = "useradd --system --user-group --shell /usr/sbin/nologin dropdub"
    if sys.platform == "darwin":
        made = "sysadminctl -addUser _dropdub -roleAccount -UID 450"
    name = made.split()[-1] if sys.platform != "darwin" else "_dropdub"
    owned = f'chown -R {name}: "{plan.root}"'
    return f"Make an account for it: {made} && {owned} && {again} {name}. Or insist: {again} {plan.account}"


def _user_id(account: str) -> int | None:
    if sys.platform != "win32":
        try:
            return pwd.getpwnam(account).pw_uid
        except KeyError:
            return int(account) if account.isdigit() else None
    return None


def _groups(account: str) -> set[int]:
    if sys.platform != "win32":
        try:
            own = pwd.getpwnam(account).pw_gid
        except KeyError:
            return set()
        return {own, *(group.gr_gid for group in grp.getgrall() if account in group.gr_mem)}
    return set()


def _may_write(path: Path, user: int, groups: set[int]) -> bool:
    """Return whether an account may write: an owner always may, as it may give itself the right."""
    look = os.stat(path)  # noqa: PTH116
    by_group = look.st_mode & stat.S_IWGRP and look.st_gid in groups
    return look.st_uid == user or bool(by_group) or bool(look.st_mode & stat.S_IWOTH)
