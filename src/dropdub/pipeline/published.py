"""What a finished job left in its folder of the outbox, read again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dropdub.pipeline.artefacts import Transcript
from dropdub.pipeline.deliverables import MANIFEST, deliverable_name


def read_manifest(folder: Path) -> Mapping[str, Any] | None:
    """Return a folder's manifest; None where none is there, or what is there is no manifest."""
    try:
        found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def line_times(folder: Path, job_name: str) -> dict[int, tuple[float, float]]:
    """Return when each line was said, by its id, in seconds; nothing where the transcript is not there any more."""
    try:
        transcript = Transcript.load(folder / deliverable_name(job_name, "json"))
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return {segment.id: (segment.start, segment.end) for segment in transcript.segments}
