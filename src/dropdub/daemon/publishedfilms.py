"""Films as the outbox tells of them: what their manifests say, also when the database has forgotten their jobs."""

from __future__ import annotations

import contextlib
import glob
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dropdub.config import JobOptions
from dropdub.files import is_file, key
from dropdub.inbox.companions import bare_name, owner_of
from dropdub.pipeline.artefacts import Segment, Transcript
from dropdub.pipeline.deliverables import MANIFEST, deliverable_name
from dropdub.pipeline.published import read_manifest


@dataclass(frozen=True)
class PublishedFilm:
    """A film that was done, by its manifest, and what was said in it. `size` in bytes."""

    id: int
    name: str
    size: int
    options: JobOptions
    language: str
    transcript: Path
    segments: Sequence[Segment]

    def original_in(self, archive: Path) -> Path | None:
        """Return the film in the archive, known by its name and size; None where it is not there any more."""
        stem, suffix = Path(self.name).stem, Path(self.name).suffix
        found = archive.rglob(f"{glob.escape(stem)}*{glob.escape(suffix)}")
        return next((path for path in sorted(found) if is_file(path) and path.stat().st_size == self.size), None)


def published_films(outbox: Path, subtitle: str) -> Iterator[PublishedFilm]:
    """Yield the films that a subtitle can be of by its name, the newest first; what is no manifest is left out."""
    stem = key(Path(bare_name(subtitle)).stem)
    folders = [one for one in outbox.iterdir() if key(one.name).startswith(stem) and is_file(one / MANIFEST)]
    for folder in sorted(folders, key=lambda one: (one / MANIFEST).stat().st_mtime, reverse=True):
        manifest = read_manifest(folder)
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, IndexError):
            if manifest is not None and owner_of(subtitle, [manifest["job"]["name"]]):
                yield _film(folder, manifest)


def _film(folder: Path, manifest: Mapping[str, Any]) -> PublishedFilm:
    job, transcript = manifest["job"], folder / deliverable_name(manifest["job"]["name"], "json")
    return PublishedFilm(
        id=int(job["id"]),
        name=str(job["name"]),
        size=int(manifest["inputs"][0]["size"]),
        options=JobOptions.model_validate(manifest["options"]),
        language=str(manifest["language"]),
        transcript=transcript,
        segments=Transcript.load(transcript).segments,
    )
