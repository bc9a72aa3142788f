"""Choose and check a job's output folder: administrators may name any, dropped files only allowed ones."""

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
from dropdub.store.states import REQUESTS, Origin
from dropdub.store.tables import Job

_REMEDY = (
    "Remove `out` and collect the results from the outbox, or ask for the folder to be listed under allowed_outputs in "
    "config.yaml. Then run: `dropdub retry JOB`."
)


@dataclass(frozen=True)
class Output:
    """The folder that a job publishes into, or why that is refused.

    `allowed` is the allowed_outputs folder that contains it. No link below it is followed, because the person who
    dropped the file may be able to put one there at any time. None if an administrator named the folder.
    """

    folder: Path
    allowed: Path | None = None
    refusal: OutRefused | None = None


def output_of(context: Context, job: Job) -> Output:
    """Return where a job's results go, resolving links as they are now."""
    if job.origin in REQUESTS:
        return Output(context.root.results_dir(job_id(job)))
    out = job.options.get("out")
    if not out:
        return Output(context.root.outbox)
    return Output(Path(out)) if _is_administrators(context, job, out) else dropped_output(context, out)


def dropped_output(context: Context, out: str) -> Output:
    """Return where results go if a dropped file's sidecar names the folder `out`."""
    if out in context.config.named_outputs().values():
        return Output(Path(out))
    folder = Path(os.path.realpath(out))  # resolved only once: the link may change
    meant = Path(os.path.normcase(folder))
    bases = map(real, map(Path, context.config.allowed_outputs))
    allowed = next((base for base in bases if meant.is_relative_to(base)), None)
    if allowed is None:
        return _refused(out, "`out` is not inside any folder listed under allowed_outputs in config.yaml.")
    root = context.root
    kept = [root.inbox, root.work, root.failed, root.archive, root.voices, root.models_dir(context.config.models.dir)]
    database = sqlite_file(database_url(context.config.database, root))
    kept += [database.parent] if database and real(database.parent) != real(root.path) else []
    for own in map(real, kept):
        if meant.is_relative_to(own) or own.is_relative_to(meant):
            return _refused(out, "`out` overlaps a folder in which Dropdub keeps its own files.")
    if real(root.path).is_relative_to(meant):
        return _refused(out, "`out` is the root folder or contains it.")
    below = len(meant.relative_to(allowed).parts)
    return Output(folder, allowed=[folder, *folder.parents][below])


def staging_of(context: Context, job: Job, output: Output) -> Path:
    """Return this job's staging folder, recorded in the database before it is created."""
    root = context.belonging.staging_prefix if context.belonging else ""
    new = str(output.folder / new_staging_name(root, job_id(job)))
    known = Path(job.staging or transitions.claim_staging(context.store, job_id(job), new))
    if known.parent == output.folder and not is_foreign(known, output.allowed):
        return known
    return Path(transitions.claim_staging(context.store, job_id(job), new, foreign=str(known)))


def remove_staged(job: Job, output: Output) -> bool:
    """Remove a job's staging folder; return False if it must be done later, e.g. while a share is away."""
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
    """Return whether config.yaml (now or when the job was recorded) or a command named the folder.

    A subtitle of a processed recording has the options of that recording's job.
    """
    if job.revision is None or job.overrides.get("out") == out:
        return job.origin == Origin.GIVEN or job.overrides.get("out") != out
    try:
        film = queries.job(context.store, int(job.revision["job"]))
    except UsageError:  # the job was pruned
        return False
    return film.id != job.id and film.options.get("out") == out and _is_administrators(context, film, out)
