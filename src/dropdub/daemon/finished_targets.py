"""Targets that an earlier round of a job has finished: when the job is retried, they are not made again.

What report and manifest need of them is kept in `work/kept/JOB/` while the job may be retried: transcript, translations
and timing, as JSON. Their files are in the outbox.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dropdub.daemon.context import Context, job_id
from dropdub.daemon.logs import note
from dropdub.errors import UsageError
from dropdub.failpoints import reach
from dropdub.files.durable import write_whole
from dropdub.files.removal import remove_tree
from dropdub.pipeline.artifacts import TRANSCRIPT
from dropdub.pipeline.step_result import StepResult
from dropdub.store import queries
from dropdub.store.states import JobState, StepState
from dropdub.store.tables import Job, Step


@dataclass(frozen=True)
class Carried:
    """Succeeded steps of an earlier round that count in this one, and the files that they published."""

    steps: tuple[Step, ...] = ()
    outputs: tuple[str, ...] = ()

    @property
    def results(self) -> dict[str, dict[str, object]]:
        return {step.key: step.result or {} for step in self.steps}

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple(text for result in self.results.values() for text in StepResult.from_json(result).warnings)


def finished_targets(steps: Iterable[Step]) -> set[str]:
    """Return the targets all of whose steps have succeeded."""
    found = list(steps)
    left = {step.target for step in found if step.state != StepState.SUCCEEDED}
    return {step.target for step in found if step.target is not None} - left


def keep_finished(folder: Path, kept: Path, targets: Collection[str]) -> None:
    """Copy what the next round needs of the finished targets from a job's folder. Safe to repeat after a crash."""
    reach("kept.before")
    for file in _artifacts(folder, targets):
        kept.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(kept / file.name, file.read_bytes())
    reach("kept.after")


def carried(context: Context, job: Job) -> Carried:
    """Return the finished targets of the last round that has any, and put their artifacts back into the job's folder.

    None are carried if the transcript is another one now, or if their files are no longer in the outbox. To be called
    before the steps of any target are planned.
    """
    kept, folder = context.root.kept_dir(job_id(job)), context.root.job_dir(job_id(job))
    if job.round == 1 or not _is_same(kept / TRANSCRIPT, folder / TRANSCRIPT):
        return Carried()
    for round_ in range(job.round - 1, 0, -1):
        steps = queries.steps(context.store, job_id(job), round_)
        if targets := finished_targets(steps):
            return _restored(job, [step for step in steps if step.target in targets], kept, folder)
    return Carried()


def forget_ended(context: Context) -> None:
    """Remove what was kept for jobs that can no longer be retried."""
    with suppress(OSError):
        for folder in context.root.kept_dirs():
            if not _may_be_retried(context, int(folder.name)):
                remove_tree(folder)


def _may_be_retried(context: Context, id_: int) -> bool:
    try:
        return queries.job(context.store, id_).state != JobState.SUCCEEDED
    except UsageError:  # it was pruned
        return False


def _restored(job: Job, steps: Sequence[Step], kept: Path, folder: Path) -> Carried:
    outbox = Path(job.published or "")
    present = {target for target in finished_targets(steps) if _is_published(outbox, _of(target, steps))}
    reach("kept.restore")
    for file in _artifacts(kept, present):
        write_whole(folder / file.name, file.read_bytes())
    chosen = tuple(step for step in steps if step.target in present)
    if chosen:
        note("finished targets kept", job=job.id, targets=sorted(present))
    return Carried(chosen, tuple(str(outbox / name) for name, _ in _deliverables(chosen)))


def _of(target: str, steps: Iterable[Step]) -> list[Step]:
    return [step for step in steps if step.target == target]


def _is_published(outbox: Path, steps: Iterable[Step]) -> bool:
    """Return whether every file that the steps have published is there with its size."""
    try:
        return all((outbox / name).stat().st_size == size for name, size in _deliverables(steps))
    except OSError:
        return False


def _deliverables(steps: Iterable[Step]) -> list[tuple[str, int]]:
    results = (StepResult.from_json(step.result or {}) for step in steps)
    return [(one.name, one.size) for result in results for one in result.deliverables]


def _artifacts(folder: Path, targets: Collection[str]) -> list[Path]:
    """Return the transcript in a folder, and what is named after one of the targets."""
    names = [TRANSCRIPT, *(f"*.{target}.json" for target in sorted(targets))]
    return sorted({file for name in names for file in folder.glob(name)}) if targets else []


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.read_bytes() == other.read_bytes()
    except OSError:
        return False
