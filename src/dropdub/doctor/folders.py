"""Whether the folders are there, can really be written to, and can be moved between by a rename."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from dropdub.doctor.finding import Finding, fine, problem, warning
from dropdub.doctor.subject import Subject
from dropdub.files.durable import NAME_MAX_BYTES, is_file
from dropdub.files.removal import remove
from dropdub.root import Root

FIVE = ("inbox", "outbox", "work", "failed", "archive")
MOVES = (("inbox", "work"), ("work", "archive"), ("work", "failed"))
"""The ways that originals go. What is published is renamed within the outbox."""
PATH_MAX = 260
PROBE_PREFIX = ".dropdub-doctor-"
"""Hidden, so that neither the inbox's watcher nor a person takes it for a file."""
_CONNECT = "Connect the share, or make the folder and let the account that runs Dropdub write there."


def findings(subject: Subject) -> Iterator[Finding]:
    refusals = {name: refusal(getattr(subject.root, name)) for name in FIVE}
    for name, reason in refusals.items():
        folder = getattr(subject.root, name)
        if reason is None:
            yield fine(name, "can be written to", detail=str(folder))
        else:
            yield problem(name, "is not there, or cannot be written to", _CONNECT, detail=f"{folder}: {reason}")
    if NAME_MAX_BYTES < 255:  # where Windows ends paths
        yield room_for_names(max(len(str(getattr(subject.root, name))) for name in FIVE), longest_name=NAME_MAX_BYTES)
    whole = {name for name, reason in refusals.items() if reason is None}
    yield from _moves(subject.root, [move for move in MOVES if whole.issuperset(move)])
    yield from _old_cache(subject.root.old_cache_dir)


def room_for_names(folder: int, *, longest_name: int) -> Finding:
    """Judge whether names fit behind a folder's path of so many characters, where a path ends at 260.

    A name stands in a path twice, `NAME\\NAME.pt.srt`, and is cut to `longest_name`.
    """
    if folder + 2 * (longest_name + 1) < PATH_MAX:
        return fine("Long paths", "names fit, although long paths are switched off here")
    return warning(
        "Long paths",
        f"they are switched off, and the folders' paths have {folder} characters: files with long names may fail",
        "Switch long paths on in Windows (LongPathsEnabled), or make the root nearer to the top of its drive.",
    )


def refusal(folder: Path) -> str | None:
    """Write, read back and remove a file in a folder; return why that failed, None where it did not."""
    try:
        probe = _probe(folder)
        try:
            if probe.read_bytes() != b"dropdub":
                return "what was written is read back otherwise"
        finally:
            remove(probe)
    except OSError as error:
        return error.strerror or str(error)
    return None


def _moves(root: Root, moves: list[tuple[str, str]]) -> Iterator[Finding]:
    apart = [f"{start} to {end}" for start, end in moves if not can_rename(getattr(root, start), getattr(root, end))]
    if apart:
        remedy = "It works, but takes longer: put the folders on one disk under folders in config.yaml if you can."
        yield warning("File system", f"files are copied, not renamed, from {', '.join(apart)}", remedy)
    elif moves:
        yield fine("File system", "originals are moved by a rename")


def _old_cache(folder: Path) -> Iterator[Finding]:
    """Name the cache of versions that kept it in a database: it may hold gigabytes, and nothing reads it any more."""
    if is_file(folder / "cache.db"):
        text = "the cache of an earlier version is still there, and nothing reads it"
        yield warning("Old cache", text, f'Delete the folder "{folder}" to free its space.', detail=str(folder))


def can_rename(start: Path, end: Path) -> bool:
    """Return whether a file goes from one folder to the other by a rename.

    Tried, not told from device numbers: two mounts of one disk have the same number, and refuse all the same.
    """
    try:
        probe = _probe(start)
    except OSError:
        return False
    moved = end / probe.name
    try:
        probe.rename(moved)
    except OSError as error:
        remove(probe)
        return error.errno != errno.EXDEV
    remove(moved)
    return True


def _probe(folder: Path) -> Path:
    handle, name = tempfile.mkstemp(prefix=PROBE_PREFIX, dir=folder)
    try:
        os.write(handle, b"dropdub")
    finally:
        os.close(handle)
    return Path(name)
