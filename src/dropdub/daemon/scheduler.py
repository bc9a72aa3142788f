"""Give steps that can run to workers that are free."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from dropdub.daemon.context import Context, film_name, job_id
from dropdub.daemon.deadlines import deadline_s
from dropdub.daemon.logs import note
from dropdub.daemon.outputs import out_refusal
from dropdub.errors import OutOfMemory
from dropdub.pipeline.artefacts import result_name, scratch_name
from dropdub.pool.messages import Run
from dropdub.pool.pool import Pool
from dropdub.store import queries, transitions
from dropdub.store.tables import Job
from dropdub.store.transitions import Claim


class Scheduler:
    """Claims steps for free workers, and remembers which claims are under way."""

    def __init__(self, context: Context, pools: Mapping[str, Pool]) -> None:
        self._context = context
        self._pools = pools
        self.under_way: dict[int, Claim] = {}

    def dispatch(self) -> None:
        """Claim for each free worker the step that is first in line, and hand it over."""
        free = [name for name, pool in self._pools.items() if pool.free() > 0]
        for name in queries.pools_with_queue(self._context.store, free, time.time()) if free else ():
            while self._pools[name].free() > 0 and self._dispatch_one(name, self._pools[name]):
                pass

    def shares(self) -> dict[int, float]:
        """Return the done share of each running step."""
        return {step.step_id: step.share for pool in self._pools.values() for step in pool.running()}

    def pool_of(self, claim: Claim) -> Pool:
        return self._pools[claim.step.pool]

    def of_job(self, id_: int) -> list[Claim]:
        return [claim for claim in self.under_way.values() if claim.job.id == id_]

    def _dispatch_one(self, name: str, pool: Pool) -> bool:
        context = self._context
        claim = transitions.claim_step(
            context.store, pool=name, owner=context.run_id, now=time.time(), job_ids=context.only
        )
        if claim is None:
            return False
        assert claim.step.id is not None
        run = self._run(claim)
        self.under_way[claim.step.id] = claim
        pool.submit(run, now=time.monotonic())
        note("step claimed", job=claim.job.id, step=claim.step.key, token=claim.step.token)
        return True

    def _run(self, claim: Claim) -> Run:
        assert claim.step.id is not None
        facts = queries.facts(self._context.store, claim.job)
        allowed_s = deadline_s(
            claim.step.stage,
            params=claim.step.params,
            facts=facts,
            size=max(claim.job.size or 0, facts.get("probe", {}).get("size", 0)),
            settings=self._context.config.deadlines,
        )
        return Run(claim.step.id, claim.step.token, allowed_s, payload(self._context, claim, facts))


def payload(context: Context, claim: Claim, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a worker needs to run one step: see `pipeline.stages.base.Task`."""
    step, job = claim.step, claim.job
    folder = context.root.job_dir(job_id(job))
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
        "staging": str(context.staging_of(job)),
        "refusal": refusal.to_dict() if (refusal := out_refusal(context, job)) else None,
        "voices": str(context.root.voices),
        "options": job.options,
        "limits": context.config.limits.model_dump(mode="json"),
        "split": context.config.split.model_dump(mode="json"),
        "facts": dict(facts),
        "out_of_memory": queries.failures(context.store, step, OutOfMemory.__name__) if step.attempts else 0,
    }


def _sources(job: Job) -> dict[str, str | None]:
    """Return what a job's steps work on: of a subtitle for a film that was done before, the film comes first."""
    if job.revision is None:
        return {"source": job.source, "companion": job.companion}
    return {"source": job.revision["film"], "companion": job.source, "before": job.revision["transcript"]}
