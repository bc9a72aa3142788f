"""Assign runnable steps to free workers."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from dropdub.config import Split
from dropdub.daemon.context import Context, earlier_results, folder_of, job_id
from dropdub.daemon.finish.outputs import output_of, staging_of
from dropdub.daemon.steps.deadlines import deadline_s
from dropdub.daemon.steps.fairness import Turns
from dropdub.daemon.steps.levels import Levels
from dropdub.daemon.steps.nearby import language_nearby
from dropdub.errors import DeadlineExceeded, DropdubError, OutOfMemory
from dropdub.failpoints import reach
from dropdub.inbox.films import film_name
from dropdub.pipeline.artifacts import result_name, scratch_name
from dropdub.pipeline.facts import Facts
from dropdub.pipeline.failed_target import FailedTarget, message_and_remedy_of
from dropdub.pipeline.request import Request
from dropdub.pool.messages import Run
from dropdub.pool.pool import Pool
from dropdub.process.language import language_without_browser
from dropdub.stage_table import IN_OUTBOX, LEARN_KIND, RUN_ASIDE
from dropdub.store import queries, transitions
from dropdub.store.states import Priority
from dropdub.store.tables import Job, Step
from dropdub.store.transitions import Claim, Party

FINE_SPLIT = Split(above_duration=90.0, target=60.0, window=15.0)
"""For a transcript that is shown as it grows."""
_OF_NO_PARTY = (Priority.INTERACTIVE, Priority.SOON)
"""The priorities of requests and lines, which are claimed in the order in which they came, whoever has sent them."""
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
        self._levels: defaultdict[str, Levels] = defaultdict(Levels)
        self._levels_of_asides: defaultdict[str, Levels] = defaultdict(Levels)
        self._no_asides: defaultdict[str, set[int]] = defaultdict(set)
        """The steps that no busy worker of a pool can run, until one is free."""
        self._are_several = False
        self._parties_due = 0.0

    def dispatch(self, on_error: OnError) -> None:
        """Claim the next step for each free worker, and submit it.

        `on_error` is called with a claim that cannot be submitted, and the exception; it should fail the step.
        """
        for name, queued in self._queued(lambda pool: pool.free() > 0).items():
            waiting = self._waiting(name)
            self._no_asides[name].clear()
            while self._pools[name].free() > 0 and self._dispatch_one(name, queued, waiting, on_error):
                pass
        self._dispatch_asides(on_error)

    def _queued(self, takes: Callable[[Pool], bool]) -> dict[str, set[Priority]]:
        """Return the priorities of the due steps of the pools that can take one."""
        takers = [name for name, pool in self._pools.items() if takes(pool)]
        return queries.queued_priorities(self._context.store, takers, time.time())

    def _dispatch_asides(self, on_error: OnError) -> None:
        """Give short requests to busy workers, which run them between two pieces of what they are doing."""
        for name, queued in self._queued(lambda pool: pool.free_for_aside() > 0).items():
            while self._pools[name].free_for_aside() > 0:
                claim = self._claim_aside(name, queued.intersection(_OF_NO_PARTY))
                if claim is None:
                    break
                self._submit(name, claim, on_error, aside=True)

    def _claim_aside(self, pool: str, queued: Collection[Priority]) -> Claim | None:
        levels, refused = self._levels_of_asides[pool], self._no_asides[pool]
        for level in filter(queued.__contains__, levels.order()):
            claim = self._claim_of(pool, level, None, stages=RUN_ASIDE, without=refused)
            if claim is not None:
                levels.claimed(level)
                return claim
        return None

    def admit_no_more(self, step: Step) -> None:
        """Wait with a step until a worker is free: it needs another engine than the busy ones have loaded."""
        assert step.id is not None
        self._no_asides[step.pool].add(step.id)

    def shares(self) -> dict[int, float]:
        """Return the completed share of each running step, 0 to 1."""
        return {step.step_id: step.share for pool in self._pools.values() for step in pool.running()}

    def pool_of(self, claim: Claim) -> Pool:
        return self._pools[claim.step.pool]

    def jobs_of(self, step_id: int | None) -> list[int]:
        """Return the job of a step that is under way, as a list; empty if there is none."""
        claim = self.under_way.get(step_id) if step_id is not None else None
        return [job_id(claim.job)] if claim is not None else []

    def of_job(self, id_: int) -> list[Claim]:
        return [claim for claim in self.under_way.values() if claim.job.id == id_]

    def _dispatch_one(
        self, name: str, queued: Collection[Priority], waiting: Sequence[Party | None], on_error: OnError
    ) -> bool:
        claim = self._claim(name, queued, waiting)
        if claim is None:
            return False
        self._submit(name, claim, on_error)
        return True

    def _submit(self, name: str, claim: Claim, on_error: OnError, *, aside: bool = False) -> None:
        assert claim.step.id is not None
        self.under_way[claim.step.id] = claim
        self._turns.began(claim.step.id, (claim.job.owner, claim.job.folder), time.monotonic())
        try:
            run = self._run(claim)
            self._pools[name].submit(run, now=time.monotonic(), aside=aside)
        except Exception as error:  # boundary of one job
            on_error(claim, error)

    def forget(self, step_id: int) -> None:
        """Drop a claim whose attempt has ended."""
        self.under_way.pop(step_id, None)
        self._turns.ended(step_id, time.monotonic())

    def _claim(self, pool: str, queued: Collection[Priority], waiting: Sequence[Party | None]) -> Claim | None:
        """Claim a pool's next step: of the priority whose turn it is, and of that, for the party whose turn it is."""
        levels = self._levels[pool]
        for level in filter(queued.__contains__, levels.order()):
            parties = [None] if level in _OF_NO_PARTY else self._turns.order(waiting, time.monotonic())
            for party in parties:
                claim = self._claim_of(pool, level, party)
                if claim is not None:
                    levels.claimed(level)
                    return claim
        return None

    def _claim_of(
        self,
        pool: str,
        level: Priority,
        party: Party | None,
        *,
        stages: Collection[str] | None = None,
        without: Collection[int] = (),
    ) -> Claim | None:
        return transitions.claim_step(
            self._context.store,
            pool=pool,
            owner=self._context.run_id,
            now=time.time(),
            job_ids=self._context.only,
            party=party,
            priorities=(level,),
            stages=stages,
            without=without,
        )

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
        results = earlier_results(self._context, claim.job)
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
    folder = folder_of(context, job)
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
        "results": str(context.root.results_dir(job_id(job))) if job.request else None,
        "options": job.options,
        "limits": context.config.limits.model_dump(mode="json"),
        "split": _split(context, job).model_dump(mode="json"),
        "facts": dict(results),
        "nearby": language_nearby(context.store, job) if step.stage in LEARN_KIND else None,
        "failed": [asdict(one) for one in _failed_targets(context, claim)],
        "report_language": language_without_browser(context.config.web.language),
        "out_of_memory": _failures(context, claim, OutOfMemory),
    }


def _split(context: Context, job: Job) -> Split:
    request = Request.of_row(job.request)
    return FINE_SPLIT if request is not None and request.fine else context.config.split


def _failed_targets(context: Context, claim: Claim) -> list[FailedTarget]:
    """Return the targets that failed, for a step that closes the job."""
    if claim.step.stage not in IN_OUTBOX or claim.step.target is not None:
        return []
    broken = queries.failed_branches(context.store, claim.job)
    return [FailedTarget(str(step.target), step.key, *message_and_remedy_of(step.error)) for step in broken]


def _failures(context: Context, claim: Claim, kind: type[DropdubError]) -> int:
    """Return how many earlier attempts of a step ended in exactly this kind of error."""
    return queries.failures(context.store, claim.step, kind.__name__) if claim.step.attempts else 0


def _sources(job: Job) -> dict[str, Any]:
    """Return the files a job's steps work on; for a subtitle of a processed recording, the recording is the source."""
    if job.revision is None:
        return {"source": job.source, "companion": job.companion}
    row = job.revision
    before = {"before": row["transcript"], "before_sha256": row.get("sha256"), "speakers": row.get("speakers")}
    return {"source": row["film"], "companion": job.source, **before}
