"""Where a job's results go, and whether they may: an administrator's word counts, a dropped file's seldom."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dropdub.daemon.context import Context, job_id
from dropdub.errors import OutRefused, UsageError
from dropdub.held import HeldFolder, held_output
from dropdub.pipeline.outfolder import trouble_with
from dropdub.pipeline.staging import is_foreign, new_staging_name, stagings
from dropdub.root import real
from dropdub.store import queries
from dropdub.store.tables import Job
from dropdub.store.urls import database_url, sqlite_file

_REMEDY = (
    "Leave out `out`, and take the results from the outbox. Or have the folder named in config.yaml, under "
    "allowed_outputs. Then: jobs retry."
)


@dataclass(frozen=True)
class Output:
    """The folder that a job publishes into, or why it may not be.

    `allowed` is the folder of allowed_outputs that it lies in, from which on no link is followed: who dropped the file
    may be able to put one there at any time. None where an administrator has named the folder.
    """

    folder: Path
    allowed: Path | None = None
    refusal: OutRefused | None = None

    @contextmanager
    def held(self) -> Iterator[HeldFolder]:
        """Hold the folder. Raises OSError."""
        with held_output(self.folder, self.allowed) as folder:
            yield folder


def output_of(context: Context, job: Job) -> Output:
    """Return where a job's results go; links are followed as they are now."""
    out = job.options.get("out")
    if not out:
        return Output(context.root.outbox)
    return Output(Path(out)) if _is_administrators(context, job, out) else dropped_output(context, out)


def dropped_output(context: Context, out: str) -> Output:
    """Return where results go if the options beside a dropped file name the folder `out`."""
    if out in context.config.named_outputs().values():
        return Output(Path(out))
    folder = Path(os.path.realpath(out))  # once: it may lead elsewhere the next time
    meant = Path(os.path.normcase(folder))
    allowed = next(
        (one for one in map(real, map(Path, context.config.allowed_outputs)) if meant.is_relative_to(one)), None
    )
    if allowed is None:
        return _refused(out, "`out` is in none of the folders that allowed_outputs in config.yaml lists.")
    root = context.root
    kept = [root.inbox, root.work, root.failed, root.archive, root.voices, root.models_dir(context.config.models.dir)]
    database = sqlite_file(database_url(context.config.database, root))
    kept += [database.parent] if database and real(database.parent) != real(root.path) else []
    for one in map(real, kept):
        if meant.is_relative_to(one) or one.is_relative_to(meant):
            return _refused(out, "`out` is a folder in which Dropdub keeps files of its own.")
    if real(root.path).is_relative_to(meant):
        return _refused(out, "`out` is the root's folder, or one around it.")
    below = len(meant.relative_to(allowed).parts)
    return Output(folder, allowed=[folder, *folder.parents][below])


def staging_of(context: Context, job: Job, output: Output) -> Path:
    """Return the folder in which this job's deliverables are put together: the one that it has, else a new one's path.

    Raises Waiting or OutRefused where the outbox cannot be listed.
    """
    known = context.stagings.get(job_id(job))
    if known is None or known.parent != output.folder or is_foreign(known, output.allowed):
        try:
            found = staged_for(context, job, output)
        except OSError as error:
            raise trouble_with(output.folder, error, named=bool(job.options.get("out"))) from error
        known = found[0] if found else output.folder / new_staging_name(context.staging_owner(job))
        context.stagings[job_id(job)] = known
    return known


def staged_for(context: Context, job: Job, output: Output) -> list[Path]:
    """Return the staging folders that a job has, the newest first. Raises OSError where the outbox cannot be listed."""
    owner = context.staging_owner(job)
    try:
        with output.held() as outbox:
            return [outbox.path / name for name, of in stagings(outbox).items() if of == owner]
    except FileNotFoundError:
        return []


def _refused(out: str, why: str) -> Output:
    return Output(Path(out), refusal=OutRefused(why, remedy=_REMEDY))


def _is_administrators(context: Context, job: Job, out: str) -> bool:
    """Return whether config.yaml, as it is now or was then, or a command named the folder.

    A subtitle for a film that was done before has the options of that film's job.
    """
    if job.revision is None or job.overrides.get("out") == out:
        return job.origin == "given" or job.overrides.get("out") != out
    try:
        film = queries.job(context.store, int(job.revision["job"]))
    except UsageError:  # it was forgotten
        return False
    return film.id != job.id and film.options.get("out") == out and _is_administrators(context, film, out)
