"""Scan the inbox: walk its folders once, without following a link, and open no file but texts that may be subtitles."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from re import Pattern
from typing import BinaryIO, Literal

from dropdub.config import SIDECAR_SUFFIX
from dropdub.files.held import HeldFolder, held
from dropdub.files.ownership import owner_found, owner_seen, speaks_for
from dropdub.inbox.bundles import bundle_refusal
from dropdub.inbox.companions import companions, is_recording, is_subtitle, spare_subtitles
from dropdub.inbox.downloads import Downloads, is_part
from dropdub.inbox.file_identity import Identity
from dropdub.inbox.ignore import ignore_pattern, is_unfinished
from dropdub.inbox.subtitle_folders import Packed, is_subtitle_folder, packed_in, subtitles_of

Kind = Literal["file", "link"]
HoldsSubtitles = Callable[[Identity, Callable[[], BinaryIO]], bool]
"""Whether a file, which the second argument opens, holds subtitles."""
_TEXTS = (".txt", ".text")
_Subtitle = tuple[Path, os.stat_result]
_HIDDEN_ON_WINDOWS = 0x2
_JUNCTION = 0xA0000003
"""The reparse tag of a Windows junction: its files are elsewhere and must not be moved."""


@dataclass(frozen=True)
class Drop:
    """A file to be taken once it has settled."""

    path: Path
    kind: Kind
    identity: Identity
    profile: str | None = None
    sidecar: Path | None = None
    sidecar_identity: Identity | None = None
    companion: Path | None = None
    """The subtitle of the same name, which is taken together with its recording; or one in a folder beside it."""
    companion_identity: Identity | None = None
    owner: str | None = None
    """The file's owner; None if it was not looked up or is unknown."""
    folder: str | None = None
    """The folder in the inbox that contains the file, `S1/day 2`; None for the inbox itself."""
    group: str | None = None
    """The files of one folder with the same group settle together: parts of one download."""
    is_part: bool = False
    """Whether its name says that it is part of a download, which may still be under way."""
    is_timed_text: bool = False
    """Whether it is named as a text, but holds subtitles."""

    @property
    def is_subtitle(self) -> bool:
        return self.is_timed_text or is_subtitle(self.path.name)

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
    """The result of a scan. A note is a sentence about something that only a person can fix."""

    drops: list[Drop] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unfinished: list[Path] = field(default_factory=list, compare=False)
    """Files that other programs still write, or that wait for one of these."""
    unused: list[Path] = field(default_factory=list, compare=False)
    """Files that only describe a recording beside them, and subtitles of which another one is used."""


@dataclass(frozen=True)
class _Folder:
    path: Path
    profile: str | None
    place: str | None = None
    """Its path in the inbox, with slashes; None for the inbox itself."""


@dataclass
class _Found:
    """The entries of one folder that are not ignored, by name."""

    files: dict[str, tuple[Kind, os.stat_result]] = field(default_factory=dict)
    sidecars: dict[str, os.stat_result] = field(default_factory=dict)
    folders: list[str] = field(default_factory=list)
    packed: list[Packed] = field(default_factory=list)
    """The subtitles in folders of subtitles beside recordings."""
    timed: set[str] = field(default_factory=set)
    """The texts that hold subtitles."""


def scan(
    inbox: Path,
    *,
    ignore: Sequence[str] = (),
    profiles: Collection[str] = (),
    with_sidecars: bool = True,
    languages: Sequence[str] = ("en",),
    holds_subtitles: HoldsSubtitles | None = None,
) -> Scan:
    """Return the files to take, folder by folder in the order of their names, and notes.

    A folder directly in the inbox that has the name of a profile selects that profile for everything in it. Files
    that disappear during the scan are not reported. `with_sidecars`: whether to use the job options next to a file.
    `languages`: which subtitle to use of a folder with many, the first that there is. `holds_subtitles`: whether a text
    does; without it, no file is opened.
    """
    walk = _Walk(inbox, ignore_pattern(tuple(ignore)), profiles, with_sidecars, languages, holds_subtitles)
    todo = [_Folder(inbox, None)]
    while todo:
        todo.extend(walk.look_into(todo.pop()))
    return walk.result


