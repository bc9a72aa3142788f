"""What the next start does about a run that died: end what is left, take what it finished, queue the rest again."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from dropdub.daemon.context import STAGING, Context, job_id
from dropdub.daemon.endings import Endings
from dropdub.daemon.logs import note
from dropdub.daemon.outcomes import Outcomes
from dropdub.errors import DropdubError, InterruptedTooOften
from dropdub.files import is_folder, remove, remove_tree
from dropdub.pipeline.artefacts import result_name
from dropdub.process import reap_survivors
from dropdub.store import queries, transitions
from dropdub.store.states import ENDED, JobState, Outcome
from dropdub.store.tables import Step
from dropdub.store.transitions import AttemptEnd, Claim


def recover(context: Context, outcomes: Outcomes, endings: Endings) -> None:
    """Bring rows and files back to a state from which work goes on. The root's lock must be held.

    Half-done intakes and endings need nothing here: the loop finds and finishes them as it does its own.
    """
    for sentence in reap_survivors(context.root.run_dir):
        note("survivor ended", text=sentence)
    steps = [step for step in queries.running_steps(context.store) if not _take_committed(context, outcomes, step)]
    counts = {id_: transitions.count_interruption(context.store, id_) for id_ in {step.job_id for step in steps}}
    for step in steps:
        _queue_again(context, step)
    transitions.cap_schedule(context.store, latest=time.time() + context.config.retry.longest)
    for id_, count in counts.items():
        _give_up(context, endings, id_, count)
    sweep(context)


def sweep(context: Context) -> None:
    """Remove work folders and stagings that no unfinished job owns, and what dead steps left in those that stay."""
    alive = {str(job_id(job)): job for job in queries.unfinished_jobs(context.store)}
    for folder in context.root.work.iterdir():
        if folder.name.isdigit() and folder.name not in alive:
            remove_tree(folder)
        elif folder.name.isdigit():
            remove_tree(folder / "tmp")
    outboxes = {context.root.outbox, *(context.outbox_of(job) for job in alive.values())}
    for outbox in outboxes:
        with _told(outbox):
            _sweep_staging(outbox / STAGING, alive.keys())
    for folder in (context.root.archive, context.root.failed):
        with _told(folder):
            for part in folder.glob(".*.part"):
                remove(part)


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    """Let no folder that cannot be cleared, perhaps on a share that is away, stop the start."""
    try:
        yield
    except OSError as error:
        note("leftovers stay", level=logging.WARNING, folder=str(folder), text=str(error))


def _sweep_staging(staging: Path, alive: Collection[str]) -> None:
    if not is_folder(staging):
        return
    for folder in staging.iterdir():
        if folder.name not in alive:
            remove_tree(folder)
    if not any(staging.iterdir()):
        staging.rmdir()


def _queue_again(context: Context, step: Step) -> None:
    assert step.id is not None
    transitions.rescue_step(context.store, step.id, step.token, now=time.time())
    note("step interrupted", job=step.job_id, step=step.key)


def _give_up(context: Context, endings: Endings, id_: int, count: int) -> None:
    """Fail a job that was under way through too many deaths without getting on: it may be what causes them."""
    if count <= context.config.retry.interruptions:
        return
    job = queries.job(context.store, id_)
    if job.state not in ENDED and job.verdict is None:
        error = InterruptedTooOften(f"{job.name} was being worked on {count} times when the program died.")
        endings.fail(job, reason=error.message, remedy=error.remedy)


def _take_committed(context: Context, outcomes: Outcomes, step: Step) -> bool:
    """Complete a step whose worker had written its result before all died; return whether it had."""
    result = step.result or _written_result(context.root.job_dir(step.job_id), step)
    if result is None:
        return False
    job = queries.job(context.store, step.job_id)
    try:
        outcomes.complete(Claim(step=step, job=job, attempt_id=0), result, AttemptEnd(Outcome.SUCCEEDED))
    except DropdubError as error:
        note("committed result cannot be taken", job=job.id, step=step.key, text=error.message)
        return False
    return job.state != JobState.CANCELLED


def _written_result(folder: Path, step: Step) -> dict[str, object] | None:
    try:
        result = json.loads((folder / result_name(step.key, step.token)).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return result if isinstance(result, dict) else None
