"""How a job ends: record the verdict, move the original to its place, delete the work folder, set the end state."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from dropdub.daemon.context import Context, away, job_id, place_of, shown_name
from dropdub.daemon.finish.destinations import Destinations
from dropdub.daemon.finish.outputs import output_of, remove_staged
from dropdub.daemon.finished_targets import finished_targets, keep_finished
from dropdub.daemon.intake.collection import collect_for_ending
from dropdub.daemon.intake.duplicates import TWIN, verdict_on, wake
from dropdub.daemon.isolation import SHARED_ERRORS, own_error
from dropdub.daemon.logs import note
from dropdub.daemon.mover import Moved, Mover
from dropdub.daemon.postponed import Postponed
from dropdub.daemon.start.rescue import rescue_strays
from dropdub.daemon.steps.outcomes import Outcomes
from dropdub.daemon.steps.scheduler import Scheduler
from dropdub.errors import FolderAway, StoreError, with_remedy
from dropdub.failpoints import reach
from dropdub.files.held import NOT_ENTERED, held_output
from dropdub.files.removal import SOURCE, is_source, remove_given_copy, remove_sent, remove_tree
from dropdub.inbox.move_file import CannotMove, lexists, move_errors
from dropdub.inbox.moves import hand_over, write_error_note
from dropdub.inbox.recorded_files import Taken
from dropdub.inbox.side_files import companion_beside, sidecar_beside
from dropdub.notify.routing import channels_for
from dropdub.pasting import COMMAND_INDENT, command, with_commands, without_retry
from dropdub.pipeline.failed_target import message_and_remedy_of
from dropdub.root import Root
from dropdub.store import queries, transitions
from dropdub.store.states import HAVE_ORIGINAL, REQUESTS, JobState, Origin, Outcome, StepState
from dropdub.store.tables import Job, Step
from dropdub.units import counted, format_duration


class Endings:
    """Ends jobs whose steps have ended, and jobs that a user cancelled.

    Every part can be repeated after a crash.
    """

    def __init__(self, context: Context, mover: Mover, scheduler: Scheduler, outcomes: Outcomes) -> None:
        self._context = context
        self._mover = mover
        self._scheduler = scheduler
        self._outcomes = outcomes
        self._postponed = Postponed()
        self._left_staged: set[int] = set()
        """Jobs whose staging folder could not be deleted."""
        self.counts: Counter[str] = Counter()

    @property
    def notes(self) -> list[str]:
        """Return notes for the administrator: originals that cannot be moved to their places."""
        return self._postponed.notes

    def next_due(self, now: float) -> float:
        """Return when to try again to end a job that could not be ended, in monotonic seconds."""
        return self._postponed.next_due(now)

    def tick(self, now: float) -> None:
        """Decide verdicts, and start the moves of jobs that have one (`now`: monotonic seconds)."""
        if away(self._context) is not None:
            return
        for job in queries.cancel_requested(self._context.store):
            if self._concerns(job) and not self._postponed.is_put_off(job_id(job), now):
                self._try(partial(self._decide, self._cancel), job, now)
        for job in queries.duplicates_to_release(self._context.store, TWIN):
            if self._concerns(job) and not self._postponed.is_put_off(job_id(job), now):
                self._try(partial(wake, self._context), job, now)
        for job in queries.jobs_to_end(self._context.store):
            if self._concerns(job) and not self._postponed.is_put_off(job_id(job), now):
                self._try(partial(self._decide, self._judge), job, now)
        for job in queries.jobs_ending(self._context.store):
            if self._concerns(job) and not self._postponed.is_put_off(job_id(job), now):
                self._try(self._settle, job, now)

    def _decide(self, decide: Callable[[Job], None], job: Job) -> None:
        """Decide how a job ends; an unexpected error fails it.

        Raises OSError if the folder that the original goes to cannot be read.
        """
        try:
            decide(job)
        except (OSError, *SHARED_ERRORS):
            raise
        except Exception as error:  # the boundary of one job
            trouble = own_error(error, "ending a job", job=job_id(job))
            self.fail(job, reason=trouble.message, remedy=trouble.remedy)

    def _try(self, act: Callable[[Job], None], job: Job, now: float) -> None:
        """Call `act` for a job. If it fails, try again later, so that other jobs can end meanwhile."""
        try:
            act(job)
        except (StoreError, FolderAway):
            raise
        except Exception as error:  # the boundary of one job
            self._postponed.put_off(job_id(job), error, now)
            note("no destination for the original yet", level=logging.WARNING, trace=error, job=job_id(job))

    def fail(self, job: Job, *, reason: str, remedy: str) -> None:
        """Decide that a job has failed."""
        self._begin(job, JobState.FAILED, reason, remedy)

    def moved(self, moved: Moved, now: float) -> None:
        """Set the job's end state once its files are in their places; if they cannot be moved, try again later."""
        self._postponed.forget(moved.job_id)
        if not isinstance(moved.result, Taken):
            assert moved.error is not None
            self._postponed.put_off(moved.job_id, moved.error, now)
            note("original cannot be moved yet", level=logging.WARNING, trace=moved.error, job=moved.job_id)
            return
        try:
            self._finish(moved.job_id, moved.result)
            self._report(queries.job(self._context.store, moved.job_id))
            rescue_strays(self._context, among=self._context.root.job_dir(moved.job_id))
        except Exception as error:  # the boundary of one job
            self._postponed.put_off(moved.job_id, own_error(error, "closing a job", job=moved.job_id), now)

    def _finish(self, id_: int, placed: Taken) -> None:
        reach("ending.finish")
        job = queries.job(self._context.store, id_)
        verdict = job.verdict or ""
        transitions.finish_job(
            self._context.store,
            id_,
            source=str(placed.source) if job.source else "",
            sidecar=_text(placed.sidecar),
            companion=_text(placed.companion),
            staging=job.staging if id_ in self._left_staged else None,
            now=time.time(),
            channels=() if job.origin in REQUESTS else channels_for(self._context.config.notify, verdict),
        )

    def _concerns(self, job: Job) -> bool:
        return self._context.concerns(job_id(job)) and not self._mover.busy_with(job_id(job))

    def _cancel(self, job: Job) -> None:
        for claim in self._scheduler.of_job(job_id(job)):
            assert claim.step.id is not None
            self._scheduler.pool_of(claim).cancel(claim.step.id)
            self._outcomes.put_back(claim, Outcome.CANCELLED)
        advice = None if job.origin in REQUESTS else "To process it after all: `dropdub retry JOB`"
        self._begin(job, JobState.CANCELLED, "Cancelled.", advice)

    def _judge(self, job: Job) -> None:
        reach("ending.judge")
        if job.dup_of is not None:
            same = verdict_on(self._context, job)
            if same is not None:
                self._begin(job, JobState.SUCCEEDED, *same)
            return
        steps = queries.steps(self._context.store, job_id(job), job.round)
        broken = [step for step in steps if step.state == StepState.FAILED]
        if not broken:
            self._begin(job, JobState.SUCCEEDED, None, None)
        else:
            self._begin(job, JobState.FAILED, *_reason(broken))

    def _begin(self, job: Job, verdict: JobState, reason: str | None, remedy: str | None) -> None:
        reach("ending.begin")
        transitions.begin_ending(
            self._context.store,
            job_id(job),
            verdict=verdict,
            reason=reason,
            remedy=without_retry(remedy) if remedy and job.origin in REQUESTS else remedy,
            destination=self._destination(job, verdict),
            now=time.time(),
        )

    def _destination(self, job: Job, verdict: JobState) -> str | None:
        """Return where the original goes: a path that is free, and that no job about to end will take."""
        if job.origin not in HAVE_ORIGINAL:
            return None
        root = self._context.root
        folder = root.archive if verdict is JobState.SUCCEEDED else root.failed
        return str(Destinations(self._context, folder).choose(job.name, job.companion, place=place_of(job)))

    def _settle(self, job: Job) -> None:
        reach("ending.settle")
        context, folder = self._context, self._context.root.job_dir(job_id(job))
        output, kept = output_of(context, job), context.root.kept_dir(job_id(job))
        finished = finished_targets(queries.steps(context.store, job_id(job), job.round))

        def move() -> Taken:
            context.refuse_away("work", "archive", "failed")
            _take_first(context, job, folder / SOURCE)
            placed = _place(job, folder / SOURCE, context.root)
            if job.verdict == JobState.SUCCEEDED:
                remove_tree(kept)
            else:
                keep_finished(folder, kept, finished)
            for made in {folder, *_rescued_from(job, context.root.work)}:
                remove_tree(made)
            for sent in _sent_in(job, context.root.uploads_dir):
                remove_sent(sent)
            if remove_staged(job, output):
                self._left_staged.discard(job_id(job))
            else:
                self._left_staged.add(job_id(job))
            return placed

        self._mover.submit(job_id(job), move, of=(job.owner, job.folder), is_ending=True)

    def _report(self, job: Job) -> None:
        """Log that a job has ended, and report it to the user, unless a client waits for it."""
        self.counts[job.state] += 1
        note("job ended", job=job.id, state=job.state, reason=job.reason)
        if job.origin in REQUESTS:  # its client is answered
            return
        taken_s = max(
            0.0, (job.finished_at or 0) - (job.started_at or job.created_at)
        )  # the clock may have been set back
        line = f"{shown_name(job)}: {job.state} in {format_duration(taken_s)}"
        if job.warnings:
            line += f", {counted(len(job.warnings), 'warning')}"
        if job.state == JobState.SUCCEEDED and job.published:
            line += f" → {job.published}"
        if job.reason:
            line = f"{line}. {with_remedy(job.reason, job.remedy or '')}"
        self._context.report(with_commands(line, root=self._context.root.path, job=job_id(job)))