class _Walk:
    def __init__(
        self,
        inbox: Path,
        ignored: Pattern[str],
        profiles: Collection[str],
        with_sidecars: bool,
        languages: Sequence[str],
        holds_subtitles: HoldsSubtitles | None,
    ) -> None:
        self._inbox = inbox
        self._ignored = ignored
        self._profiles = profiles
        self._with_sidecars = with_sidecars
        self._languages = languages
        self._holds_subtitles = holds_subtitles
        self._packed_paths: set[Path] = set()
        """Subtitles that were found in a folder beside their recordings."""
        self.result = Scan()

    def look_into(self, folder: _Folder) -> list[_Folder]:
        """Add the drops in a folder; return its subfolders in reverse order."""
        found = _Found()
        try:
            folder.path.lstat()  # files whose path is too long cannot be taken
            with held(self._inbox, *folder.path.relative_to(self._inbox).parts) as opened:
                names = self._sort(opened, found)
                downloads = Downloads.among(names, is_top=folder.place is None)
                found.timed = set(self._timed_texts(opened, found))
                if downloads.names or any(map(is_recording, found.files)):
                    places = filter(is_subtitle_folder, found.folders)
                    found.packed = [packed for name in places for packed in packed_in(opened, name)]
        except OSError as error:
            self._cannot_read(folder.path, error)
            return []
        refusal = bundle_refusal(folder.path.name, names) if folder.place is not None else None
        if refusal is not None:
            self._note(folder.path, refusal)
            return []
        self._add_drops(folder, found, downloads)
        return [self._sub_folder(folder, name) for name in reversed(found.folders)]

    def _sort(self, folder: HeldFolder, found: _Found) -> list[str]:
        names = sorted(folder.names())
        for name in names:
            if self._ignored.match(name.casefold()) is not None:
                if is_unfinished(name):
                    self.result.unfinished.append(folder.path / name)
            else:
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
            self._note(folder / name, "has a name that is not valid Unicode: rename it.")
        elif getattr(info, "st_reparse_tag", 0) == _JUNCTION:
            self._note(folder / name, "is a junction to another folder and is not followed: drop the files themselves.")
        elif stat.S_ISDIR(info.st_mode):
            found.folders.append(name)
        elif is_sidecar and stat.S_ISREG(info.st_mode):
            found.sidecars[name] = info
        elif stat.S_ISREG(info.st_mode) or stat.S_ISLNK(info.st_mode):
            kind: Kind = "link" if stat.S_ISLNK(info.st_mode) else "file"
            found.files[name] = (kind, info)
        else:
            self._note(folder / name, "is not a regular file (a pipe, socket or device) and is ignored: remove it.")

    def _timed_texts(self, folder: HeldFolder, found: _Found) -> Iterator[str]:
        """Yield the names of the texts that hold subtitles."""
        judge = self._holds_subtitles
        if judge is None:
            return
        for name, (kind, info) in found.files.items():
            is_text = kind == "file" and name.casefold().endswith(_TEXTS)
            if is_text and judge(Identity.of_stat(info), partial(folder.read, name)):
                yield name

    def _add_drops(self, folder: _Folder, found: _Found, downloads: Downloads) -> None:
        sidecars = dict(self._owned_sidecars(folder.path, found, downloads))
        beside = self._companions(folder.path, found)
        taken_along = {path.name for path, _ in beside.values()}
        spare = {name for name, used in spare_subtitles(found.files, timed=found.timed).items() if used in taken_along}
        beside |= self._packed(folder, found, downloads, beside)
        for name, (kind, info) in found.files.items():
            if name in taken_along or folder.path / name in self._packed_paths:
                continue
            if downloads.awaits(name if name not in found.timed else f"{Path(name).stem}.srt"):
                self.result.unfinished.append(folder.path / name)
                continue
            if name in spare or downloads.is_beside_whole(name):
                self.result.unused.append(folder.path / name)
                continue
            sidecar, (companion, companion_info) = sidecars.get(name), beside.get(name, (None, None))
            self.result.drops.append(
                Drop(
                    path=folder.path / name,
                    kind=kind,
                    identity=Identity.of_stat(info),
                    profile=folder.profile,
                    sidecar=folder.path / sidecar if sidecar else None,
                    sidecar_identity=Identity.of_stat(found.sidecars[sidecar]) if sidecar else None,
                    companion=companion,
                    companion_identity=Identity.of_stat(companion_info) if companion_info else None,
                    owner=owner_seen(info),
                    folder=folder.place,
                    group=downloads.group_of(name),
                    is_part=is_part(name),
                    is_timed_text=name in found.timed,
                )
            )

    def _companions(self, folder: Path, found: _Found) -> dict[str, _Subtitle]:
        """Return the subtitle of each recording that has one of its owner."""
        files = (name for name, (kind, _) in found.files.items() if kind == "file")
        beside = {
            film: (folder / name, found.files[name][1]) for film, name in companions(files, timed=found.timed).items()
        }
        return {
            film: subtitle for film, subtitle in beside.items() if self._has_same_owner(*subtitle, folder / film, found)
        }

    def _packed(
        self, folder: _Folder, found: _Found, downloads: Downloads, beside: Collection[str]
    ) -> dict[str, _Subtitle]:
        """Return a subtitle in a folder of subtitles for each recording that has none `beside` it; note all of them."""
        recordings, used = {*found.files, *downloads.names}, dict[str, _Subtitle]()
        of_each = subtitles_of(found.packed, recordings, languages=self._languages, is_top=folder.place is None)
        for film, packed in of_each.items():
            paths = {folder.path.joinpath(*one.place): one.info for one in packed}
            self._packed_paths |= paths.keys()
            if film not in found.files or downloads.awaits(film):
                self.result.unfinished.extend(paths)
                continue
            first = next(iter(paths))
            is_read = film not in beside and not packed[0].is_pictures
            if is_read and self._has_same_owner(first, paths[first], folder.path / film, found):
                used[film] = first, paths.pop(first)
            self.result.unused.extend(paths)
        return used

    def _has_same_owner(self, path: Path, info: os.stat_result, of: Path, found: _Found) -> bool:
        """Return whether a sidecar or subtitle may be used for the file `of`: only that file's owner may provide it.

        If not, a note is added. Somebody else's subtitle is then an independent file.
        """
        if speaks_for(owner_found(path, info), owner_found(of, found.files[of.name][1])):
            return True
        text = f"belongs to a different account than {of.name} and is not used for it. Drop it from the same account."
        self._note(path, text)
        return False

    def _owned_sidecars(self, folder: Path, found: _Found, downloads: Downloads) -> Iterator[tuple[str, str]]:
        """Yield file and sidecar names; add a note for a sidecar without a file, unless that is being downloaded."""
        folded = {name.casefold(): name for name in found.files}
        for sidecar in found.sidecars:
            wanted = sidecar[: -len(SIDECAR_SUFFIX)]
            owner = wanted if wanted in found.files else folded.get(wanted.casefold())
            if owner is not None:
                if self._is_used(folder, sidecar, owner, found):
                    yield owner, sidecar
            elif not downloads.awaits(wanted):
                text = f"waits for {wanted}, which has not been dropped yet: drop it, or remove this file."
                self._note(folder / sidecar, text)

    def _is_used(self, folder: Path, sidecar: str, owner: str, found: _Found) -> bool:
        if self._with_sidecars:
            return self._has_same_owner(folder / sidecar, found.sidecars[sidecar], folder / owner, found)
        self._note(folder / sidecar, "is not used: inbox.sidecars is none in config.yaml.")
        return False

    def _sub_folder(self, folder: _Folder, name: str) -> _Folder:
        if folder.path == self._inbox:
            return _Folder(folder.path / name, _profile_named(name, self._profiles), name)
        return _Folder(folder.path / name, folder.profile, f"{folder.place}/{name}")

    def _cannot_read(self, path: Path, error: OSError) -> None:
        if path == self._inbox:
            text = "The inbox cannot be read" if path.exists() else "The inbox does not exist"
            self.result.notes.append(f"{text}: {path} ({error.strerror}).")
        elif not isinstance(error, FileNotFoundError):
            remedy = "Give the account that runs Dropdub permission to read it."
            self._note(path, f"cannot be read ({error.strerror}). {remedy}")

    def _note(self, path: Path, text: str) -> None:
        shown = str(path.relative_to(self._inbox.parent)).encode("utf-8", "backslashreplace").decode("utf-8")
        self.result.notes.append(f"{shown} {text}")


def _is_unicode(name: str) -> bool:
    """Return whether a name is valid Unicode: Linux allows any bytes, Windows unpaired surrogates."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _profile_named(name: str, profiles: Collection[str]) -> str | None:
    if name in profiles:
        return name
    return next((profile for profile in sorted(profiles) if profile.casefold() == name.casefold()), None)
