"""What a finished job left in its folder of the outbox, read again: others may have changed it, whatever it is called.

Nothing is read through a link, from a pipe or a device, or without a limit; what cannot be read is not there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from dropdub.pipeline.artifacts import Transcript
from dropdub.publishing.deliverables import MANIFEST, deliverable_name
from dropdub.untrusted.files import read_whole

MOST_OF_MANIFEST = 5_000_000
MOST_OF_TRANSCRIPT = 50_000_000
"""Bytes; ten hours of speech have about a fifth of it."""

NOT_THERE = (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)
"""What reading a file raises that is something else than its name says."""


def read_manifest(folder: Path) -> Mapping[str, Any] | None:
    """Return a folder's manifest; None where none is there, or what is there is no manifest."""
    try:
        found = json.loads(read_whole(folder / MANIFEST, MOST_OF_MANIFEST))
    except NOT_THERE:
        return None
    return found if isinstance(found, dict) else None


def read_transcript(
    path: Path, most: int = MOST_OF_TRANSCRIPT, *, recorded: Collection[str | None] | None = None
) -> tuple[Transcript, str] | None:
    """Return a transcript and its SHA-256; None if none is there. It may be anybody's, unless it must be `recorded`.

    What has none of these checksums is not even parsed: it may be the transcript of somebody who would not show it.
    """
    try:
        data = read_whole(path, most)
        found = hashlib.sha256(data).hexdigest()
        return (Transcript.from_json(data.decode()), found) if recorded is None or found in recorded else None
    except NOT_THERE:
        return None


def line_times(folder: Path, job_name: str) -> dict[int, tuple[float, float]]:
    """Return when each line was said, by its id, in seconds; nothing where the transcript is not there any more."""
    found = read_transcript(folder / deliverable_name(job_name, "json"))
    return {segment.id: (segment.start, segment.end) for segment in found[0].segments} if found else {}
