"""The subtitle that accompanies the source of a job."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Companion:
    """A subtitle that came with the source, or that corrects earlier outputs.

    In the second case, `before` is the transcript it corrects; if the SHA-256 is no longer `before_sha256`, somebody
    has replaced it.
    """

    path: Path
    before: Path | None = None
    before_sha256: str | None = None

    @property
    def revises(self) -> bool:
        """Return whether it corrects the outputs of an earlier job."""
        return self.before is not None
