"""What lies in the inbox now, and which of it is a drop."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path

from dropdub.config import SIDECAR_SUFFIX

IGNORED = (
    ".*", "*.part", "*.partial", "*.crdownload", "*.download", "*.tmp", "*.filepart", "*.!qb", "*.aria2", "~$*",
    "thumbs.db", "desktop.ini", "@eadir", "#recycle", "$recycle.bin",
)  # fmt: skip
"""Unfinished downloads, and what systems and synchronisers put into folders; compared without regard to case."""
UNFINISHED = (".part", ".partial", ".crdownload", ".aria2")
"""A file beside which NAME + one of these lies is a browser's placeholder for the download under way."""


@dataclass(frozen=True)
class Drop:
    """One file (or link) in the inbox, as last seen. `sidecar` is its `NAME.job.yaml`, `sidecar_stamp` its size and mtime."""

    path: Path
    size: int
    mtime_ns: int
    inode: int
    device: int
    is_link: bool = False
    profile: str | None = None
    sidecar: Path | None = None
    sidecar_stamp: tuple[int, int] | None = None


@dataclass
class Scan:
    """The drops, and a sentence for each thing that a person should look after."""

    drops: list[Drop] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def scan(inbox: Path, *, ignore: Sequence[str] = (), profiles: Iterable[str] = ()) -> Scan:
    """Walk the inbox once, without following links. What vanishes meanwhile is passed over."""
    seen = Scan()
    patterns = [pattern.casefold() for pattern in (*IGNORED, *ignore)]
    by_name = {name.casefold(): name for name in profiles}
    for folder, entries in _folders(inbox, patterns, seen.notes):
        profile = _profile(inbox, folder, by_name)
        for drop in _drops(folder, entries, seen.notes):
            seen.drops.append(replace(drop, profile=profile))
    seen.drops.sort(key=lambda drop: (drop.mtime_ns, str(drop.path)))
    return seen


def _folders(
    top: Path, patterns: Sequence[str], notes: list[str]
) -> Iterator[tuple[Path, dict[str, os.DirEntry[str]]]]:
    todo = [top]
    while todo:
        folder = todo.pop()
        try:
            with os.scandir(folder) as listing:
                entries = {entry.name: entry for entry in listing if not _ignored(entry.name, patterns)}
        except FileNotFoundError:
            continue
        except OSError as error:
            notes.append(f"The folder {folder} cannot be read: {error.strerror or error}.")
            continue
        todo += [folder / name for name, entry in entries.items() if _is_folder(entry)]
        yield folder, entries


def _drops(folder: Path, entries: dict[str, os.DirEntry[str]], notes: list[str]) -> Iterator[Drop]:
    for name, entry in entries.items():
        if name.endswith(SIDECAR_SUFFIX):
            if name.removesuffix(SIDECAR_SUFFIX) not in entries:
                notes.append(f"{name} waits for {name.removesuffix(SIDECAR_SUFFIX)}.")
            continue
        if _is_folder(entry) or any((folder / f"{name}{suffix}").exists() for suffix in UNFINISHED):
            continue
        drop = _drop(folder, entry, notes)
        if drop is not None:
            yield _with_sidecar(drop, entries.get(name + SIDECAR_SUFFIX))


def _drop(folder: Path, entry: os.DirEntry[str], notes: list[str]) -> Drop | None:
    try:
        found = (folder / entry.name).lstat()
    except OSError:
        return None
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISLNK(found.st_mode)):
        notes.append(f"{entry.name} is a pipe, socket or device: it is left where it is.")
        return None
    return Drop(
        path=folder / entry.name,
        size=found.st_size,
        mtime_ns=found.st_mtime_ns,
        inode=found.st_ino,
        device=found.st_dev,
        is_link=stat.S_ISLNK(found.st_mode),
    )


def _with_sidecar(drop: Drop, entry: os.DirEntry[str] | None) -> Drop:
    if entry is None:
        return drop
    try:
        found = Path(entry.path).lstat()
    except OSError:
        return drop
    return replace(drop, sidecar=Path(entry.path), sidecar_stamp=(found.st_size, found.st_mtime_ns))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _ignored(name: str, patterns: Sequence[str]) -> bool:
    folded = name.casefold()
    return any(fnmatchcase(folded, pattern) for pattern in patterns)


def _profile(inbox: Path, folder: Path, by_name: dict[str, str]) -> str | None:
    parts = folder.relative_to(inbox).parts
    return by_name.get(parts[0].casefold()) if parts else None
