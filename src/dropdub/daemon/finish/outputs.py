"""Where a job's results go, and whether they may: an administrator's word counts, a dropped file's seldom."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from dropdub.daemon.context import Context, job_id
from dropdub.errors import OutRefused, UsageError, Waiting
from dropdub.publishing.staging import is_foreign, new_staging_name, remove_staging
from dropdub.root import real
from dropdub.store import queries, transitions
from dropdub.store.location import database_url, sqlite_file
from dropdub.store.tables import Job

_REMEDY = (
    "Leave out `out`, and take the results from the outbox. Or have the folder named in config.yaml, under "
    "allowed_outputs. Then: `dropdub retry JOB`."
)


@dataclass(frozen=True)
class Output:
    """The folder that a job publishes into, or why that is refused.

    `allowed` is the folder of allowed_outputs that it lies in, below which no link is followed: who dropped the file
    may be able to put one there at any time. None where an administrator has named the folder.
    """

    folder: Path
    allowed: Path | None = None
    refusal: OutRefused | None = None


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
    """Return the folder in which this job's deliverables are put together, recorded before it is made."""
    root = context.belonging.staging_prefix if context.belonging else ""
    new = str(output.folder / new_staging_name(root, job_id(job)))
    known = Path(job.staging or transitions.claim_staging(context.store, job_id(job), new))
    if known.parent == output.folder and not is_foreign(known, output.allowed):
        return known
    return Path(transitions.claim_staging(context.store, job_id(job), new, foreign=str(known)))


def remove_staged(job: Job, output: Output) -> bool:
    """Remove a job's staging folder; return False where that has to be done later: its share may be away."""
    if job.staging is None:
        return True
    staging = Path(job.staging)
    if output.refusal is not None or (output.allowed is not None and staging.parent != output.folder):
        return False
    try:
        return remove_staging(staging, output.allowed)
    except (OSError, Waiting):
        return False


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
