"""Recovery after a crash: kill leftover processes, keep finished results, requeue the rest."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dropdub.daemon.context import Context, folder_of, job_id
from dropdub.daemon.finish.finishing import Endings
from dropdub.daemon.finish.outputs import output_of, remove_staged
from dropdub.daemon.finished_targets import forget_ended
from dropdub.daemon.isolation import contained
from dropdub.daemon.logs import note
from dropdub.daemon.start.rescue import PART, end_without_original, remove_copy, rescue_strays, source_of_copy
from dropdub.daemon.steps.outcomes import Outcomes
from dropdub.errors import InterruptedTooOften, StoreError
from dropdub.files.held import HeldFolder
from dropdub.files.removal import remove_stale_parts, remove_tree
from dropdub.pipeline.artifacts import result_name
from dropdub.process import reap_survivors
from dropdub.publishing.staging import remove_orphans
from dropdub.store import queries, transitions
from dropdub.store.states import ENDED, JobState, Origin, Outcome
from dropdub.store.tables import Step
from dropdub.store.transitions import AttemptEnd, Claim


def recover(context: Context, outcomes: Outcomes, endings: Endings) -> int:
    """Restore rows and files to a state from which work can continue. The root's lock must be held.

    Interrupted intakes and endings need nothing here: the loop finishes them like any others.
    Returns the number of rescued originals.
    """
    for sentence in reap_survivors(context.root.run_dir):
        note("leftover process killed", text=sentence)
    steps = [step for step in queries.running_steps(context.store) if not _take_committed(context, outcomes, step)]
    counts = {id_: transitions.count_interruption(context.store, id_) for id_ in {step.job_id for step in steps}}
    for step in steps:
        _requeue(context, step)
    transitions.cap_schedule(context.store, latest=time.time() + context.config.retry.longest)
    for id_, count in counts.items():
        with contained("giving up on a job", job=id_):
            _give_up(context, endings, id_, count)
    end_without_original(context)
    return sweep(context)


def sweep(context: Context) -> int:
    """Remove work and staging folders that no unfinished job owns, and leftovers of dead steps in the remaining ones.

    Originals are never removed: those that no job knows are recorded to be moved to `failed/`. Returns their number.
    """
    rescued = rescue_strays(context)
    alive = queries.unfinished_jobs(context.store)
    for job in alive:
        folder = folder_of(context, job)
        # A request's pieces are sent before they are flushed: after a power cut, any may be broken. They are cached.
        leftovers = folder if job.origin == Origin.ASKED else folder / "tmp"
        with _errors_logged(leftovers):
            remove_tree(leftovers)
    forget_ended(context)
    _sweep_answers(context)
    with _errors_logged(context.root.outbox):
        _sweep_stagings(context)
    for folder in (context.root.archive, context.root.failed):
        with _errors_logged(folder):
            _sweep_parts(context, folder)
    for folder in (context.root.path, context.root.state_dir, context.root.voices):
        with _errors_logged(folder):
            remove_stale_parts(folder)
    return rescued


def _sweep_answers(context: Context) -> None:
    """Remove answers that no request has: the database may be another one than at the last start."""
    kept = queries.request_ids(context.store)
    for folder in context.root.results_dirs():
        if int(folder.name) not in kept:
            with _errors_logged(folder):
                remove_tree(folder)


def _sweep_parts(context: Context, folder: Path) -> None:
    """Remove interrupted copies from another file system; keep those whose original is missing."""
    for part in folder.rglob(f".*{PART}"):
        source = source_of_copy(context, part)
        if source is None or not remove_copy(part, source):
            note("unfinished copy kept", level=logging.WARNING, path=str(part))


@contextmanager
def _errors_logged(folder: Path) -> Iterator[None]:
    """Log an OSError: a folder that cannot be cleared, perhaps on a disconnected share, must not stop the start."""
    try:
        yield
    except OSError as error:
        note("leftovers not removed", level=logging.WARNING, folder=str(folder), text=str(error))


def _sweep_stagings(context: Context) -> None:
    """Remove staging folders of ended or unknown jobs, but not those of other roots that share the outbox."""
    staged = queries.staged_jobs(context.store)
    for job in staged:
        if job.state in ENDED:
            with contained("removing a staging folder", job=job.id):
                if remove_staged(job, output_of(context, job)):
                    transitions.forget_staging(context.store, job_id(job))
    if context.belonging is not None:
        with HeldFolder.open(context.root.outbox) as outbox:
            remove_orphans(outbox, context.belonging.staging_prefix, {Path(str(job.staging)) for job in staged})


def _requeue(context: Context, step: Step) -> None:
    assert step.id is not None
    transitions.rescue_step(context.store, step.id, step.token, now=time.time())
    note("step interrupted", job=step.job_id, step=step.key)


def _give_up(context: Context, endings: Endings, id_: int, count: int) -> None:
    """Fail a job that was running through too many crashes without progress, because it may cause them."""
    if count <= context.config.retry.interruptions:
        return
    job = queries.job(context.store, id_)
    if job.state not in ENDED and job.verdict is None:
        error = InterruptedTooOften(f"Dropdub crashed or was killed {count} times while processing {job.name}.")
        endings.fail(job, reason=error.message, remedy=error.remedy)


def _take_committed(context: Context, outcomes: Outcomes, step: Step) -> bool:
    """Complete a step whose worker had written its result before the crash; return whether the step needs no rerun."""
    job = queries.job(context.store, step.job_id)
    result = step.result or _written_result(folder_of(context, job), step)
    if result is None:
        return False
    try:
        outcomes.complete(Claim(step=step, job=job), result, AttemptEnd(Outcome.SUCCEEDED))
    except StoreError:
        raise
    except Exception as error:  # boundary of one job: the step is run again
        note("written result rejected", trace=error, job=job.id, step=step.key, text=str(error))
        return False
    return job.state != JobState.CANCELLED


def _written_result(folder: Path, step: Step) -> dict[str, object] | None:
    try:
        result = json.loads((folder / result_name(step.key, step.token)).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return result if isinstance(result, dict) else None
