"""Record what workers report: results, errors, deaths."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dropdub.daemon.context import Context, away, earlier_results, folder_of, options_of
from dropdub.daemon.finished_targets import Carried, carried
from dropdub.daemon.intake.duplicates import twin_of
from dropdub.daemon.isolation import contained, own_error
from dropdub.daemon.logs import note
from dropdub.daemon.steps.outbox import publish
from dropdub.daemon.steps.retry import error_for_retry, next_try_at
from dropdub.daemon.steps.scheduler import Scheduler
from dropdub.daemon.steps.waiting import hold
from dropdub.errors import DropdubError, FreshWorkerNeeded, OutOfMemory, TransitionRefused, UnexpectedError, Waiting
from dropdub.failpoints import reach
from dropdub.files.removal import remove_tree
from dropdub.pipeline.artifacts import scratch_name
from dropdub.pipeline.facts import Facts
from dropdub.pipeline.plan import job_facts, plan
from dropdub.pipeline.request import Request
from dropdub.pipeline.step_result import StepResult
from dropdub.pool.pool import Completed, Logged, PoolEvent, Started, StepFailed
from dropdub.stage_table import ENGINE_POOLS, WRITE_TRANSCRIPT
from dropdub.store import queries, transitions
from dropdub.store.states import Origin, Outcome
from dropdub.store.steps import StepSpec
from dropdub.store.transitions import AttemptEnd, Claim, JobFacts


class Outcomes:
    """Turns the pools' events into transitions."""

    def __init__(
        self, context: Context, scheduler: Scheduler, on_attempt_end: Callable[..., None] = lambda *_, **__: None
    ) -> None:
        """`on_attempt_end` is called for every attempt that succeeded or failed: claim, end, and `cached`."""
        self._on_attempt_end = on_attempt_end
        self._context = context
        self._scheduler = scheduler

    def take(self, event: PoolEvent) -> None:
        """Record one event. Events of steps that are no longer running are ignored."""
        if isinstance(event, Logged):
            self._log(event)
            return
        claim = self._scheduler.under_way.get(event.step_id)
        if claim is None or claim.step.token != event.token:
            return
        try:
            self._take(claim, event)
        except TransitionRefused as error:
            self._refused(claim, error)
        except Exception as error:  # boundary of one job
            self.handle_error(claim, error)

    def handle_error(self, claim: Claim, error: Exception) -> None:
        """Fail an attempt that could not be started, or whose outcome could not be recorded.

        Raises errors that affect other jobs as well.
        """
        job, key = claim.job.id, claim.step.key
        trouble = own_error(error, "closing a step", job=job, step=key)
        try:
            self.attempt_failed(
                claim, trouble, AttemptEnd(Outcome.FAILED, None, type(trouble).__name__, trouble.message)
            )
        except TransitionRefused as refused:
            self._refused(claim, refused)
        except Exception as again:
            trouble = own_error(again, "failing a step", job=job, step=key)
            self._forget(claim)
            step = claim.step
            assert step.id is not None
            now, end = time.time(), AttemptEnd(Outcome.FAILED)
            with contained("failing a step", job=job, step=key):  # the next start finds it running, and requeues it
                transitions.fail_step(
                    self._context.store, step.id, step.token, error=trouble.to_dict(), end=end, now=now
                )

    def complete(self, claim: Claim, result: dict[str, Any], end: AttemptEnd) -> None:
        """Process a step's result: publish what it staged, plan the next steps, and close the step, in this order.

        A publish step's result is committed first, so that after a crash in between, work resumes from here.
        Raises DropdubError if the result cannot be used.
        """
        store, step, now = self._context.store, claim.step, time.time()
        is_answer = claim.job.origin == Origin.ASKED
        assert step.id is not None
        known = StepResult.from_json(result)
        outputs: list[str] = []
        if known.deliverables:
            transitions.commit_result(store, step.id, step.token, result)
            outputs = publish(self._context, claim.job, [one.name for one in known.deliverables])
        twin = twin_of(self._context, claim.job, known.content_hash)
        kept = carried(self._context, claim.job) if step.stage in WRITE_TRANSCRIPT else Carried()
        facts = Facts({**kept.results, **earlier_results(self._context, claim.job), step.key: result})
        learnt = JobFacts(**job_facts(step.stage, result), outputs=tuple(outputs), dup_of=twin)
        transitions.complete_step(
            store,
            step.id,
            step.token,
            result=result,
            facts=replace(
                learnt, warnings=(*learnt.warnings, *kept.warnings), outputs=(*learnt.outputs, *kept.outputs)
            ),
            carried=() if twin else kept.steps,
            steps=() if twin or is_answer else _planned(claim, facts),
            end=end,
            now=now,
            is_answer=is_answer,
        )
        self._on_attempt_end(claim, end, cached=known.cached)
        note("step succeeded", job=claim.job.id, step=step.key, seconds=known.seconds)

    def attempt_failed(self, claim: Claim, error: DropdubError, end: AttemptEnd) -> None:
        """Close an attempt that ended in an error: hold the job, retry the step later, or fail it."""
        store, step, now = self._context.store, claim.step, time.time()
        assert step.id is not None
        reach("outcome.broke")
        if isinstance(error, FreshWorkerNeeded):
            self._scheduler.admit_no_more(step)
            self.put_back(claim, Outcome.RELEASED)
            return
        self._forget(claim)
        # An error while a disk is unavailable says nothing about the step.
        error = away(self._context) or error_for_retry(error, stage=step.stage)
        if isinstance(error, Waiting):
            self._wait(claim, error, end, now)
            return
        settings, memory_failures = self._context.config.retry, self._memory_failures(claim, error, end)
        at = next_try_at(error, attempts=step.attempts + 1, settings=settings, now=now, memory_failures=memory_failures)
        level = logging.ERROR if at is None else logging.WARNING
        note(
            "step failed",
            level=level,
            job=claim.job.id,
            step=step.key,
            error=type(error).__name__,
            text=error.message,
        )
        if at is None:
            transitions.fail_step(store, step.id, step.token, error=error.to_dict(), end=end, now=now)
        else:
            end = AttemptEnd(**{**end.__dict__, "outcome": Outcome.RETRIED})
            transitions.retry_step(store, step.id, step.token, error=error.to_dict(), at=at, end=end, now=now)
        self._on_attempt_end(claim, end)

    def put_back(self, claim: Claim, outcome: Outcome) -> None:
        """Return an intentionally stopped step to the queue without using an attempt."""
        assert claim.step.id is not None
        self._forget(claim)
        transitions.release_step(
            self._context.store, claim.step.id, claim.step.token, end=AttemptEnd(outcome), now=time.time()
        )

    def _refused(self, claim: Claim, error: TransitionRefused) -> None:
        """Drop a claim whose row another process has changed; the step is no longer ours."""
        note("outcome refused", level=logging.WARNING, job=claim.job.id, step=claim.step.key, text=error.message)
        self._forget(claim)

    def _take(self, claim: Claim, event: PoolEvent) -> None:
        if isinstance(event, Started):
            note("step started", job=claim.job.id, step=claim.step.key, token=event.token, pid=event.pid)
        elif isinstance(event, Completed):
            self._completed(claim, event)
        elif isinstance(event, StepFailed):
            self.attempt_failed(claim, event.error, _attempt_end(Outcome.FAILED, event, event.error))

    def _completed(self, claim: Claim, event: Completed) -> None:
        try:
            self.complete(claim, event.result, _attempt_end(Outcome.SUCCEEDED, event, None))
        except TransitionRefused:
            raise
        except DropdubError as error:
            self.attempt_failed(claim, error, _attempt_end(Outcome.FAILED, event, error))
        self._forget(claim)

    def _memory_failures(self, claim: Claim, error: DropdubError, end: AttemptEnd) -> int:
        """Return how often an engine ran out of memory on this step, this error included; 0 for ffmpeg steps.

        Only an engine can retry with less memory. A worker killed while memory was short does not count, because the
        file's content may have made it grow.
        """
        if claim.step.pool not in ENGINE_POOLS:
            return 0
        before = queries.failures(self._context.store, claim.step, OutOfMemory.__name__, reported_only=True)
        return before + (isinstance(error, OutOfMemory) and end.exit_code is None)

    def _wait(self, claim: Claim, error: Waiting, end: AttemptEnd, now: float) -> None:
        store, step = self._context.store, claim.step
        assert step.id is not None
        end = AttemptEnd(**{**end.__dict__, "outcome": Outcome.RELEASED})
        transitions.release_step(store, step.id, step.token, end=end, now=now)
        hold(self._context, claim.job, error)
        note("job waiting", job=claim.job.id, condition=error.condition, text=error.message)

    def _forget(self, claim: Claim) -> None:
        assert claim.step.id is not None
        self._scheduler.forget(claim.step.id)
        folder = folder_of(self._context, claim.job)
        with contextlib.suppress(OSError):  # the next start removes leftovers
            remove_tree(folder / scratch_name(claim.step.key, claim.step.token))

    def _log(self, event: Logged) -> None:
        claim = self._scheduler.under_way.get(event.step_id) if event.step_id is not None else None
        level = logging.getLevelNamesMapping().get(event.level.upper(), logging.INFO)
        note(
            event.text,
            level=level,
            job=claim.job.id if claim else None,
            step=claim.step.key if claim else None,
        )


def _planned(claim: Claim, facts: Facts) -> tuple[StepSpec, ...]:
    reach("outcome.plan")
    try:
        return plan(options_of(claim.job), facts, Request.of_row(claim.job.request))
    except (LookupError, TypeError, ValueError) as error:
        raise UnexpectedError(f"{claim.step.key} returned a result that the planner cannot use: {error!r}.") from error


def _attempt_end(outcome: Outcome, event: Completed | StepFailed, error: DropdubError | None) -> AttemptEnd:
    return AttemptEnd(
        outcome=outcome,
        exit_code=event.exit_code if isinstance(event, StepFailed) else None,
        error_class=type(error).__name__ if error else None,
        error_text=error.message if error else None,
        peak_memory=event.peak_memory,
        seconds=event.seconds,
    )
