"""Assign runnable steps to free workers."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from dropdub.daemon.context import Context, film_name, job_id
from dropdub.daemon.finish.outputs import output_of, staging_of
from dropdub.daemon.logs import note
from dropdub.daemon.steps.deadlines import deadline_s
from dropdub.daemon.steps.fairness import Turns
from dropdub.daemon.steps.nearby import language_nearby
from dropdub.errors import DeadlineExceeded, DropdubError, OutOfMemory
from dropdub.failpoints import reach
from dropdub.pipeline.artifacts import result_name, scratch_name
from dropdub.pipeline.facts import Facts
from dropdub.pipeline.failed_target import FailedTarget, message_and_remedy_of
from dropdub.pool.messages import Run
from dropdub.pool.pool import Pool
from dropdub.stage_table import IN_OUTBOX, LEARN_KIND
from dropdub.store import queries, transitions
from dropdub.store.tables import Job
from dropdub.store.transitions import Claim, Party

LOOK_FOR_PARTIES_S = 0.5
"""Shortest interval between queries for the active parties, of which there may be thousands."""
OnError = Callable[[Claim, Exception], None]


class Scheduler:
    """Claims steps for free workers, and keeps the claims under way."""

    def __init__(self, context: Context, pools: Mapping[str, Pool]) -> None:
        self._context = context
        self._pools = pools
        self.under_way: dict[int, Claim] = {}
        self._turns = Turns()
        self._are_several = False
        self._parties_due = 0.0

    def dispatch(self, on_error: OnError) -> None:
        """Claim the next step for each free worker, and submit it.

        `on_error` is called with a claim that cannot be submitted, and the exception; it should fail the step.
        """
        free = [name for name, pool in self._pools.items() if pool.free() > 0]
        for name in queries.pools_with_queue(self._context.store, free, time.time()) if free else ():
            waiting = self._waiting(name)
            while self._pools[name].free() > 0 and self._dispatch_one(name, waiting, on_error):
                pass

    def shares(self) -> dict[int, float]:
        """Return the completed share of each running step, 0 to 1."""
        return {step.step_id: step.share for pool in self._pools.values() for step in pool.running()}

    def pool_of(self, claim: Claim) -> Pool:
        return self._pools[claim.step.pool]

    def of_job(self, id_: int) -> list[Claim]:
        return [claim for claim in self.under_way.values() if claim.job.id == id_]

    def _dispatch_one(self, name: str, waiting: list[Party | None], on_error: OnError) -> bool:
        claim = self._claim(name, waiting)
        if claim is None:
            return False
        assert claim.step.id is not None
        self.under_way[claim.step.id] = claim
        self._turns.began(claim.step.id, (claim.job.owner, claim.job.folder), time.monotonic())
        try:
            run = self._run(claim)
            self._pools[name].submit(run, now=time.monotonic())
        except Exception as error:  # boundary of one job
            on_error(claim, error)
        else:
            note("step claimed", job=claim.job.id, step=claim.step.key, token=claim.step.token)
        return True

    def forget(self, step_id: int) -> None:
        """Drop a claim whose attempt has ended."""
        self.under_way.pop(step_id, None)
        self._turns.ended(step_id, time.monotonic())

    def _claim(self, pool: str, waiting: list[Party | None]) -> Claim | None:
        """Claim a pool's next step for the party whose turn it is; remove parties without steps from `waiting`."""
        for party in self._turns.order(waiting, time.monotonic()):
            claim = transitions.claim_step(
                self._context.store,
                pool=pool,
                owner=self._context.run_id,
                now=time.time(),
                job_ids=self._context.only,
                party=party,
            )
            if claim is not None:
                return claim
            del waiting[waiting.index(party)]
        return None

    def _waiting(self, pool: str) -> list[Party | None]:
        """Return the parties with claimable steps in a pool; None stands for all parties if at most one is active.

        This is a single query, because one per party would take seconds with thousands of folders. A foreground run
        works only on its own files and needs no turns.
        """
        if self._context.only is not None:
            return [None]
        now = time.monotonic()
        if now >= self._parties_due:
            self._parties_due = now + LOOK_FOR_PARTIES_S
            self._are_several = len(queries.parties(self._context.store)) > 1
        if not self._are_several:
            return [None]
        return list(transitions.claimable_parties(self._context.store, pool=pool, now=time.time()))

    def _run(self, claim: Claim) -> Run:
        assert claim.step.id is not None
        results = queries.results(self._context.store, claim.job)
        facts = Facts(results)
        allowed_s = deadline_s(
            claim.step.stage,
            params=claim.step.params,
            facts=facts,
            size=max(claim.job.size or 0, facts.source_size),
            settings=self._context.config.deadlines,
            late=_failures(self._context, claim, DeadlineExceeded),
        )
        given = payload(self._context, claim, results)
        return Run(claim.step.id, claim.step.token, allowed_s, given, done=claim.step.progress)


def payload(context: Context, claim: Claim, results: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a worker needs to run one step; see `pipeline.task.Task`."""
    reach("step.payload")
    step, job = claim.step, claim.job
    folder = context.root.job_dir(job_id(job))
    output = output_of(context, job)
    staging = staging_of(context, job, output) if step.stage in IN_OUTBOX and not output.refusal else None
    return {
        "key": step.key,
        "stage": step.stage,
        "target": step.target,
        "params": step.params,
        "job_id": job.id,
        "job_name": film_name(job),
        "kind": job.kind or "",
        **_sources(job),
        "job_dir": str(folder),
        "scratch": str(folder / scratch_name(step.key, step.token)),
        "result_file": str(folder / result_name(step.key, step.token)),
        "staging": str(staging) if staging else None,
        "allowed": str(output.allowed) if output.allowed else None,
        "refusal": output.refusal.to_dict() if output.refusal else None,
        "voices": str(context.root.voices),
        "options": job.options,
        "limits": context.config.limits.model_dump(mode="json"),
        "split": context.config.split.model_dump(mode="json"),
        "facts": dict(results),
        "nearby": language_nearby(context.store, job) if step.stage in LEARN_KIND else None,
        "failed": [asdict(one) for one in _failed_targets(context, claim)],
        "out_of_memory": _failures(context, claim, OutOfMemory),
    }


def _failed_targets(context: Context, claim: Claim) -> list[FailedTarget]:
    """Return the targets that failed, for a step that closes the job."""
    if claim.step.stage not in IN_OUTBOX or claim.step.target is not None:
        return []
    broken = queries.failed_branches(context.store, claim.job)
    return [FailedTarget(str(step.target), step.key, *message_and_remedy_of(step.error)) for step in broken]


def _failures(context: Context, claim: Claim, kind: type[DropdubError]) -> int:
    """Return how many earlier attempts of a step ended in exactly this kind of error."""
    return queries.failures(context.store, claim.step, kind.__name__) if claim.step.attempts else 0


def _sources(job: Job) -> dict[str, str | None]:
    """Return the files a job's steps work on; for a subtitle of a processed recording, the recording is the source."""
    if job.revision is None:
        return {"source": job.source, "companion": job.companion}
    before = {"before": job.revision["transcript"], "before_sha256": job.revision.get("sha256")}
    return {"source": job.revision["film"], "companion": job.source, **before}