def _rescued_from(job: Job, work: Path) -> list[Path]:
    """Return the job folder that contains the original: its own, or, for a rescued original, that of an unknown job."""
    folder = Path(job.source).parent.parent
    return [folder] if is_source(Path(job.source).parent) and folder.parent == work else []


def _sent_in(job: Job, uploads: Path) -> list[Path]:
    """Return the folder of a file that was sent with a request: its sender has it, and gets the answer."""
    source = Path(job.source)
    is_sent = job.origin == Origin.SENT and source.is_relative_to(uploads) and source != uploads
    return [uploads / source.relative_to(uploads).parts[0]] if is_sent else []


def _text(path: Path | None) -> str | None:
    return str(path) if path else None


def _reason(broken: Sequence[Step]) -> tuple[str, str]:
    """Return why the job failed, with each target that did, and each remedy once."""
    errors = [(step.target, *message_and_remedy_of(step.error)) for step in broken]
    reasons = [f"{target}: {message}" if target else message for target, message, _remedy in errors]
    return " ".join(reasons), " ".join(dict.fromkeys(remedy for _target, _message, remedy in errors if remedy))


def _take_first(context: Context, job: Job, source_dir: Path) -> None:
    """Move an original that is still in the inbox into the job's folder: others may change what its path leads to."""
    if job.destination is not None and Path(job.source).is_relative_to(context.root.inbox):
        collect_for_ending(context, job, source_dir)


