"""Films as the outbox tells of them: what their manifests say, also when the database has forgotten their jobs.

A manifest is a witness only if nobody but this account and the administrator can have put it there. What else there is
in an outbox says which film a subtitle is for, and gives it neither words nor options that its owner could not set.
"""

from __future__ import annotations

import contextlib
import glob
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dropdub.config import JobOptions
from dropdub.config.steering import SAFE
from dropdub.files.durable import is_file, key
from dropdub.files.held import HeldFolder, held
from dropdub.files.ownership import is_open_to_others, is_trusted, owner_at
from dropdub.inbox.companions import bare_name, owner_of
from dropdub.pipeline.artifacts import Segment
from dropdub.publishing.deliverables import MANIFEST, deliverable_name
from dropdub.publishing.earlier_results import (
    MOST_OF_MANIFEST,
    MOST_OF_TRANSCRIPT,
    NOT_THERE,
    read_manifest,
    read_transcript,
)

MOST_FOLDERS = 20
"""Each may take a tenth of a second, and anybody may have made thousands."""


@dataclass(frozen=True)
class PublishedFilm:
    """A film that was done, by its manifest, and what was said in it. `size` in bytes.

    `transcript` and `sha256`, the transcript's: None unless it is certain that it was published here.
    """

    id: int
    name: str
    size: int
    options: JobOptions
    language: str
    transcript: Path | None
    sha256: str | None
    segments: Sequence[Segment]

    def original_in(self, archive: Path) -> Path | None:
        """Return the film in the archive, known by its name and size; None where it is not there any more."""
        stem, suffix = Path(self.name).stem, Path(self.name).suffix
        found = archive.rglob(f"{glob.escape(stem)}*{glob.escape(suffix)}")
        return next((path for path in sorted(found) if is_file(path) and path.stat().st_size == self.size), None)


def published_films(outbox: Path, subtitle: str, *, defaults: JobOptions) -> Iterator[PublishedFilm]:
    """Yield the films that a subtitle can be of by its name, the newest first; what is no manifest is left out.

    `defaults`: the options that hold if a manifest may not say.
    """
    for name in _folders(outbox, key(Path(bare_name(subtitle)).stem)):
        with contextlib.suppress(*NOT_THERE), held(outbox, name) as folder:
            manifest = read_manifest(folder.through(MANIFEST).parent)
            if manifest is not None and owner_of(subtitle, [manifest["job"]["name"]]):
                yield _film(outbox, folder, manifest, defaults)


def _folders(outbox: Path, stem: str) -> list[str]:
    """Return the newest `MOST_FOLDERS` folders that have a manifest and a name that begins like this, by name."""
    ages: dict[str, float] = {}
    with contextlib.suppress(OSError):
        for one in outbox.iterdir():
            with contextlib.suppress(OSError):
                if key(one.name).startswith(stem) and stat.S_ISREG((info := (one / MANIFEST).lstat()).st_mode):
                    ages[one.name] = info.st_mtime
    return sorted(ages, key=lambda name: ages[name], reverse=True)[:MOST_FOLDERS]


def _film(outbox: Path, folder: HeldFolder, manifest: Mapping[str, Any], defaults: JobOptions) -> PublishedFilm:
    job = manifest["job"]
    file = deliverable_name(job["name"], "json")
    places = (outbox, folder.path, folder.path / MANIFEST, folder.path / file)  # if the first is, none is exchanged
    is_ours = all(map(_is_ours, places))
    options = manifest["options"]
    found = read_transcript(folder.through(file), MOST_OF_TRANSCRIPT if is_ours else MOST_OF_MANIFEST)
    if found is None:
        raise ValueError("There is no transcript.")
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
    """Return whether nobody but this account and the administrator can have put this there, or put anything in it."""
    return is_trusted(owner_at(path)) and not is_open_to_others(path)


def _safe(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name in SAFE}
