"""Find published recordings by their manifests in the outbox, even if their jobs have been pruned from the database.

A manifest is trusted only if nobody but this account and the administrator can have written it. An untrusted manifest
can still match a subtitle to its recording, but provides no transcript, and only options that the subtitle's owner
could set as well.
"""

from __future__ import annotations

import contextlib
import glob
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dropdub.config import JobOptions
from dropdub.config.sidecar_limits import SAFE
from dropdub.files.durable import is_file, key
from dropdub.files.held import HeldFolder, held
from dropdub.files.ownership import is_open_to_others, is_trusted, owner_at
from dropdub.inbox.companions import films_begin_with, owner_of
from dropdub.pipeline.artifacts import Segment
from dropdub.publishing.deliverables import deliverable_name
from dropdub.publishing.earlier_results import MOST_OF_TRANSCRIPT, read_transcript
from dropdub.publishing.manifest_file import MANIFEST, MOST_OF_MANIFEST, NOT_THERE, read_manifest

MOST_FOLDERS = 20
"""Maximum number of folders to read: each may take 0.1 s, and anybody may have created thousands."""


@dataclass(frozen=True)
class PublishedFilm:
    """A published recording according to its manifest, with its transcript segments. `size` in bytes.

    `transcript` and its `sha256` are None unless it is certain that Dropdub published them.
    """

    id: int
    name: str
    size: int
    options: JobOptions
    language: str
    transcript: Path | None
    sha256: str | None
    segments: Sequence[Segment]
    place: str | None = None
    """The folders around its own in the outbox, with slashes."""

    def original_in(self, archive: Path) -> Path | None:
        """Return the recording in the archive, matched by name and size, or None if it is gone."""
        stem, suffix = Path(self.name).stem, Path(self.name).suffix
        found = archive.rglob(f"{glob.escape(stem)}*{glob.escape(suffix)}")
        return next((path for path in sorted(found) if is_file(path) and path.stat().st_size == self.size), None)


def published_films(
    outbox: Path, subtitle: str, *, defaults: JobOptions, place: Sequence[str] = ()
) -> Iterator[PublishedFilm]:
    """Yield the recordings whose names match a subtitle, newest first; invalid manifests are skipped.

    They are looked for in the outbox, and in the folders `place` that the subtitle came from. `defaults`: the options
    used where an untrusted manifest may not set them.
    """
    for around in dict.fromkeys((tuple(place), ())):
        for name in _folders(outbox.joinpath(*around), key(films_begin_with(subtitle))):
            with contextlib.suppress(*NOT_THERE), held(outbox, *around, name) as folder:
                manifest = read_manifest(folder.through(MANIFEST).parent)
                if manifest is None or manifest.get("failed"):
                    continue
                if owner_of(subtitle, [manifest["job"]["name"]]):
                    yield replace(_film(outbox, folder, manifest, defaults), place="/".join(around) or None)


def _folders(outbox: Path, stem: str) -> list[str]:
    """Return names of folders with a manifest that begin with `stem`: the newest `MOST_FOLDERS`, newest first."""
    ages: dict[str, float] = {}
    with contextlib.suppress(OSError):
        for folder in outbox.iterdir():
            with contextlib.suppress(OSError):
                if key(folder.name).startswith(stem) and stat.S_ISREG((info := (folder / MANIFEST).lstat()).st_mode):
                    ages[folder.name] = info.st_mtime
    return sorted(ages, key=lambda name: ages[name], reverse=True)[:MOST_FOLDERS]


def _film(outbox: Path, folder: HeldFolder, manifest: Mapping[str, Any], defaults: JobOptions) -> PublishedFilm:
    job = manifest["job"]
    file = deliverable_name(job["name"], "json")
    # If the outbox itself is ours, nobody can replace the others after the check.
    around = [one for one in folder.path.parents if one.is_relative_to(outbox)]
    places = (*around, folder.path, folder.path / MANIFEST, folder.path / file)
    is_ours = all(map(_is_ours, places))
    options = manifest["options"]
    found = read_transcript(folder.through(file), MOST_OF_TRANSCRIPT if is_ours else MOST_OF_MANIFEST)
    if found is None:
        raise ValueError("The transcript is missing.")
    return PublishedFilm(
        id=int(job["id"]),
        name=Path(job["name"]).name,
        size=int(manifest["inputs"][0]["size"]),
        options=JobOptions.model_validate(options) if is_ours else defaults.overridden(_safe(options)),
        language=str(manifest["language"]),
        transcript=folder.path / file if is_ours else None,
        sha256=found[1] if is_ours else None,
        segments=found[0].segments,
    )


def _is_ours(path: Path) -> bool:
    """Return whether only this account and the administrator can have created this, or written into it."""
    return is_trusted(owner_at(path)) and not is_open_to_others(path)


def _safe(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name in SAFE}
