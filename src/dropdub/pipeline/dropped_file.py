"""The dropped file: what a job works on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dropdub.pipeline.facts import ProbeFacts


@dataclass(frozen=True)
class DroppedFile:
    """The source of a job. `name` is its name in messages and titles, which `path` may not have."""

    name: str
    path: Path
    probe: ProbeFacts

    @property
    def is_recording(self) -> bool:
        """Return whether it has sound: texts and subtitles dropped on their own have none."""
        return self.probe.kind == "media"
