"""Read what a finished job left in its outbox folder, without trusting it: others may have changed or replaced it.

Nothing is read through a link, from a pipe or device, or without a size limit. Unreadable files count as absent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from pathlib import Path

from dropdub.pipeline.artifacts import Transcript
from dropdub.publishing.deliverables import deliverable_name
from dropdub.publishing.manifest_file import NOT_THERE
from dropdub.untrusted.files import read_whole

MOST_OF_TRANSCRIPT = 50_000_000
"""Bytes; ten hours of speech take about a fifth of it."""


def read_transcript(
    path: Path, most: int = MOST_OF_TRANSCRIPT, *, recorded: Collection[str | None] | None = None
) -> tuple[Transcript, str] | None:
    """Return a transcript and its SHA-256; None if there is none, or if its checksum is not one of `recorded`.

    If `recorded` is None, any transcript is accepted. One with another checksum is not even parsed: somebody may have
    linked a private transcript of another user here.
    """
    try:
        data = read_whole(path, most)
        found = hashlib.sha256(data).hexdigest()
        return (Transcript.from_json(data.decode()), found) if recorded is None or found in recorded else None
    except NOT_THERE:
        return None


def line_times(folder: Path, job_name: str) -> dict[int, tuple[float, float]]:
    """Return start and end of each line in seconds, by line id; empty if the transcript is gone."""
    found = read_transcript(folder / deliverable_name(job_name, "json"))
    return {segment.id: (segment.start, segment.end) for segment in found[0].segments} if found else {}
