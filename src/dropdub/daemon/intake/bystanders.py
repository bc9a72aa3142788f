"""Files that stay in the inbox, and the notes that say why.

Some are still written by another program. Others only came with a recording: a picture or a description of it, a
part of its download, a subtitle of which another one was used. They were seen beside it; once it is taken, only the
database knows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dropdub.daemon.context import Context, film_name
from dropdub.files.durable import key
from dropdub.inbox.companions import films_begin_with, is_spare, owner_of
from dropdub.inbox.downloads import base_of, is_part, is_side_file
from dropdub.inbox.scan import Drop
from dropdub.inbox.subtitle_folders import beside_folder, is_packed
from dropdub.store import queries
from dropdub.store.states import JobState
from dropdub.store.tables import Job
from dropdub.units import format_duration

_MOST_NAMED = 3
_NOT_CANCELLED = tuple(state for state in JobState if state != JobState.CANCELLED)


def recording_of(context: Context, drop: Drop) -> Job | None:
    """Return the job of the recording that a file only came with, so that it is not taken; None for any other file."""
    name = drop.path.name
    if drop.is_subtitle:
        return _job_with_another_subtitle(context, drop) or _job_beside_its_folder(context, drop)
    if not (is_side_file(name) or is_part(name)):
        return None
    base = key(base_of(name))
    jobs = queries.jobs_like(context.store, base_of(name), _NOT_CANCELLED)
    return next((job for job in jobs if key(Path(job.name).stem) == base and job.folder == drop.folder), None)


def _job_with_another_subtitle(context: Context, drop: Drop) -> Job | None:
    jobs = queries.jobs_like(context.store, films_begin_with(drop.path.name), _NOT_CANCELLED)
    return next((job for job in jobs if job.folder == drop.folder and _has_another(job, drop.path.name)), None)


def _job_beside_its_folder(context: Context, drop: Drop) -> Job | None:
    """Return the job of the recording beside the folder of subtitles that a subtitle is in; None if there is none."""
    found = beside_folder(drop.folder) if drop.folder is not None else None
    if found is None:
        return None
    around, place = found
    jobs = queries.jobs_from(context.store, around, _NOT_CANCELLED)
    return next((job for job in jobs if is_packed((*place, drop.path.name), job.name)), None)


def _has_another(job: Job, subtitle: str) -> bool:
    film = film_name(job)
    is_its = job.companion is not None and owner_of(subtitle, [film]) is not None
    return is_its and is_spare(subtitle, beside=Path(str(job.companion)).name, film=film)


def notes_on_unfinished(unfinished: Sequence[Path], parts: Sequence[Drop], *, inbox: Path, wait_s: float) -> list[str]:
    """Return the notes on files that other programs write: certainly (`unfinished`), and by their names (`parts`)."""
    notes = []
    if unfinished:
        text = "Left alone, because other programs are still writing them or what they belong to"
        notes.append(f"{text}: {_listed(unfinished, inbox)}. If a file is complete, rename it or remove the other.")
    if parts:
        text = "Named like parts of a download, so picked up only after"
        paths = _listed([drop.path for drop in parts], inbox)
        notes.append(f"{text} {format_duration(wait_s)} without a change: {paths}. If a file is complete, rename it.")
    return notes


def notes_on_unused(unused: Sequence[Path], *, inbox: Path) -> list[str]:
    """Return the note on files that only belong to a recording."""
    text = "Left in the inbox, because they only came with a recording and are not used"
    return [f"{text}: {_listed(unused, inbox)}."] if unused else []


def _listed(paths: Sequence[Path], inbox: Path) -> str:
    names = [str(path.relative_to(inbox)).encode("utf-8", "backslashreplace").decode() for path in paths]
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
