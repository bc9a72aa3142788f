"""What the options beside a dropped file may set: whoever may write into the inbox may write them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Policy = Literal["all", "safe", "none"]
SAFE = (
    "language", "targets", "audio_track", "initial_prompt", "hotwords", "cleanup", "speakers",
    "report", "subtitles", "text",
)  # fmt: skip
"""What says how one's own file is understood and what comes out of it. Not: another's voice, folders, which engines
work, and what has the same work done several times."""


@dataclass(frozen=True)
class Steering:
    """Which options hold. `why` says which setting, or what about the inbox, decided it."""

    policy: Policy = "all"
    why: str = "inbox.sidecars is all"
    is_given: bool = True
    """Whether the setting says so; else it was found out, and somebody else's files are steered with less."""

    def of_stranger(self) -> Steering:
        """Return what holds beside the file of another account than the one that runs Dropdub."""
        if self.is_given or self.policy != "all":
            return self
        return Steering("safe", "inbox.sidecars is auto, and the file is another account's", is_given=False)

    def complaint(self, names: Iterable[str]) -> str | None:
        """Return what is wrong with options of these names; None if they may all be set."""
        if self.policy == "none":
            return f"Options beside a file are not read here ({self.why})."
        refused = [] if self.policy == "all" else [name for name in names if name not in SAFE]
        if not refused:
            return None
        return f"{' and '.join(refused)} may not be set beside a file here ({self.why}), but: {', '.join(SAFE)}"


ANYTHING = Steering()
