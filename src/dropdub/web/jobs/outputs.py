"""The files that a job has published, by their numbers: each is opened in the job's own folder, and through no link."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from dropdub.files.held import HeldFolder, held_output
from dropdub.media.suffixes import MEDIA_SUFFIXES
from dropdub.publishing.manifest_file import MANIFEST, MOST_OF_MANIFEST, NOT_THERE
from dropdub.root import Root
from dropdub.store.views import JobView
from dropdub.web.answering.downloads import OpenFile
from dropdub.web.answering.errors import ApiError

UNKNOWN = "application/octet-stream"
_TEXTS = {
    ".txt": "text/plain; charset=utf-8",
    ".md": "text/markdown; charset=utf-8",
    ".srt": "application/x-subrip",
    ".vtt": "text/vtt; charset=utf-8",
    ".json": "application/json",
}
_SOUNDS = {
    ".m4a": "audio/mp4",
    ".m4b": "audio/mp4",
    ".mp3": "audio/mpeg",
    ".wav": "audio/wav",
    ".flac": "audio/flac",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".mka": "audio/x-matroska",
}
_FILMS = {
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/quicktime",
    ".mkv": "video/x-matroska",
    ".webm": "video/webm",
}
MEDIA_TYPES = {**_TEXTS, **{suffix: kind for suffix, kind in (_SOUNDS | _FILMS).items() if suffix in MEDIA_SUFFIXES}}
"""What a browser may know a file as. Anything else, above all HTML and SVG, is only saved."""


@dataclass(frozen=True)
class Output:
    """A file that a job has published. `number`: its place in the order of publishing, from 1. `size` in bytes.

    `sha256`: as the job's manifest has it; null before that is published, and if the file was changed since.
    """

    number: int
    name: str
    size: int
    sha256: str | None
    media_type: str


@dataclass(frozen=True)
class Outputs:
    """The files that a job has published, in the order of publishing."""

    outputs: list[Output]


def outputs_of(job: JobView, root: Root) -> Outputs:
    """Return the files of a job that are still there."""
    try:
        with _folder_of(job, root) as folder:
            return Outputs([output for output, _ in _listed(job, folder)])
    except OSError:
        return Outputs([])


def open_output(job: JobView, root: Root, number: int) -> OpenFile:
    """Open a file of a job. Raises ApiError 404 if it is not there, or not a file in the job's folder."""
    try:
        with _folder_of(job, root) as folder:
            name = _name(job, number)
            reader = folder.read(name)
            info = os.fstat(reader.fileno())
            digest = _digest(name, info, _checksums(folder))
            return OpenFile(reader, name, info.st_size, int(info.st_mtime), media_type(name), digest)
    except (OSError, LookupError):
        raise ApiError(404, f"Job {job.id} has no output {number}.", "NoOutput") from None


def number_of(job: JobView, name: str) -> int | None:
    """Return the number of the output with a name; None if there is none."""
    names = [PurePath(path).name for path in job.outputs]
    return names.index(name) + 1 if name in names else None


@contextmanager
def opened_outputs(job: JobView, root: Root) -> Iterator[tuple[HeldFolder, list[str]]]:
    """Yield the folder of a job's outputs, held open, and their names. Raises ApiError 404 if it is gone."""
    try:
        held = _folder_of(job, root)
        folder = held.__enter__()
    except OSError:
        raise ApiError(404, f"Job {job.id} has no outputs.", "NoOutput") from None
    try:
        yield folder, [output.name for output, _ in _listed(job, folder)]
    finally:
        held.__exit__(None, None, None)


def quality_of(job: JobView, root: Root) -> Mapping[str, Any] | None:
    """Return the quality figures of a job's manifest; None if there are none."""
    try:
        with _folder_of(job, root) as folder, folder.read(MANIFEST) as reader:
            found = json.loads(reader.read(MOST_OF_MANIFEST)).get("quality")
    except NOT_THERE:
        return None
    return found if isinstance(found, dict) else None


def manifest_names(folder: HeldFolder) -> list[str]:
    """Return the names of the files that the manifest in a job's folder lists, and of itself; empty without one."""
    names = list(_checksums(folder).files)
    return [*names, MANIFEST] if names else []


def media_type(name: str) -> str:
    """Return the media type of a file by its suffix; one that no browser shows if it is not a known one."""
    return MEDIA_TYPES.get(PurePath(name).suffix.casefold(), UNKNOWN)


@contextmanager
def _folder_of(job: JobView, root: Root) -> Iterator[HeldFolder]:
    """Hold the folder of a job's outputs. Raises OSError; FileNotFoundError if it has none."""
    if not job.published:
        raise FileNotFoundError
    folder = Path(job.published)
    trusted = next((top for top in (root.outbox, root.work) if folder.is_relative_to(top)), folder.parent)
    with held_output(folder, trusted) as opened:
        yield opened


def _name(job: JobView, number: int) -> str:
    """Return the name of an output. Raises LookupError if it is not in the job's folder."""
    path = Path(job.outputs[number - 1])
    if number < 1 or path.parent != Path(job.published or ""):
        raise LookupError
    return path.name


def _listed(job: JobView, folder: HeldFolder) -> Iterator[tuple[Output, os.stat_result]]:
    checksums = _checksums(folder)
    for number in range(1, len(job.outputs) + 1):
        try:
            name = _name(job, number)
            with folder.read(name) as reader:
                info = os.fstat(reader.fileno())
        except (OSError, LookupError):
            continue
        yield Output(number, name, info.st_size, _digest(name, info, checksums), media_type(name)), info


@dataclass(frozen=True)
class _Checksums:
    """Size and SHA-256 of each file that the manifest lists, and when it was written, in nanoseconds."""

    files: Mapping[str, tuple[int, str]]
    written_ns: int


def _checksums(folder: HeldFolder) -> _Checksums:
    try:
        with folder.read(MANIFEST) as reader:
            written_ns = os.fstat(reader.fileno()).st_mtime_ns
            listed = json.loads(reader.read(MOST_OF_MANIFEST))["outputs"]
        return _Checksums({str(one["name"]): (int(one["size"]), str(one["sha256"])) for one in listed}, written_ns)
    except NOT_THERE:
        return _Checksums({}, 0)


def _digest(name: str, info: os.stat_result, checksums: _Checksums) -> str | None:
    """Return a file's SHA-256, unless somebody has changed the file after its manifest was written."""
    size, digest = checksums.files.get(name, (-1, ""))
    is_unchanged = info.st_size == size and info.st_mtime_ns <= checksums.written_ns
    return digest if is_unchanged and digest.isalnum() and digest.isascii() else None
