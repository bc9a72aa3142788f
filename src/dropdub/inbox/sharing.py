"""Whether others may write into the inbox, and what the options beside a file may set therefore."""

from __future__ import annotations

from typing import Literal

from dropdub.config import Policy, Steering
from dropdub.files.ownership import others_may_write
from dropdub.mounts import network_kind
from dropdub.root import Root


def steering_of(root: Root, setting: Literal["auto"] | Policy, *, told_shared: bool = False) -> Steering:
    """Return which options hold under the setting `inbox.sidecars`; `told_shared`: the start said that others write."""
    if setting != "auto":
        return Steering(setting, f"inbox.sidecars is {setting} in config.yaml")
    found = "the inbox was said to be shared" if told_shared else _shared(root)
    if found is None:
        return Steering("all", "inbox.sidecars is auto, and nobody else may write into the inbox", is_given=False)
    return Steering("safe", f"inbox.sidecars is auto, and {found}", is_given=False)


def _shared(root: Root) -> str | None:
    """Return why others may write into the inbox; None if they may not. It says no folder's path: anybody reads it."""
    if network_kind(root.inbox):
        return "the inbox lies on a network share"
    for folder, name in ((root.inbox, "the inbox"), (root.path, "the root")):
        if others_may_write(folder):
            return f"others may write into {name}"
    return None