def _place(job: Job, source_dir: Path, root: Root) -> Taken:
    """Move the original to its destination and, unless the job succeeded, write a note next to it that says why.

    If a cancellation interrupted the intake, some or all of the files may be in `source_dir` already.
    """
    taken, inbox = source_dir / job.name, root.inbox
    if job.origin in REQUESTS:
        return Taken(Path(job.source))
    if job.destination is None:
        given = Path(job.given_path or job.source)
        remove_given_copy(taken, given)
        return Taken(given)
    source = _current_place(Path(job.source), taken, inbox)
    sidecar = _current_place(Path(job.sidecar), sidecar_beside(taken), inbox) if job.sidecar else None
    companion = Path(job.companion) if job.companion else None
    companion = _current_place(companion, companion_beside(taken, companion), inbox) if companion else None
    with move_errors(source, Path(job.destination).parent):
        _make_place(Path(job.destination), root)
    placed = hand_over(source, sidecar, Path(job.destination), companion=companion)
    if job.verdict != JobState.SUCCEEDED:
        write_error_note(placed.source, _note_text(job, root))
    return placed


def _make_place(destination: Path, root: Root) -> None:
    """Create the folder for an original in archive/ or failed/, with the permissions of the folder around it.

    Raises CannotMove if a folder on the way is a link, or no folder.
    """
    top = next((top for top in (root.archive, root.failed) if destination.is_relative_to(top)), destination.parent)
    try:
        with held_output(destination.parent, top, make=True):
            pass
    except OSError as error:
        if error.errno not in NOT_ENTERED:
            raise
        raise CannotMove(
            f"{destination.parent} is, or is in, a link or a file, so nothing is moved there.",
            condition="folder",
            remedy="Remove it; the job then resumes automatically.",
        ) from error


def _current_place(path: Path, taken: Path, inbox: Path) -> Path:
    """Return where a file is: where intake puts it, else where its job says. Only intake takes files from the inbox."""
    return taken if lexists(taken) or path.is_relative_to(inbox) else path


def _note_text(job: Job, root: Root) -> str:
    """Return what the note next to an original says: the reason, the remedy, and how to retry."""
    made = "".join(f"\n  {path}" for path in job.outputs)
    remedy = with_commands(job.remedy or "", root=root.path, job=job_id(job))
    retry = f"{COMMAND_INDENT}{command(root.path, 'retry', str(job.id))}"
    return "\n".join(
        [
            f"{job.name}: {job.verdict}",
            "",
            with_commands(job.reason or "", root=root.path, job=job_id(job)),
            *([remedy] if remedy else []),
            *([f"\nAlready finished:{made}"] if made else []),
            *([] if retry in remedy.split("\n") else ["", "To try again:", retry]),
            "",
        ]
    )
