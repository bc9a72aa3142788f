"""Check that the folders exist and are writable, and that files can be moved between them by renaming."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from dropdub.doctor.examined_root import ExaminedRoot
from dropdub.doctor.finding import Finding, ok, problem, warning
from dropdub.files.durable import NAME_MAX_BYTES, is_file
from dropdub.files.removal import remove
from dropdub.root import Root

FIVE = ("inbox", "outbox", "work", "failed", "archive")
MOVES = (("inbox", "work"), ("work", "archive"), ("work", "failed"))
"""The moves that originals make. Results are renamed within the outbox."""
PATH_MAX = 260
PROBE_PREFIX = ".dropdub-doctor-"
"""Hidden, so that neither the watcher of the inbox nor a person mistakes it for a dropped file."""
_CONNECT = "Connect the network share, or create the folder and let the account that runs Dropdub write to it."


def findings(subject: ExaminedRoot) -> Iterator[Finding]:
    refusals = {name: refusal(getattr(subject.root, name)) for name in FIVE}
    for name, reason in refusals.items():
        folder = getattr(subject.root, name)
        if reason is None:
            yield ok(name, "writable", detail=str(folder))
        else:
            yield problem(name, "missing, or not writable", _CONNECT, detail=f"{folder}: {reason}")
    if NAME_MAX_BYTES < 255:  # Windows limits the length of paths
        yield room_for_names(max(len(str(getattr(subject.root, name))) for name in FIVE), longest_name=NAME_MAX_BYTES)
    whole = {name for name, reason in refusals.items() if reason is None}
    yield from _moves(subject.root, [move for move in MOVES if whole.issuperset(move)])
    yield from _old_cache(subject.root.old_cache_dir)


def room_for_names(folder: int, *, longest_name: int) -> Finding:
    """Judge whether file names fit after a folder path of `folder` characters, if paths are limited to 260.

    A name occurs twice in a path, `NAME\\NAME.pt.srt`, and is truncated to `longest_name`.
    """
    if folder + 2 * (longest_name + 1) < PATH_MAX:
        return ok("Long paths", "disabled, but not needed here")
    return warning(
        "Long paths",
        f"disabled, and the folders' paths have {folder} characters: files with long names may fail",
        "Enable long paths in Windows (LongPathsEnabled), or move the root closer to the top of its drive.",
    )


def refusal(folder: Path) -> str | None:
    """Write, read back and remove a file in a folder; return why that failed, or None."""
    try:
        probe = _probe(folder)
        try:
            if probe.read_bytes() != b"dropdub":
                return "a file that was written reads back differently"
        finally:
            remove(probe)
    except OSError as error:
        return error.strerror or str(error)
    return None


def _moves(root: Root, moves: list[tuple[str, str]]) -> Iterator[Finding]:
    apart = [f"{start} to {end}" for start, end in moves if not can_rename(getattr(root, start), getattr(root, end))]
    if apart:
        remedy = "This works, but is slower. If you can, put the folders on one disk (folders in config.yaml)."
        yield warning("File system", f"files are copied, not renamed, from {', '.join(apart)}", remedy)
    elif moves:
        yield ok("File system", "originals are moved by renaming")


def _old_cache(folder: Path) -> Iterator[Finding]:
    """Report the cache of an earlier version, which kept it in a database: it may occupy gigabytes."""
    if is_file(folder / "cache.db"):
        text = "the cache of an earlier version still exists and is no longer used"
        yield warning("Old cache", text, f'Delete the folder "{folder}" to free disk space.', detail=str(folder))


def can_rename(start: Path, end: Path) -> bool:
    """Return whether a file can be renamed from one folder to the other.

    Tries it, because comparing device numbers is not enough: two mounts of one disk have the same number, but a rename
    between them fails.
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
