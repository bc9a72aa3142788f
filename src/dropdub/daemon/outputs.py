"""Whether a job's results may go where its options say: an administrator's word counts, a dropped file's seldom."""

from __future__ import annotations

from pathlib import Path

from dropdub.daemon.context import Context
from dropdub.errors import OutRefused, UsageError
from dropdub.root import real
from dropdub.store import queries
from dropdub.store.tables import Job
from dropdub.store.urls import database_url, sqlite_file

_REMEDY = (
    "Leave out `out`, and take the results from the outbox. Or have the folder named in config.yaml, under "
    "allowed_outputs. Then: jobs retry."
)


def refuse_out(context: Context, job: Job) -> None:
    """Raise OutRefused if the job's results may not go where its options say; links are followed as they are now."""
    refusal = out_refusal(context, job)
    if refusal is not None:
        raise refusal


def out_refusal(context: Context, job: Job) -> OutRefused | None:
    """Return why the job's results may not go where its options say; None if they may."""
    out = job.options.get("out")
    if not out or _is_administrators(context, job, out):
        return None
    return dropped_out_refusal(context, out)


def dropped_out_refusal(context: Context, out: str) -> OutRefused | None:
    """Return why a dropped file's own options may not name the folder `out`; None if they may."""
    if out in context.config.named_outputs().values():
        return None
    allowed = [real(Path(one)) for one in context.config.allowed_outputs]
    meant = real(Path(out))
    if not any(meant.is_relative_to(one) for one in allowed):
        return OutRefused("`out` is in none of the folders that allowed_outputs in config.yaml lists.", remedy=_REMEDY)
    root = context.root
    kept = [root.inbox, root.work, root.failed, root.archive, root.voices, root.models_dir(context.config.models.dir)]
    database = sqlite_file(database_url(context.config.database, root))
    kept += [database.parent] if database and real(database.parent) != real(root.path) else []
    for folder in map(real, kept):
        if meant.is_relative_to(folder) or folder.is_relative_to(meant):
            return OutRefused("`out` is a folder in which Dropdub keeps files of its own.", remedy=_REMEDY)
    if real(root.path).is_relative_to(meant):
        return OutRefused("`out` is the root's folder, or one around it.", remedy=_REMEDY)
    return None


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
