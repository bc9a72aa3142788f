"""Whether others may write to the inbox, and therefore which options a sidecar may set."""

from __future__ import annotations

from typing import Literal

from dropdub.config import Policy, SidecarLimits
from dropdub.files.ownership import others_may_write
from dropdub.mounts import network_kind
from dropdub.root import Root


def sidecar_limits_of(root: Root, setting: Literal["auto"] | Policy, *, declared_shared: bool = False) -> SidecarLimits:
    """Return which options sidecars may set under the setting `inbox.sidecars`.

    `declared_shared`: whether the daemon was started with the statement that others write to the inbox.
    """
    if setting != "auto":
        return SidecarLimits(setting, f"inbox.sidecars is {setting} in config.yaml")
    found = "the inbox was declared to be shared" if declared_shared else _why_shared(root)
    if found is None:
        return SidecarLimits("all", "inbox.sidecars is auto, and nobody else may write to the inbox", is_given=False)
    return SidecarLimits("safe", f"inbox.sidecars is auto, and {found}", is_given=False)


def _why_shared(root: Root) -> str | None:
    """Return why others may write to the inbox; None if they may not. Names no path, since anybody may read it."""
    if network_kind(root.inbox):
        return "the inbox is on a network share"
    for folder, name in ((root.inbox, "the inbox"), (root.path, "the root")):
        if others_may_write(folder):
            return f"others may write to {name}"
    return None
