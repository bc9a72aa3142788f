"""Files that stay in the inbox, and the notes that say why.

Some are still written by another program. Others only came with a recording: a picture or a description of it, a
part of its download, a subtitle of which another one was used. They were seen beside it; once it is taken, only the
database knows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dropdub.daemon.context import Context
from dropdub.files.durable import key
from dropdub.inbox.companions import films_begin_with, is_recording, is_spare, is_subtitle, owner_of
from dropdub.inbox.downloads import base_of, is_of_folder, is_part, is_side_file
from dropdub.inbox.films import film_name
from dropdub.inbox.scan import Drop
from dropdub.inbox.subtitle_folders import beside_folder, is_packed
from dropdub.store import queries
from dropdub.store.states import JobState
from dropdub.units import format_duration

_MOST_NAMED = 3
_NOT_CANCELLED = tuple(state for state in JobState if state != JobState.CANCELLED)


def came_with_recording(context: Context, drop: Drop) -> bool:
    """Return whether a file only came with a recording that was taken, so that it stays in the inbox."""
    name = drop.path.name
    if drop.is_subtitle:
        return _is_beside_another_subtitle(context, drop) or _is_packed(context, drop)
    if is_of_folder(name, is_top=drop.folder is None) and any(map(is_recording, _names_from(context, drop.folder))):
        return True
    if not (is_side_file(name) or is_part(name)):
        return False
    base = key(base_of(name))
    jobs = queries.jobs_like(context.store, base_of(name), _NOT_CANCELLED)
    return any(key(Path(job.name).stem) == base and job.folder == drop.folder for job in jobs)


def _is_beside_another_subtitle(context: Context, drop: Drop) -> bool:
    name = drop.path.name
    like = queries.jobs_like(context.store, films_begin_with(name), _NOT_CANCELLED)
    jobs = [job for job in like if job.folder == drop.folder]
    film = owner_of(name, [film_name(job) for job in jobs if job.companion is not None])
    if film is None:
        return False
    taken = [Path(path).name for job in jobs for path in (job.companion, job.name) if path is not None]
    # Those that are still in the inbox count if they are better: of two, one has to be taken.
    better = [other for other in _names_in(drop.path.parent) if not is_spare(other, beside=name, film=film)]
    return any(is_spare(name, beside=other, film=film) for other in (*taken, *better))


def _names_in(folder: Path) -> list[str]:
    try:
        return [path.name for path in folder.iterdir() if is_subtitle(path.name)]
    except OSError:
        return []


def _is_packed(context: Context, drop: Drop) -> bool:
    """Return whether a subtitle is in a folder of subtitles, beside which there was its recording."""
    found = beside_folder(drop.folder) if drop.folder is not None else None
    if found is None:
        return False
    around, place = found
    names = [name for name in _names_from(context, around) if is_packed((*place, drop.path.name), name)]
    # Somebody may drop all subtitles, such as corrected ones, into a folder of the inbox that is named so.
    return bool(names) and (around is not None or owner_of(drop.path.name, names) is None)


def _names_from(context: Context, folder: str | None) -> list[str]:
    return queries.names_from(context.store, folder, _NOT_CANCELLED)


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
