"""Who runs a service. What is dropped is worked on by it, so a file that finds a hole has this account's rights."""

from __future__ import annotations

import os
import re
import stat
import sys
from pathlib import Path

from dropdub.errors import UsageError
from dropdub.pasting import pasted
from dropdub.service.plan import ServicePlan
from dropdub.service.users import groups_of, sid_of, user_id

_ALL_RIGHTS = re.compile(r"S-1-5-18|S-1-5-21-.*-500")
"""The SIDs of SYSTEM and of the built-in administrator, whatever that is called: Administrateur, Järjestelmänvalvoja.
https://learn.microsoft.com/windows-server/identity/ad-ds/manage/understand-security-identifiers
"""
_NAMES_OF_SERVICES = ("system", "localsystem")
"""These the Task Scheduler knows, too."""


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
        known = account.rpartition("\\")[2].lower() in _NAMES_OF_SERVICES
        return known or has_all_rights(sid_of(account) or "")
    return user_id(account) == 0


def has_all_rights(sid: str) -> bool:
    """Return whether a SID is that of an account from which Windows keeps nothing."""
    return _ALL_RIGHTS.fullmatch(sid) is not None


def may_write_config(plan: ServicePlan) -> bool:
    """Return whether the account could change config.yaml, or put another in its place. On Windows: not known."""
    if sys.platform == "win32":
        return False
    user = user_id(plan.account)
    if user is None or user == 0 or not plan.config_file.exists():
        return False
    return any(_may_write(path, user, groups_of(plan.account)) for path in (plan.config_file, plan.root))


def _ways_out(plan: ServicePlan) -> str:
    """Return what to do instead, as it can be pasted."""
    root, account = pasted(plan.root), pasted(plan.account)
    again = f"dropdub --root {root} service install --boot --account"
    if sys.platform == "win32":
        return f"Give it an account of its own, without rights:\n  {again} NAME\nOr insist:\n  {again} {account}"
    made, name = "useradd --system --user-group --shell /usr/sbin/nologin dropdub", "dropdub"
    if sys.platform == "darwin":
        made, name = "sysadminctl -addUser _dropdub -roleAccount -UID 450", "_dropdub"
    owned = f"chown -R {name}: {root}"
    return f"Make an account for it:\n  {made} && {owned} && {again} {name}\nOr insist:\n  {again} {account}"


def _may_write(path: Path, user: int, groups: set[int]) -> bool:
    """Return whether an account may write: an owner always may, as it may give itself the right."""
    look = os.stat(path)  # noqa: PTH116
    by_group = look.st_mode & stat.S_IWGRP and look.st_gid in groups
    return look.st_uid == user or bool(by_group) or bool(look.st_mode & stat.S_IWOTH)
