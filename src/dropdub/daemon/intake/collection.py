"""Move a recorded job's files into its work folder and read its options; runs on the mover's thread."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from dropdub.config import read_sidecar
from dropdub.daemon.context import Context
from dropdub.daemon.finish.outputs import dropped_output
from dropdub.daemon.intake.revisions import (
    FilmGone,
    Revision,
    asked_revision,
    cue_starts_at,
    known_revision,
    revision_of,
)
from dropdub.errors import BadSidecar, DropdubError, NotAFile, Waiting
from dropdub.files.durable import is_folder
from dropdub.files.held import read_regular
from dropdub.files.ownership import is_trusted
from dropdub.inbox.companions import is_subtitle
from dropdub.inbox.file_identity import Identity
from dropdub.inbox.free_space import Room
from dropdub.inbox.moves import bring_in, remove_error_note
from dropdub.inbox.recorded_files import Absent, Taken, Wanted
from dropdub.media.suffixes import TEXT_SUFFIXES
from dropdub.store.states import Origin
from dropdub.store.tables import Job
from dropdub.subtitles.timed_texts import holds_subtitles


@dataclass(frozen=True)
class Collected:
    """The moved files, and the options read from the sidecar, or why they cannot be used.

    `revision`: for a subtitle of a processed recording, that recording.
    """

    taken: Taken
    options: dict[str, Any] | None = None
    refusal: DropdubError | None = None
    revision: Revision | FilmGone | None = None


def collect(context: Context, job: Job, source_dir: Path) -> Collected | Absent:
    """Move (copy, if a command named the file) the files a job was recorded for, and read its options.

    They are read here, on the mover's thread, because anybody may have written them. Raises Waiting if the file is
    missing because its share is disconnected.
    """
    context.refuse_away("work")
    taken = _moved(context, job, source_dir)
    if _lacks(taken, job):
        _refuse_away_share(context, Path(job.source))
    if isinstance(taken, Absent):
        return taken
    if job.sidecar and taken.sidecar is None and job.round == 1:
        return Collected(taken, refusal=_options_gone(job))
    return _read(context, job, taken)


def _options_gone(job: Job) -> BadSidecar:
    """Return the error for a sidecar that disappeared after the job was recorded: without it, the job would differ."""
    return BadSidecar(
        f"{Path(job.sidecar or '').name} was removed while {job.name} was being picked up.",
        remedy="Put it back next to the file, unless it is not needed. Then run: `dropdub retry JOB`.",
    )


def _read(context: Context, job: Job, taken: Taken) -> Collected:
    """Read a file's sidecar options and, for a subtitle, find its recording; a refusal is returned, not raised."""
    revision = _revision(context, job, taken)
    if taken.sidecar is None:
        return Collected(taken, revision=revision)
    sidecar_limits = context.sidecar_limits if is_trusted(job.owner) else context.sidecar_limits.of_stranger()
    try:
        options = read_sidecar(taken.sidecar, sidecar_limits)
    except BadSidecar as error:
        return Collected(taken, refusal=error, revision=revision)
    refusal = dropped_output(context, options["out"]).refusal if options.get("out") else None
    return Collected(taken, options, refusal, revision)


def _revision(context: Context, job: Job, taken: Taken) -> Revision | FilmGone | None:
    if not (is_subtitle(job.name) or _holds_subtitles(taken.source)):
        return None
    asked = asked_revision(context, job)
    if asked is not None:
        return asked
    known = known_revision(context, job) if job.round > 1 else None
    return known or revision_of(context, job, cue_starts_at(taken.source, context.config.limits.max_text))


def _holds_subtitles(source: Path) -> bool:
    with suppress(OSError):  # the step that has to read it reports the error
        return source.suffix.casefold() in TEXT_SUFFIXES and holds_subtitles(partial(read_regular, source))
    return False


def _refuse_away_share(context: Context, path: Path) -> None:
    """Raise Waiting if the folder that an original comes from is unavailable; it may be on a share."""
    for name, folder in (("inbox", context.root.inbox), ("failed", context.root.failed)):
        if path.is_relative_to(folder):
            context.refuse_away(name)
            if not is_folder(folder):
                raise Waiting(f"{folder} does not exist.", condition="inbox", remedy="Connect the share that it is on.")


def _lacks(taken: Taken | Absent, job: Job) -> bool:
    """Return whether any recorded file was not found."""
    if isinstance(taken, Absent):
        return True
    return bool((job.sidecar and not taken.sidecar) or (job.companion and not taken.companion))


def _moved(context: Context, job: Job, source_dir: Path) -> Taken | Absent:
    """Move (copy, if a command named the file) the files a job was recorded for. Raises what `bring_in` does."""
    if job.origin == Origin.GIVEN:
        return bring_in(Wanted(Path(job.source), job.name, room=_room(context)), source_dir)
    taken = bring_in(_wanted(context, job), source_dir)
    if job.round > 1 and isinstance(taken, Taken):
        remove_error_note(Path(job.source))
    return taken


def collect_for_ending(context: Context, job: Job, source_dir: Path) -> None:
    """Take the file of a job that ends before its intake, in its current state; others may write to its folder."""
    room = replace(_room(context), most=None)  # a file too large to process must still be moved away
    wanted = replace(
        _wanted(context, job), is_again=True, is_ending=True, room=room, sidecar_seen=None, companion_seen=None
    )
    try:
        bring_in(wanted, source_dir)
    except (BadSidecar, NotAFile):  # the file next to it belongs to somebody else or is no regular file: leave it
        bring_in(replace(wanted, sidecar=None, companion=None), source_dir)


def _wanted(context: Context, job: Job) -> Wanted:
    path, root = Path(job.source), context.root
    is_first = job.round == 1
    return Wanted(
        path,
        job.name,
        Identity(job.device or 0, job.inode or "", job.size or 0, job.mtime_ns or 0),
        Path(job.sidecar) if job.sidecar else None,
        Path(job.companion) if job.companion else None,
        sidecar_seen=Identity.of_list(job.sidecar_seen) if is_first else None,
        companion_seen=Identity.of_list(job.companion_seen) if is_first else None,
        within=next((folder for folder in (root.inbox, root.failed) if path.is_relative_to(folder)), None),
        is_again=not is_first,
        room=_room(context),
    )


def _room(context: Context) -> Room:
    limits = context.config.limits
    return Room(int(limits.max_size), int(limits.min_free_disk))
