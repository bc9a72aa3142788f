"""Limit the options that a sidecar may set: anyone who can write to the inbox can write one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Policy = Literal["all", "safe", "none"]
SAFE = (
    "language", "targets", "audio_track", "initial_prompt", "hotwords", "glossary", "cleanup", "speakers",
    "report", "subtitles", "text",
)  # fmt: skip
"""Options that concern only how a person's own file is understood and what is made of it. They exclude other people's
voices, folders, the choice of engines, and options that repeat work."""


@dataclass(frozen=True)
class SidecarLimits:
    """Which options a sidecar may set. `why` names the setting, or the property of the inbox, that decided it."""

    policy: Policy = "all"
    why: str = "inbox.sidecars is all"
    is_given: bool = True
    """Whether the setting says so. Otherwise it was detected, and files of other accounts may set fewer options."""

    def of_stranger(self) -> SidecarLimits:
        """Return what the sidecar of a file of another account than the one that runs Dropdub may set."""
        if self.is_given or self.policy != "all":
            return self
        return SidecarLimits("safe", "inbox.sidecars is auto, and the file belongs to another account", is_given=False)

    def complaint(self, names: Iterable[str]) -> str | None:
        """Return what is wrong with setting options of these names, without a full stop; None if nothing is."""
        if self.policy == "none":
            return f"options for single files are ignored here ({self.why})"
        refused = [] if self.policy == "all" else [name for name in names if name not in SAFE]
        if not refused:
            return None
        return f"{' and '.join(refused)} may not be set here ({self.why}). Allowed: {', '.join(SAFE)}"


ANYTHING = SidecarLimits()
