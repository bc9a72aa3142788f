"""The recording of a job as it was dropped: found by the job's number, in Dropdub's own folders, through no link."""

from __future__ import annotations

import os
from pathlib import Path, PurePath
from typing import BinaryIO

from dropdub.files.held import held_output
from dropdub.root import Root
from dropdub.store.views.films import FilmView
from dropdub.web.answering.downloads import OpenFile
from dropdub.web.answering.errors import ApiError
from dropdub.web.jobs.outputs import media_type


def open_recording(number: int, film: FilmView, root: Root) -> OpenFile:
    """Open the recording of a job; for a revision, the film that it revises.

    Raises ApiError 404 if it is not in the archive, in failed/ or in the job's own folder, or is a link there. One that
    somebody named to `dropdub run` is where they have it, and is not sent.
    """
    try:
        reader = _opened(Path(film.path), root)
    except OSError:
        raise ApiError(404, f"The recording of job {number} is not there.", "NoRecording") from None
    info = os.fstat(reader.fileno())
    name = PurePath(film.name).name
    return OpenFile(reader, name, info.st_size, int(info.st_mtime), media_type(name))


def has_recording(film: FilmView, root: Root) -> bool:
    """Return whether `open_recording` would open it."""
    try:
        _opened(Path(film.path), root).close()
    except OSError:
        return False
    return True


def _opened(path: Path, root: Root) -> BinaryIO:
    top = next((one for one in (root.archive, root.failed, root.work) if path.is_relative_to(one)), None)
    if top is None or ".." in path.parts:
        raise FileNotFoundError(path)
    with held_output(path.parent, top) as folder:
        return folder.read(path.name)
