"""What lies in the inbox now: one walk over its folders that opens no file and follows no link."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from re import Pattern
from typing import Literal

from dropdub.config import SIDECAR_SUFFIX
from dropdub.files.held import HeldFolder, held
from dropdub.files.ownership import owner_found, owner_seen, speaks_for
from dropdub.inbox.companions import companions, is_subtitle, owner_of
from dropdub.inbox.identity import Identity
from dropdub.inbox.ignore import awaited, ignoring

Kind = Literal["file", "link"]
_HIDDEN_ON_WINDOWS = 0x2
_JUNCTION = 0xA0000003
"""The reparse tag of a Windows folder that stands for another: its files lie elsewhere and are not to be moved."""


@dataclass(frozen=True)
class Drop:
    """A file that is to be taken once it has settled."""

    path: Path
    kind: Kind
    identity: Identity
    profile: str | None = None
    sidecar: Path | None = None
    sidecar_identity: Identity | None = None
    companion: Path | None = None
    """The subtitle of the same name, which is taken with its film."""
    companion_identity: Identity | None = None
    owner: str | None = None
    """Whose the file is; None where it was not asked for, or cannot be found out."""
    folder: str | None = None
    """The folder directly in the inbox that it lies in; None for the inbox itself."""

    @property
    def size(self) -> int:
        return self.identity.size

    @property
    def mtime_ns(self) -> int:
        return self.identity.mtime_ns

    @property
    def inode(self) -> str:
        return self.identity.inode

    @property
    def device(self) -> int:
        return self.identity.device


@dataclass(frozen=True)
class Scan:
    """What one walk found. A note is a sentence about something that only a person can put right."""

    drops: list[Drop] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Folder:
    path: Path
    profile: str | None
    first: str | None = None
    """The folder directly in the inbox that this is, or lies in."""


@dataclass
class _Found:
    """The entries of one folder that are not ignored, by name."""

    files: dict[str, tuple[Kind, os.stat_result]] = field(default_factory=dict)
    sidecars: dict[str, os.stat_result] = field(default_factory=dict)
    folders: list[str] = field(default_factory=list)


def scan(
    inbox: Path, *, ignore: Sequence[str] = (), profiles: Collection[str] = (), with_sidecars: bool = True
) -> Scan:
    """Return the files that are to be taken, folder by folder in the order of their names, and notes.

    A folder directly in the inbox that is named like a profile selects it for all that lies in it. What vanishes
    during the walk is not reported. `with_sidecars`: whether the options beside a file are taken with it.
    """
    walk = _Walk(inbox, ignoring(tuple(ignore)), profiles, with_sidecars)
    todo = [_Folder(inbox, None)]
    while todo:
        todo.extend(walk.look_into(todo.pop()))
    return walk.result


class _Walk:
    def __init__(self, inbox: Path, ignored: Pattern[str], profiles: Collection[str], with_sidecars: bool) -> None:
        self._inbox = inbox
        self._ignored = ignored
        self._profiles = profiles
        self._with_sidecars = with_sidecars
        self.result = Scan()

    def look_into(self, folder: _Folder) -> list[_Folder]:
        """Add the drops of one folder; return the folders in it, the last first."""
        found = _Found()
        try:
            folder.path.lstat()  # what is too deep for a path cannot be taken
            with held(self._inbox, *folder.path.relative_to(self._inbox).parts) as opened:
                names = self._sort(opened, found)
        except OSError as error:
            self._cannot_read(folder.path, error)
            return []
        self._add_drops(folder, found, awaited(names))
        return [self._sub_folder(folder, name) for name in reversed(found.folders)]

    def _sort(self, folder: HeldFolder, found: _Found) -> list[str]:
        names = sorted(folder.names())
        for name in names:
            if self._ignored.match(name.casefold()) is None:
                try:
                    self._sort_one(name, folder.look(name), folder.path, found)
                except FileNotFoundError:
                    continue
                except OSError as error:
                    self._cannot_read(folder.path / name, error)
        return names

    def _sort_one(self, name: str, info: os.stat_result, folder: Path, found: _Found) -> None:
        is_sidecar = name.casefold().endswith(SIDECAR_SUFFIX)
        if getattr(info, "st_file_attributes", 0) & _HIDDEN_ON_WINDOWS:
            return
        if not _is_unicode(name):
            self._note(folder / name, "has a name that is not valid Unicode: give it another name.")
        elif getattr(info, "st_reparse_tag", 0) == _JUNCTION:
            self._note(folder / name, "stands for a folder elsewhere and is not entered: drop the files themselves.")
        elif stat.S_ISDIR(info.st_mode):
            found.folders.append(name)
        elif is_sidecar and stat.S_ISREG(info.st_mode):
            found.sidecars[name] = info
        elif stat.S_ISREG(info.st_mode) or stat.S_ISLNK(info.st_mode):
            kind: Kind = "link" if stat.S_ISLNK(info.st_mode) else "file"
            found.files[name] = (kind, info)
        else:
            self._note(folder / name, "is no file (a pipe, socket or device) and stays where it is: remove it.")

    def _add_drops(self, folder: _Folder, found: _Found, awaited_names: set[str]) -> None:
        sidecars = dict(self._owned_sidecars(folder.path, found, awaited_names))
        beside = companions(name for name, (kind, _) in found.files.items() if kind == "file")
        beside = {film: words for film, words in beside.items() if self._is_its_owners(folder.path, words, film, found)}
        taken_along = set(beside.values())
        for name, (kind, info) in found.files.items():
            if name in taken_along or _is_awaited(name, awaited_names):
                continue
            sidecar, companion = sidecars.get(name), beside.get(name)
            self.result.drops.append(
                Drop(
                    path=folder.path / name,
                    kind=kind,
                    identity=Identity.of_stat(info),
                    profile=folder.profile,
                    sidecar=folder.path / sidecar if sidecar else None,
                    sidecar_identity=Identity.of_stat(found.sidecars[sidecar]) if sidecar else None,
                    companion=folder.path / companion if companion else None,
                    companion_identity=Identity.of_stat(found.files[companion][1]) if companion else None,
                    owner=owner_seen(info),
                    folder=folder.first,
                )
            )

    def _is_its_owners(self, folder: Path, name: str, of: str, found: _Found) -> bool:
        """Return whether what lies beside a file may be used for it: only its owner may steer it. Else a note says so.

        A subtitle of somebody else's is then a file of its own.
        """
        info = found.sidecars.get(name) or found.files[name][1]
        if speaks_for(owner_found(folder / name, info), owner_found(folder / of, found.files[of][1])):
            return True
        self._note(folder / name, f"belongs to another account than {of} and is not used for it.")
        return False

    def _owned_sidecars(self, folder: Path, found: _Found, awaited_names: set[str]) -> Iterator[tuple[str, str]]:
        """Yield file and sidecar names; a sidecar without a file gives a note, unless its file is on its way."""
        folded = {name.casefold(): name for name in found.files}
        for sidecar in found.sidecars:
            wanted = sidecar[: -len(SIDECAR_SUFFIX)]
            owner = wanted if wanted in found.files else folded.get(wanted.casefold())
            if owner is not None:
                if self._is_used(folder, sidecar, owner, found):
                    yield owner, sidecar
            elif wanted.casefold() not in awaited_names:
                self._note(folder / sidecar, f"waits for {wanted}, which is not there: drop it, or remove this file.")

    def _is_used(self, folder: Path, sidecar: str, owner: str, found: _Found) -> bool:
        if self._with_sidecars:
            return self._is_its_owners(folder, sidecar, owner, found)
        self._note(folder / sidecar, "is not used: inbox.sidecars is none in config.yaml.")
        return False

    def _sub_folder(self, folder: _Folder, name: str) -> _Folder:
        if folder.path == self._inbox:
            return _Folder(folder.path / name, _profile_named(name, self._profiles), name)
        return _Folder(folder.path / name, folder.profile, folder.first)

    def _cannot_read(self, path: Path, error: OSError) -> None:
        if path == self._inbox:
            text = "The inbox cannot be looked into" if path.exists() else "The inbox is not there"
            self.result.notes.append(f"{text}: {path} ({error.strerror}).")
        elif not isinstance(error, FileNotFoundError):
            self._note(path, f"cannot be looked into ({error.strerror}): give the account that runs Dropdub the right.")

    def _note(self, path: Path, text: str) -> None:
        shown = str(path.relative_to(self._inbox.parent)).encode("utf-8", "backslashreplace").decode("utf-8")
        self.result.notes.append(f"{shown} {text}")


def _is_awaited(name: str, awaited_names: Collection[str]) -> bool:
    """Return whether a download will fill a file, or bring the film that it belongs to."""
    if name.casefold() in awaited_names:
        return True
    return bool(awaited_names) and is_subtitle(name) and owner_of(name, awaited_names) is not None


def _is_unicode(name: str) -> bool:
    """Return whether a name can be stored: Linux allows any bytes, Windows lone halves of characters."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _profile_named(name: str, profiles: Collection[str]) -> str | None:
    if name in profiles:
        return name
    return next((profile for profile in sorted(profiles) if profile.casefold() == name.casefold()), None)
