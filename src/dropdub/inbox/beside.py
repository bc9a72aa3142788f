"""What lies beside an original under a name of its own: its job options, its subtitle, the note of why it failed."""

from __future__ import annotations

from pathlib import Path

from dropdub.config import SIDECAR_SUFFIX
from dropdub.files import durable
from dropdub.inbox.companions import companion_name

NOTE_SUFFIX = ".error.txt"
NOTE_ROOM = len(NOTE_SUFFIX)
"""Bytes that a name in archive/ and failed/ leaves for what is put beside it: the note, or the shorter sidecar."""


def error_note(destination: Path) -> Path:
    """Return where the note about an original lies."""
    return _beside(destination, NOTE_SUFFIX)


def sidecar_beside(original: Path) -> Path:
    """Return where the job options of an original lie, or would lie, beside it."""
    return _beside(original, SIDECAR_SUFFIX)


def companion_beside(film: Path, companion: Path) -> Path:
    """Return where the subtitle of a film lies, or would lie, beside it."""
    return film.with_name(companion_name(film.name, companion.name))


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(durable.numbered(path.name, 1, room=len(suffix)) + suffix)
