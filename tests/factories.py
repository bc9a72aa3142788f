"""Rows in a named state, made by the transitions that lead there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import select

from dropdub.config import load_config
from dropdub.daemon.context import Context
from dropdub.root import Root
from dropdub.store import transitions
from dropdub.store.database import Store
from dropdub.store.states import ENDED, JobState, Outcome
from dropdub.store.steps import StepSpec
from dropdub.store.tables import JOB, Job
from dropdub.store.transitions import AttemptEnd, Claim, JobFacts

NOW = 1_700_000_000.0
RUN = "run-1"
DONE = AttemptEnd(Outcome.SUCCEEDED, seconds=1.0)
BROKEN = AttemptEnd(Outcome.FAILED, exit_code=1, error_class="WorkerDied", error_text="It died.")
ERROR = {"class": "WorkerDied", "message": "It died.", "remedy": "Look."}
_numbers = count(1)


@contextmanager
def a_context(folder: Path, settings: str, *, run: str = RUN) -> Iterator[Context]:
    """Make a root of `folder` with these settings; yield the context of a daemon that has just started in it.

    `run`: its id, which is another one at each start in the same root.
    """
    (folder / "config.yaml").write_text(settings, encoding="utf-8")
    root = Root.at(folder)
    root.create_folders()
    with closing(Store.open(root.database_url)) as store:
        transitions.start_run(store, run_id=run, pid=1, pid_started=1.0, host="here", boot_id="1", now=NOW)
        yield Context(root, load_config(root.config_file), store, run, lambda _line: None)


def a_spec(key: str = "probe", *, phase: int = 0, target: str | None = None, pool: str = "media") -> StepSpec:
    return StepSpec(key=key, stage=key.partition("/")[0], phase=phase, target=target, pool=pool)


def a_claiming_job(store: Store, *, name: str = "clip.mp4", now: float = NOW, **values: Any) -> Job:
    identity = {"device": 1, "inode": str(next(_numbers)), "size": 10, "mtime_ns": 5}
    source = f"/inbox/{name}"
    return transitions.record_job(store, **{"name": name, "source": source, **identity, **values}, now=now)


def a_queued_job(
    store: Store,
    *,
    steps: Sequence[StepSpec] = (a_spec(),),
    options: dict[str, Any] | None = None,
    revision: dict[str, Any] | None = None,
    now: float = NOW,
    **values: Any,
) -> Job:
    job = a_claiming_job(store, now=now, **values)
    assert job.id is not None
    return transitions.take_job(
        store,
        job.id,
        source=f"/work/{job.id}",
        revision=revision,
        overrides={},
        options=options or {},
        steps=steps,
        now=now,
    )


def a_claim(store: Store, *, pool: str = "media", owner: str = RUN, now: float = NOW, **values: Any) -> Claim:
    """Claim the next step, which must be there."""
    claim = transitions.claim_step(store, pool=pool, owner=owner, now=now, **values)
    assert claim is not None, f"no step of pool {pool} could be claimed"
    return claim


def a_running_job(store: Store, **values: Any) -> Claim:
    """Return the claim of the first step of a new job."""
    job = a_queued_job(store, **values)
    return a_claim(store, job_ids=[job.id])


def completed(
    store: Store,
    claim: Claim,
    *,
    result: dict[str, Any] | None = None,
    facts: JobFacts | None = None,
    steps: Sequence[StepSpec] = (),
    now: float = NOW,
) -> None:
    transitions.complete_step(
        store, *held(claim), result=result or {}, facts=facts or JobFacts(), steps=steps, end=DONE, now=now
    )


def failed(store: Store, claim: Claim, *, now: float = NOW) -> None:
    transitions.fail_step(store, *held(claim), error=ERROR, end=BROKEN, now=now)


def held(claim: Claim) -> tuple[int, int]:
    """Return a claimed step's id and token."""
    assert claim.step.id is not None
    return claim.step.id, claim.step.token


def an_ending_job(store: Store, verdict: JobState = JobState.FAILED, **values: Any) -> Job:
    job = a_queued_job(store, **values)
    assert job.id is not None
    return transitions.begin_ending(
        store,
        job.id,
        verdict=verdict,
        reason=None if verdict == JobState.SUCCEEDED else "It broke.",
        remedy=None,
        destination=f"/{verdict}/{job.name}",
        now=NOW,
    )


def an_ended_job(store: Store, verdict: JobState = JobState.FAILED, *, at: float = NOW, **values: Any) -> Job:
    job = an_ending_job(store, verdict, **values)
    assert job.id is not None
    assert job.destination is not None
    return transitions.finish_job(store, job.id, source=job.destination, now=at)


def forget_ended(store: Store) -> None:
    """Forget all jobs that have ended, as if they had done so long ago."""
    with store.reading() as session:
        ended = list(session.connection().execute(select(JOB.c.id).where(JOB.c.state.in_(ENDED))).scalars())
    transitions.forget_jobs(store, ended)


def a_waiting_job(store: Store, *, waiting_for: str = "disk", **values: Any) -> Job:
    job = a_queued_job(store, **values)
    assert job.id is not None
    return transitions.hold_job(
        store, job.id, waiting_for=waiting_for, reason="Little space.", remedy="Free some.", now=NOW
    )
