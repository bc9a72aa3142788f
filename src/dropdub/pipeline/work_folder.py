"""The work folder of a job, as one step writes into it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from dropdub.files.durable import written_whole


@dataclass(frozen=True)
class WorkFolder:
    """A job's folder of artifacts, and the step's own `scratch`, which is on the same file system."""

    path: Path
    scratch: Path

    def prepared_scratch(self) -> Path:
        """Return `scratch`, creating it if necessary."""
        self.scratch.mkdir(parents=True, exist_ok=True)
        return self.scratch

    def written(self, name: str) -> AbstractContextManager[Path]:
        """Return a context whose path in `scratch` becomes the artifact `name` at the end; see `written_whole`."""
        return written_whole(self.path / name, scratch=self.prepared_scratch())
