"""Paths of the files next to an original: its job options, its subtitle, and the note on why it failed."""

from __future__ import annotations

from pathlib import Path

from dropdub.config import SIDECAR_SUFFIX
from dropdub.files import durable
from dropdub.inbox.companions import companion_name

NOTE_SUFFIX = ".error.txt"
NOTE_ROOM = len(NOTE_SUFFIX)
"""Bytes that names in archive/ and failed/ leave free for the suffix of the note, or of the shorter sidecar."""


def error_note(destination: Path) -> Path:
    """Return the path of the note about an original."""
    return _beside(destination, NOTE_SUFFIX)


def sidecar_beside(original: Path) -> Path:
    """Return the path of the job options next to an original, whether they exist or not."""
    return _beside(original, SIDECAR_SUFFIX)


def companion_beside(recording: Path, companion: Path) -> Path:
    """Return the path of the subtitle next to a recording, whether it exists or not."""
    return recording.with_name(companion_name(recording.name, companion.name))


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(durable.numbered(path.name, 1, room=len(suffix)) + suffix)
