"""Check the account that runs a service. A dropped file that exploits a vulnerability gets this account's rights."""

from __future__ import annotations

import os
import re
import stat
import sys
from pathlib import Path

from dropdub.errors import UsageError
from dropdub.pasting import pasted
from dropdub.service.description import ServicePlan
from dropdub.service.users import groups_of, sid_of, user_id

_ALL_RIGHTS = re.compile(r"S-1-5-18|S-1-5-21-.*-500")
"""The SIDs of SYSTEM and of the built-in administrator, whose name depends on the language: Administrateur, …
https://learn.microsoft.com/windows-server/identity/ad-ds/manage/understand-security-identifiers
"""
_NAMES_OF_SERVICES = ("system", "localsystem")
"""Names that the Task Scheduler accepts for SYSTEM."""


def refuse_superuser(plan: ServicePlan, *, named: bool) -> None:
    """Raise UsageError for a service that would run as root, unless that account was given explicitly (`named`)."""
    if not plan.at_boot or named or not is_superuser(plan.account):
        return
    raise UsageError(
        f"The service would run as {plan.account}. Dropped files would be processed with full access to this machine.",
        remedy=_account_remedy(plan),
    )


def is_superuser(account: str) -> bool:
    """Return whether an account has full access to this machine."""
    if sys.platform == "win32":
        known = account.rpartition("\\")[2].lower() in _NAMES_OF_SERVICES
        return known or has_all_rights(sid_of(account) or "")
    return user_id(account) == 0


def has_all_rights(sid: str) -> bool:
    """Return whether a SID belongs to SYSTEM or the built-in administrator."""
    return _ALL_RIGHTS.fullmatch(sid) is not None


def may_write_config(plan: ServicePlan) -> bool:
    """Return whether the service's account could change or replace config.yaml. Always False on Windows: not known."""
    if sys.platform == "win32":
        return False
    user = user_id(plan.account)
    if user is None or user == 0 or not plan.config_file.exists():
        return False
    return any(_may_write(path, user, groups_of(plan.account)) for path in (plan.config_file, plan.root))


def _account_remedy(plan: ServicePlan) -> str:
    """Return what to do instead, with commands to paste."""
    root, account = pasted(plan.root), pasted(plan.account)
    again = f"dropdub --root {root} service install --boot --account"
    anyway = f"To use this account anyway:\n  {again} {account}"
    if sys.platform == "win32":
        return f"Use a separate account without special rights:\n  {again} NAME\n{anyway}"
    made, name = "useradd --system --user-group --shell /usr/sbin/nologin dropdub", "dropdub"
    if sys.platform == "darwin":
        made, name = "sysadminctl -addUser _dropdub -roleAccount -UID 450", "_dropdub"
    owned = f"chown -R {name}: {root}"
    return f"Create an account for it:\n  {made} && {owned} && {again} {name}\n{anyway}"


def _may_write(path: Path, user: int, groups: set[int]) -> bool:
    """Return whether an account may write to `path`. Its owner always may, since an owner can change the mode."""
    look = os.stat(path)  # noqa: PTH116
    by_group = look.st_mode & stat.S_IWGRP and look.st_gid in groups
    return look.st_uid == user or bool(by_group) or bool(look.st_mode & stat.S_IWOTH)
