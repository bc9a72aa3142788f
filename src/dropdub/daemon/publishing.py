"""The last step of publishing: staged deliverables get their place in the outbox, each by one rename."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dropdub.daemon.context import Context, film_name, job_id
from dropdub.daemon.outputs import refuse_out
from dropdub.daemon.readers import let_read
from dropdub.errors import UnexpectedError
from dropdub.failpoints import reach
from dropdub.files import free_name, fsync_dir, numbered_folder, rename
from dropdub.pipeline.outfolder import trouble_with
from dropdub.store import transitions
from dropdub.store.tables import Job


def publish(context: Context, job: Job, result: dict[str, Any]) -> list[str]:
    """Rename what a publish step staged into the job's folder; return the paths. Safe to do again after a crash.

    Raises Waiting or OutRefused where the outbox cannot be written to, UnexpectedError where a deliverable is nowhere.
    """
    refuse_out(context, job)
    staging = context.staging_of(job)
    try:
        folder = _folder(context, job)
        let_read(context, job, folder)
        return [str(_placed(context, job, staging / item["name"], folder)) for item in result["deliverables"]]
    except OSError as error:
        raise trouble_with(context.outbox_of(job), error, named=bool(job.options.get("out"))) from error


def _folder(context: Context, job: Job) -> Path:
    """Return the job's own folder, chosen and recorded before it is made."""
    outbox = context.outbox_of(job)
    stem = Path(film_name(job)).stem

    def choose(taken: Any) -> str:
        name = free_name(outbox, stem, taken=lambda name: taken(str(outbox / name)), numbering=numbered_folder)
        return str(outbox / name)

    folder = Path(transitions.claim_outbox(context.store, job_id(job), choose=choose))
    reach("publish.folder-claimed")
    folder.mkdir(parents=True, exist_ok=True)
    fsync_dir(folder.parent)
    return folder


def _placed(context: Context, job: Job, staged: Path, folder: Path) -> Path:
    target = folder / staged.name
    if staged.exists():
        let_read(context, job, staged)
        rename(staged, target)
    elif not target.exists():
        raise UnexpectedError(f"{target.name} was made, but is neither staged nor published.")
    return target
