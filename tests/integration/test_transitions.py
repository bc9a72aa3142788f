"""Each transition from the state it starts from, and its refusal from every other."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import text

from dropdub.errors import TransitionRefused, UsageError
from dropdub.store import queries, transitions
from dropdub.store.database import Store
from dropdub.store.states import ENDED, UNFINISHED, JobState, Outcome, Priority, StepState
from dropdub.store.tables import Job
from dropdub.store.transitions import AttemptEnd, Claim, JobFacts, NewJob, TakenJob
from dropdub.store.transitions.claims import claim_values, claimable
from tests.factories import (
    BROKEN,
    DONE,
    ERROR,
    NOW,
    RUN,
    a_claim,
    a_claiming_job,
    a_queued_job,
    a_running_job,
    a_spec,
    a_waiting_job,
    an_ended_job,
    an_ending_job,
    completed,
    failed,
    held,
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(f"sqlite:///{tmp_path / 'jobs.db'}")
    yield opened
    opened.close()


def id_of(job: Job) -> int:
    assert job.id is not None
    return job.id


def states_of(store: Store, job: Job) -> dict[str, str]:
    return {step.key: step.state for step in queries.steps(store, id_of(job), queries.job(store, id_of(job)).round)}


def attempts_of(store: Store) -> list[tuple[str | None, float | None]]:
    with store.reading() as session:
        return [tuple(row) for row in session.connection().execute(text("SELECT outcome, ended_at FROM attempt"))]


def events_of(store: Store, job: Job) -> list[str]:
    with store.reading() as session:
        rows = session.connection().execute(
            text("SELECT text FROM event WHERE job_id = :job ORDER BY id"), {"job": job.id}
        )
        return [row.text for row in rows]


# Intake


def test_a_job_is_recorded_before_its_file_is_moved(store: Store) -> None:
    job = a_claiming_job(store, inode=str(2**80))
    assert (job.state, job.inode, job.created_at) == (JobState.CLAIMING, str(2**80), NOW)
    assert events_of(store, job) == ["Found: /inbox/clip.mp4"]


@pytest.mark.parametrize("make", [a_claiming_job, a_queued_job, a_waiting_job, an_ending_job])
def test_file_of_unfinished_job_is_not_recorded_again(store: Store, make: Callable[..., Job]) -> None:
    make(store, inode="7")
    with pytest.raises(TransitionRefused, match="already being processed as job 1"):
        a_claiming_job(store, inode="7")


def test_a_file_is_recorded_again_once_its_job_has_ended_or_it_has_changed(store: Store) -> None:
    an_ended_job(store, inode="7")
    assert a_claiming_job(store, inode="7").id == 2
    assert a_claiming_job(store, inode="7", mtime_ns=6).id == 3


def a_new_job(name: str, inode: str | None = None) -> NewJob:
    return NewJob(name, f"/inbox/{name}", device=1, inode=inode, size=10, mtime_ns=5)


def test_only_files_without_a_job_get_one(store: Store) -> None:
    a_claiming_job(store, inode="7")
    found = [a_new_job("a.txt", "8"), a_new_job("has one.txt", "7"), a_new_job("b.txt", "9"), a_new_job("c.txt", "8")]
    jobs = transitions.record_jobs(store, found, now=NOW)
    assert [(job.id, job.name, job.state) for job in jobs] == [(2, "a.txt", "claiming"), (3, "b.txt", "claiming")]
    assert [events_of(store, job) for job in jobs] == [["Found: /inbox/a.txt"], ["Found: /inbox/b.txt"]]
    assert len(queries.unfinished_jobs(store)) == 3


def test_many_files_without_an_identity_are_recorded_one_by_one(store: Store) -> None:
    jobs = transitions.record_jobs(store, [a_new_job("a.txt"), a_new_job("b.txt")], now=NOW)
    assert [job.name for job in jobs] == ["a.txt", "b.txt"]


def test_many_jobs_are_queued_at_once_except_ending_or_already_queued_ones(store: Store) -> None:
    jobs = [a_claiming_job(store, name="a.txt"), a_queued_job(store), an_ending_job(store), a_claiming_job(store)]
    transitions.begin_ending(
        store, id_of(jobs[3]), verdict=JobState.CANCELLED, reason=None, remedy=None, destination=None, now=NOW
    )
    before = [states_of(store, job) for job in jobs]
    taken = [TakenJob(id_of(job), "/work/x", {}, {"targets": ["pt"]}, [a_spec("extract")]) for job in jobs]
    assert transitions.take_jobs(store, taken, now=NOW) == [id_of(jobs[0])]
    assert [states_of(store, job) for job in jobs] == [{"extract": StepState.QUEUED}, *before[1:]]
    job = queries.job(store, id_of(jobs[0]))
    assert (job.state, job.source, job.options) == (JobState.QUEUED, "/work/x", {"targets": ["pt"]})
    assert events_of(store, job) == ["Found: /inbox/a.txt", "Picked up and queued"]


def test_given_files_may_be_recorded_twice(store: Store) -> None:
    for _ in range(2):
        a_claiming_job(store, origin="given", given_path="/home/clip.mp4", device=None, inode=None)
    assert len(queries.unfinished_jobs(store)) == 2


def test_taking_a_job_queues_it_with_its_first_steps(store: Store) -> None:
    job = a_queued_job(store, options={"targets": ["pt"]})
    assert (job.state, job.source, job.options) == (JobState.QUEUED, "/work/1", {"targets": ["pt"]})
    assert states_of(store, job) == {"probe": StepState.QUEUED}


def test_vanished_file_cancels_its_job(store: Store) -> None:
    job = transitions.vanish_job(store, id_of(a_claiming_job(store)), now=NOW)
    assert (job.state, job.reason, job.finished_at) == (
        JobState.CANCELLED,
        "The file disappeared before it was picked up.",
        NOW,
    )


# Claims


def test_a_claim_raises_the_token_starts_the_job_and_opens_an_attempt(store: Store) -> None:
    a_queued_job(store)
    claim = a_claim(store, now=NOW + 1)
    assert (claim.step.state, claim.step.token, claim.step.owner) == (StepState.RUNNING, 1, RUN)
    assert (claim.job.state, claim.job.started_at) == (JobState.RUNNING, NOW + 1)
    assert attempts_of(store) == [(None, None)]
    assert transitions.claim_step(store, pool="media", owner=RUN, now=NOW) is None


def test_claims_are_ordered_by_job_then_phase_then_id(store: Store) -> None:
    specs = [a_spec("b", phase=1), a_spec("a1", phase=0), a_spec("a2", phase=0)]
    for _ in range(2):
        a_queued_job(store, steps=specs)
    order = []
    while claim := transitions.claim_step(store, pool="media", owner=RUN, now=NOW):
        order.append((claim.job.id, claim.step.key))
        completed(store, claim)
    assert order == [(job, key) for job in (1, 2) for key in ("a1", "a2", "b")]


@pytest.mark.parametrize("change", ["pool", "time", "other jobs"])
def test_a_step_is_not_claimed_from_another_pool_or_too_early_or_for_other_jobs(store: Store, change: str) -> None:
    claim = a_running_job(store)
    transitions.retry_step(store, *held(claim), error=ERROR, at=NOW + 10, end=BROKEN, now=NOW)
    values: dict[str, Any] = {"pool": "media", "now": NOW + 10, "job_ids": None}
    values |= {"pool": {"pool": "translate"}, "time": {"now": NOW + 9}, "other jobs": {"job_ids": [99]}}[change]
    assert transitions.claim_step(store, owner=RUN, **values) is None
    assert a_claim(store, now=NOW + 10).step.token == 2


@pytest.mark.parametrize("obstacle", ["waiting", "cancel", "verdict", "old round"])
def test_step_is_not_claimed_while_its_job_is_held_back(store: Store, obstacle: str) -> None:
    job_id = id_of(a_queued_job(store))
    with store.transaction() as session:
        change = {
            "waiting": "state = 'waiting'",
            "cancel": "cancel_requested = 1",
            "verdict": "verdict = 'failed'",
            "old round": "round = 2",
        }[obstacle]
        session.connection().execute(text(f"UPDATE job SET {change} WHERE id = {job_id}"))
    assert transitions.claim_step(store, pool="media", owner=RUN, now=NOW) is None


BRANCHES = [
    a_spec("trunk", phase=0),
    a_spec("translate/pt", phase=1, target="pt"),
    a_spec("translate/es", phase=1, target="es"),
    a_spec("publish/pt", phase=2, target="pt"),
    a_spec("publish/es", phase=2, target="es"),
    a_spec("publish/manifest", phase=3),
]


def claim_all(store: Store) -> dict[str, Claim]:
    claims = {}
    while claim := transitions.claim_step(store, pool="media", owner=RUN, now=NOW):
        claims[claim.step.key] = claim
    return claims


def test_branches_run_independently_and_manifest_waits_for_all(store: Store) -> None:
    a_queued_job(store, steps=BRANCHES)
    claims = claim_all(store)
    assert set(claims) == {"trunk"}
    completed(store, claims["trunk"])
    claims = claim_all(store)
    assert set(claims) == {"translate/pt", "translate/es"}
    completed(store, claims["translate/pt"])
    published = claim_all(store)
    assert set(published) == {"publish/pt"}
    completed(store, published["publish/pt"])
    assert claim_all(store) == {}
    completed(store, claims["translate/es"])
    completed(store, claim_all(store)["publish/es"])
    assert set(claim_all(store)) == {"publish/manifest"}


def test_failed_step_cancels_the_rest_of_its_branch_and_the_manifest_waits_for_the_others(store: Store) -> None:
    job = a_queued_job(store, steps=BRANCHES)
    completed(store, claim_all(store)["trunk"])
    claims = claim_all(store)
    failed(store, claims["translate/pt"])
    assert claim_all(store) == {}, "the manifest waits for the other branch"
    assert states_of(store, job) == {
        "trunk": StepState.SUCCEEDED,
        "translate/pt": StepState.FAILED,
        "translate/es": StepState.RUNNING,
        "publish/pt": StepState.CANCELLED,
        "publish/es": StepState.QUEUED,
        "publish/manifest": StepState.QUEUED,
    }
    completed(store, claims["translate/es"])
    completed(store, claim_all(store)["publish/es"])
    [manifest] = claim_all(store).values()
    assert manifest.step.key == "publish/manifest"
    assert [step.key for step in queries.failed_branches(store, job)] == ["translate/pt"]


def test_failed_step_of_the_trunk_cancels_what_closes_the_job(store: Store) -> None:
    job = a_queued_job(store, steps=BRANCHES)
    failed(store, claim_all(store)["trunk"])
    assert set(states_of(store, job).values()) == {StepState.FAILED, StepState.CANCELLED}


def test_steps_carried_from_an_earlier_round_have_succeeded_and_are_not_planned_again(store: Store) -> None:
    old = a_queued_job(store, name="old.mp4", steps=[a_spec("publish/es", phase=2, target="es")])
    completed(store, claim_all(store)["publish/es"], result={"a": 1})
    job = a_queued_job(store, steps=[a_spec("trunk")])
    claim, [done] = claim_all(store)["trunk"], queries.steps(store, id_of(old), 1)
    end = AttemptEnd(Outcome.SUCCEEDED)
    given: dict[str, Any] = {"result": {}, "facts": JobFacts(), "steps": BRANCHES, "end": end, "now": NOW}
    transitions.complete_step(store, *held(claim), **given, carried=[done])
    states = states_of(store, job)
    assert (states["publish/es"], states["publish/pt"]) == (StepState.SUCCEEDED, StepState.QUEUED)
    assert queries.results(store, job)["publish/es"] == {"a": 1}


def test_steps_planned_after_a_failure_that_blocks_them_do_not_stay_queued(store: Store) -> None:
    job = a_queued_job(store, steps=[a_spec("a"), a_spec("b")])
    claims = claim_all(store)
    failed(store, claims["a"])
    completed(store, claims["b"], steps=[a_spec("c", phase=1)])
    assert states_of(store, job)["c"] == StepState.CANCELLED
    assert [ended.id for ended in queries.jobs_to_end(store)] == [job.id]


def test_step_is_claimed_for_the_party_whose_turn_it_is(store: Store) -> None:
    parties = [("1000", None), ("1001", None), ("1001", "lessons"), (None, None)]
    jobs = [a_queued_job(store, owner=owner, folder=folder) for owner, folder in parties]
    assert queries.parties(store) == parties
    assert transitions.claimable_parties(store, pool="media", now=NOW) == parties
    assert transitions.claimable_parties(store, pool="translate", now=NOW) == []
    for job, party in reversed(list(zip(jobs, parties, strict=True))):
        assert a_claim(store, party=party).job.id == job.id
        assert transitions.claim_step(store, pool="media", owner=RUN, now=NOW, party=party) is None
        assert party not in transitions.claimable_parties(store, pool="media", now=NOW)


@pytest.mark.parametrize("party", [None, ("1000", None)])
def test_claim_scans_index_in_order_and_sorts_nothing(
    store: Store, party: tuple[str | None, str | None] | None
) -> None:
    values = {**claim_values("media", NOW, party=party), "priority": Priority.NORMAL}
    plan = explain(store, claimable(of_party=party is not None).params(values))
    used = "ix_step_state_pool (state=? AND pool=? AND priority=?)"
    assert any("SEARCH step USING" in line and used in line for line in plan), plan
    assert not any("TEMP B-TREE" in line or line.startswith("SCAN") for line in plan), plan


def explain(store: Store, query: Any) -> list[str]:
    compiled = query.compile(dialect=sqlite.dialect(paramstyle="named")).construct_expanded_state()
    with store.reading() as session:
        connection = session.connection()
        plan = f"EXPLAIN QUERY PLAN {compiled.statement}"
        return [row[3] for row in connection.exec_driver_sql(plan, compiled.parameters)]


def test_claim_compiles_for_postgresql_and_skips_rows_locked_by_others() -> None:
    query = claimable()
    assert "FOR UPDATE SKIP LOCKED" in str(query.compile(dialect=postgresql.dialect()))


WORK_OFF = """
import sys, time
from dropdub.store import transitions
from dropdub.store.database import Store
from dropdub.store.transitions import AttemptEnd, JobFacts
store, owner = Store.open(sys.argv[1]), sys.argv[2]
print("ready", flush=True)
sys.stdin.readline()
while claim := transitions.claim_step(store, pool="media", owner=owner, now=2e9):
    transitions.complete_step(store, claim.step.id, claim.step.token, result={"by": owner}, facts=JobFacts(),
                              steps=(), end=AttemptEnd("succeeded"), now=2e9)
    time.sleep(0.001)  # SQLite's lock is not fair: who releases it would mostly be the next to have it
store.close()
"""


def test_concurrent_claims_neither_lose_nor_duplicate_a_step(store: Store, tmp_path: Path) -> None:
    for _ in range(10):
        a_queued_job(store, steps=[a_spec(f"s/{number}") for number in range(25)])
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", WORK_OFF, f"sqlite:///{tmp_path / 'jobs.db'}", f"run-{number}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        for number in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    ends = [(process.communicate(timeout=120)[1], process.returncode) for process in processes]
    assert ends == [("", 0)] * 3
    with sqlite3.connect(tmp_path / "jobs.db") as connection:
        attempts = connection.execute("SELECT step_id, count(*), min(outcome) FROM attempt GROUP BY step_id").fetchall()
        owners = connection.execute("SELECT owner, count(*) FROM step GROUP BY owner").fetchall()
        states = connection.execute("SELECT state, token, count(*) FROM step GROUP BY state, token").fetchall()
    connection.close()
    assert len(attempts) == 250
    assert {row[1:] for row in attempts} == {(1, "succeeded")}
    assert states == [("succeeded", 1, 250)]
    assert len(owners) > 1, "one process did all the work: nothing was proved"


# Outcomes


def test_completed_step_updates_its_job_and_adds_next_steps(store: Store) -> None:
    claim = a_running_job(store)
    facts = JobFacts(kind="media", duration_s=2.5, language="en", content_hash="h", warnings=("w",), outputs=("/o/a",))
    completed(store, claim, result={"streams": 1}, facts=facts, steps=[a_spec("extract", phase=1)])
    job = queries.job(store, id_of(claim.job))
    assert (job.kind, job.duration_s, job.language, job.content_hash) == ("media", 2.5, "en", "h")
    assert queries.results(store, job) == {"probe": {"streams": 1}}
    assert states_of(store, job) == {"probe": StepState.SUCCEEDED, "extract": StepState.QUEUED}
    assert attempts_of(store) == [(Outcome.SUCCEEDED, NOW)]


def test_facts_are_added_without_repeats_and_missing_ones_delete_nothing(store: Store) -> None:
    claim = a_running_job(store, steps=[a_spec("a"), a_spec("b")])
    completed(store, claim, facts=JobFacts(kind="media", warnings=("w", "v"), outputs=("/1",)))
    completed(store, a_claim(store), facts=JobFacts(warnings=("w", "x"), outputs=("/1", "/2")))
    job = queries.job(store, 1)
    assert (job.kind, job.warnings, job.outputs) == ("media", ["w", "v", "x"], ["/1", "/2"])
    assert events_of(store, job).count("w") == 1


def test_planning_the_same_steps_twice_adds_them_once(store: Store) -> None:
    claim = a_running_job(store, steps=[a_spec("a"), a_spec("b")])
    completed(store, claim, steps=[a_spec("b"), a_spec("c", phase=1), a_spec("c", phase=1)])
    assert set(states_of(store, claim.job)) == {"a", "b", "c"}


def test_a_committed_result_waits_with_the_running_step(store: Store) -> None:
    claim = a_running_job(store)
    transitions.commit_result(store, *held(claim), {"x": 1})
    [step] = queries.running_steps(store)
    assert (step.state, step.result) == (StepState.RUNNING, {"x": 1})


def test_retried_step_is_queued_for_later_and_uses_an_attempt(store: Store) -> None:
    claim = a_running_job(store)
    transitions.retry_step(store, *held(claim), error=ERROR, at=NOW + 30, end=BROKEN, now=NOW)
    [step] = queries.steps(store, 1, 1)
    assert (step.state, step.attempts, step.scheduled_at, step.error, step.owner, step.result) == (
        StepState.QUEUED,
        1,
        NOW + 30,
        ERROR,
        None,
        None,
    )


def test_released_step_uses_no_attempt(store: Store) -> None:
    claim = a_running_job(store)
    transitions.release_step(store, *held(claim), end=AttemptEnd(Outcome.RELEASED), now=NOW)
    [step] = queries.steps(store, 1, 1)
    assert (step.state, step.attempts, queries.job(store, 1).interruptions) == (StepState.QUEUED, 0, 0)
    assert attempts_of(store) == [(Outcome.RELEASED, NOW)]


def test_rescued_step_counts_an_interruption_and_drops_its_result(store: Store) -> None:
    claim = a_running_job(store)
    transitions.commit_result(store, *held(claim), {"x": 1})
    transitions.rescue_step(store, *held(claim), now=NOW)
    assert transitions.count_interruption(store, 1) == 1
    assert queries.steps(store, 1, 1)[0].result is None
    assert transitions.count_interruption(store, 1) == 2
    completed(store, a_claim(store))
    assert queries.job(store, 1).interruptions == 0
    assert attempts_of(store) == [(Outcome.INTERRUPTED, NOW), (Outcome.SUCCEEDED, NOW)]


OUTCOMES: dict[str, Callable[[Store, int, int], object]] = {
    "commit": lambda s, id_, token: transitions.commit_result(s, id_, token, {}),
    "complete": lambda s, id_, token: transitions.complete_step(
        s, id_, token, result={}, facts=JobFacts(warnings=("late",)), steps=[a_spec("late")], end=DONE, now=NOW
    ),
    "retry": lambda s, id_, token: transitions.retry_step(s, id_, token, error=ERROR, at=NOW, end=BROKEN, now=NOW),
    "fail": lambda s, id_, token: transitions.fail_step(s, id_, token, error=ERROR, end=BROKEN, now=NOW),
    "release": lambda s, id_, token: transitions.release_step(s, id_, token, end=BROKEN, now=NOW),
    "rescue": lambda s, id_, token: transitions.rescue_step(s, id_, token, now=NOW),
}


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("situation", ["an old token", "queued", "succeeded", "no such step"])
def test_late_outcome_changes_nothing(store: Store, outcome: str, situation: str) -> None:
    claim = a_running_job(store)
    step_id, token = held(claim)
    if situation in ("an old token", "queued"):
        transitions.release_step(store, step_id, token, end=AttemptEnd(Outcome.RELEASED), now=NOW)
    if situation == "an old token":
        a_claim(store)
    if situation == "succeeded":
        completed(store, claim)
    before = everything(store)
    with pytest.raises(TransitionRefused):
        OUTCOMES[outcome](store, 99 if situation == "no such step" else step_id, token)
    assert everything(store) == before


def everything(store: Store) -> list[tuple[Any, ...]]:
    with store.reading() as session:
        tables = ("job", "step", "attempt", "event")
        return [tuple(r) for t in tables for r in session.connection().execute(text(f"SELECT * FROM {t} ORDER BY id"))]


# Waiting


def test_held_job_resumes_in_its_previous_state(store: Store) -> None:
    queued, running = a_waiting_job(store), a_running_job(store).job
    transitions.hold_job(store, id_of(running), waiting_for="disk", reason="r", remedy=None, now=NOW)
    assert transitions.release_job(store, id_of(queued), now=NOW).state == JobState.QUEUED
    back = transitions.release_job(store, id_of(running), waiting_for="disk", now=NOW)
    assert (back.state, back.reason, back.waiting_for) == (JobState.RUNNING, None, None)


def test_job_is_released_only_from_the_condition_it_waits_for(store: Store) -> None:
    job = a_waiting_job(store, waiting_for="disk")
    with pytest.raises(TransitionRefused, match="cannot be released"):
        transitions.release_job(store, id_of(job), waiting_for="memory", now=NOW)
    with pytest.raises(TransitionRefused, match="cannot be resumed"):
        transitions.resume_job(store, id_of(job), now=NOW)


def test_paused_job_continues_when_resumed(store: Store) -> None:
    job = a_waiting_job(store, waiting_for="disk")
    assert transitions.pause_job(store, id_of(job), now=NOW).waiting_for == "paused"
    with pytest.raises(TransitionRefused, match="is paused already"):
        transitions.pause_job(store, id_of(job), now=NOW)
    assert transitions.resume_job(store, id_of(job), now=NOW).state == JobState.QUEUED


def test_pause_and_stop_can_be_requested_and_withdrawn(store: Store) -> None:
    for _ in range(2):
        transitions.pause_all(store)
        transitions.request_stop(store)
    assert queries.requests(store) == {"paused", "stop"}
    transitions.resume_all(store)
    transitions.clear_stop(store, pid=7)
    assert queries.requests(store) == frozenset()


def test_stop_request_applies_only_to_the_daemon_it_was_meant_for(store: Store) -> None:
    transitions.request_stop(store, pid=7)
    transitions.clear_stop(store, pid=7)
    assert queries.requests(store) == {"stop"}
    transitions.clear_stop(store, pid=8)
    assert queries.requests(store) == frozenset()


# Job ends


def test_cancel_request_is_recorded_and_found(store: Store) -> None:
    job = a_queued_job(store)
    transitions.request_cancel(store, id_of(job), now=NOW)
    assert [found.id for found in queries.cancel_requested(store)] == [job.id]


def test_a_verdict_is_recorded_before_the_files_are_moved(store: Store) -> None:
    job = an_ending_job(store, JobState.FAILED)
    assert (job.state, job.verdict, job.destination) == (JobState.QUEUED, JobState.FAILED, "/failed/clip.mp4")
    assert states_of(store, job) == {"probe": StepState.CANCELLED}
    assert [found.id for found in queries.jobs_ending(store)] == [job.id]
    assert queries.jobs_to_end(store) == []
    done = transitions.finish_job(store, id_of(job), source="/failed/clip.mp4", now=NOW + 1)
    assert (done.state, done.finished_at, done.source) == (JobState.FAILED, NOW + 1, "/failed/clip.mp4")
    assert queries.jobs_ending(store) == []


def test_a_job_does_not_end_while_a_step_runs(store: Store) -> None:
    claim = a_running_job(store)
    with pytest.raises(TransitionRefused, match="while its step probe is running"):
        transitions.begin_ending(
            store, id_of(claim.job), verdict=JobState.FAILED, reason=None, remedy=None, destination=None, now=NOW
        )


def test_job_is_due_to_end_once_its_steps_have_ended(store: Store) -> None:
    claim = a_running_job(store)
    assert queries.jobs_to_end(store) == []
    completed(store, claim)
    assert [job.id for job in queries.jobs_to_end(store)] == [1]


def test_retried_job_starts_new_round_from_where_its_original_is(store: Store) -> None:
    claim = a_running_job(store)
    completed(store, claim, facts=JobFacts(warnings=("w",), outputs=("/o",)))
    transitions.claim_outbox(store, 1, choose=lambda taken: "/outbox/clip")
    ended = {"verdict": JobState.FAILED, "reason": "r", "remedy": "m", "destination": "/failed/clip.mp4"}
    transitions.begin_ending(store, 1, **ended, now=NOW)  # type: ignore[arg-type]
    transitions.finish_job(store, 1, source="/failed/clip.mp4", now=NOW)
    job = transitions.retry_job(store, 1, now=NOW)
    assert (job.state, job.round, job.source) == (JobState.CLAIMING, 2, "/failed/clip.mp4")
    assert (job.verdict, job.reason, job.finished_at, job.warnings, job.outputs) == (None, None, None, [], [])
    assert job.published == "/outbox/clip"
    transitions.take_job(store, 1, source="/work/1", overrides={}, options={}, steps=[a_spec()], now=NOW)
    assert states_of(store, job) == {"probe": StepState.QUEUED}
    assert queries.results(store, queries.job(store, 1)) == {}


def test_given_job_is_retried_from_the_given_path(store: Store) -> None:
    job = an_ended_job(store, origin="given", given_path="/home/clip.mp4")
    assert transitions.retry_job(store, id_of(job), now=NOW).source == "/home/clip.mp4"


def test_jobs_that_have_ended_are_forgotten_with_everything_that_belongs_to_them(store: Store) -> None:
    old, young = an_ended_job(store), an_ended_job(store)
    running = a_running_job(store).job
    assert transitions.forget_jobs(store, [id_of(running), id_of(old), 99]) == [old.id]
    assert queries.steps(store, id_of(old), 1) == []
    assert events_of(store, old) == []
    assert queries.job(store, id_of(young)).state == JobState.FAILED
    assert queries.job(store, id_of(running)).state == JobState.RUNNING


def test_an_ended_job_is_forgotten_with_everything_that_belongs_to_it(store: Store) -> None:
    job = an_ended_job(store)
    transitions.forget_job(store, id_of(job))
    assert everything(store) == []


@pytest.mark.parametrize("make", [a_claiming_job, a_queued_job, a_waiting_job, an_ending_job])
def test_a_job_that_has_not_ended_is_not_forgotten(store: Store, make: Callable[[Store], Job]) -> None:
    job = make(store)
    with pytest.raises(TransitionRefused, match="cannot be forgotten"):
        transitions.forget_job(store, id_of(job))
    with pytest.raises(TransitionRefused, match="There is no job 99"):
        transitions.forget_job(store, 99)


def test_many_jobs_are_changed_at_once_and_those_that_may_not_be_are_left(store: Store) -> None:
    wanted = [an_ended_job(store), an_ended_job(store, JobState.CANCELLED, origin="given", given_path="/home/clip.mp4")]
    others = [an_ended_job(store, JobState.SUCCEEDED), a_running_job(store).job, an_ended_job(store, origin="sent")]
    numbers = [id_of(job) for job in (*wanted, *others)]
    before = {id_of(job): len(events_of(store, job)) for job in wanted}
    changed = transitions.change_jobs(store, transitions.Action.RETRY, numbers, now=NOW)
    assert changed == [id_of(job) for job in wanted]
    assert [(job.state, job.round) for job in queries.jobs(store, changed).values()] == [(JobState.CLAIMING, 2)] * 2
    assert queries.job(store, changed[1]).source == "/home/clip.mp4"
    assert all(len(events_of(store, job)) == before[id_of(job)] + 1 for job in wanted)
    assert transitions.change_jobs(store, transitions.Action.RETRY, numbers, now=NOW) == []


def test_many_paused_jobs_say_how_each_is_resumed(store: Store) -> None:
    jobs = [a_queued_job(store), a_waiting_job(store)]
    paused = transitions.change_jobs(store, transitions.Action.PAUSE, [id_of(job) for job in jobs], now=NOW)
    assert [queries.job(store, id_).remedy for id_ in paused] == [
        f"Resume it with: `dropdub resume {id_of(job)}`" for job in jobs
    ]
    assert transitions.change_jobs(store, transitions.Action.RESUME, paused, now=NOW) == paused
    assert {queries.job(store, id_).state for id_ in paused} == {JobState.QUEUED}


JOBS: dict[str, Callable[[Store], Job]] = {
    JobState.CLAIMING: a_claiming_job,
    JobState.QUEUED: a_queued_job,
    JobState.RUNNING: lambda store: a_running_job(store).job,
    JobState.WAITING: a_waiting_job,
    "ending": an_ending_job,
    JobState.SUCCEEDED: lambda store: an_ended_job(store, JobState.SUCCEEDED),
    JobState.FAILED: lambda store: an_ended_job(store, JobState.FAILED),
    JobState.CANCELLED: lambda store: an_ended_job(store, JobState.CANCELLED),
}
GOING = {JobState.QUEUED, JobState.RUNNING}
JOB_TRANSITIONS: dict[str, tuple[set[str], Callable[[Store, int], object]]] = {
    "take": (
        {JobState.CLAIMING},
        lambda s, id_: transitions.take_job(
            s, id_, source="/w", overrides={}, options={}, steps=[a_spec("x")], now=NOW
        ),
    ),
    "vanish": ({JobState.CLAIMING}, lambda s, id_: transitions.vanish_job(s, id_, now=NOW)),
    "hold": (
        {*GOING},
        lambda s, id_: transitions.hold_job(s, id_, waiting_for="disk", reason="r", remedy=None, now=NOW),
    ),
    "release": ({JobState.WAITING}, lambda s, id_: transitions.release_job(s, id_, now=NOW)),
    "pause": ({*GOING, JobState.WAITING}, lambda s, id_: transitions.pause_job(s, id_, now=NOW)),
    "resume": (set(), lambda s, id_: transitions.resume_job(s, id_, now=NOW)),
    "cancel": (set(UNFINISHED), lambda s, id_: transitions.request_cancel(s, id_, now=NOW)),
    "begin ending": (
        set(UNFINISHED) - {JobState.RUNNING},  # this one has a running step
        lambda s, id_: transitions.begin_ending(
            s, id_, verdict=JobState.FAILED, reason=None, remedy=None, destination=None, now=NOW
        ),
    ),
    "finish": ({"ending"}, lambda s, id_: transitions.finish_job(s, id_, source="/x", now=NOW)),
    "retry": ({JobState.FAILED, JobState.CANCELLED}, lambda s, id_: transitions.retry_job(s, id_, now=NOW)),
}


@pytest.mark.parametrize("state", JOBS)
@pytest.mark.parametrize("name", JOB_TRANSITIONS)
def test_job_changes_only_from_states_named_by_the_transition(store: Store, name: str, state: str) -> None:
    allowed, transition = JOB_TRANSITIONS[name]
    job = JOBS[state](store)
    before = everything(store)
    if state in allowed:
        transition(store, id_of(job))
        assert len(events_of(store, job)) == 1 + len([row for row in before if row[1] == job.id and len(row) == 5])
    else:
        with pytest.raises(TransitionRefused):
            transition(store, id_of(job))
        assert everything(store) == before


AGAIN = "To process its file again, drop it with the option `duplicates: again` in its .job.yaml file."
RETRY, RESUME = "To try it again: `dropdub retry JOB`", "To continue it: `dropdub resume JOB`"
REFUSALS = {
    ("cancel", JobState.SUCCEEDED): "cannot be cancelled: it has already succeeded.",
    ("cancel", JobState.FAILED): "cannot be cancelled: it has already failed.",
    ("cancel", JobState.CANCELLED): f"is cancelled already. {RETRY}",
    ("cancel", "ending"): "cannot be cancelled: it is about to be failed.",
    ("retry", JobState.CLAIMING): "cannot be retried: it has only just been picked up.",
    ("retry", JobState.QUEUED): "cannot be retried: it has not begun yet.",
    ("retry", JobState.RUNNING): "cannot be retried: it has not ended yet.",
    ("retry", JobState.WAITING): "cannot be retried: it has not ended yet.",
    ("retry", "paused"): f"cannot be retried: it is paused, not ended. {RESUME}",
    ("retry", JobState.SUCCEEDED): f"cannot be retried: it has already succeeded. {AGAIN}",
    ("retry", "ending"): "cannot be retried: it is about to be failed.",
    ("pause", JobState.CLAIMING): "cannot be paused: it has only just been picked up. It is only a moment: try again.",
    ("pause", "paused"): f"is paused already. {RESUME}",
    ("pause", "being cancelled"): "cannot be paused: it is being cancelled.",
    ("pause", JobState.SUCCEEDED): "cannot be paused: it has already succeeded.",
    ("pause", JobState.FAILED): f"cannot be paused: it has already failed. {RETRY}",
    ("pause", JobState.CANCELLED): f"cannot be paused: it was cancelled. {RETRY}",
    ("pause", "ending"): "cannot be paused: it is about to be failed.",
    ("resume", JobState.CLAIMING): "cannot be resumed: it is not paused, but its file is still being picked up.",
    ("resume", JobState.QUEUED): "cannot be resumed: it is not paused, but waits for its turn.",
    ("resume", JobState.RUNNING): "cannot be resumed: it is not paused, but is not finished yet.",
    ("resume", JobState.WAITING): (
        "cannot be resumed: it is not paused, but waits for free disk space, and resumes automatically."
    ),
    ("resume", JobState.SUCCEEDED): "cannot be resumed: it has already succeeded.",
    ("resume", JobState.FAILED): f"cannot be resumed: it has already failed. {RETRY}",
    ("resume", JobState.CANCELLED): f"cannot be resumed: it was cancelled. {RETRY}",
    ("resume", "ending"): "cannot be resumed: it is about to be failed.",
}


def _being_cancelled(store: Store) -> Job:
    job = a_queued_job(store)
    return transitions.request_cancel(store, id_of(job), now=NOW)


STATES = {
    **JOBS,
    "paused": lambda store: a_waiting_job(store, waiting_for="paused"),
    "being cancelled": _being_cancelled,
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", ["cancel", "retry", "pause", "resume"])
def test_each_command_that_cannot_change_a_job_says_why_and_what_to_do(store: Store, name: str, state: str) -> None:
    job = STATES[state](store)
    try:
        JOB_TRANSITIONS[name][1](store, id_of(job))
    except TransitionRefused as refused:
        said = refused.sentence
    else:
        said = None
    expected = REFUSALS.get((name, state))
    if (name, state) in [("retry", "being cancelled"), ("resume", "being cancelled")]:
        assert said is not None and "it is being cancelled" in said
    else:
        assert said == (f"Job {job.id} ({job.name}) {expected}" if expected else None)


@pytest.mark.parametrize("name", JOB_TRANSITIONS)
def test_missing_job_is_refused(store: Store, name: str) -> None:
    with pytest.raises(TransitionRefused, match="no job 99"):
        JOB_TRANSITIONS[name][1](store, 99)
    with pytest.raises(UsageError, match="no job 99"):
        queries.job(store, 99)


def test_open_work_is_work_that_proceeds_by_itself(store: Store) -> None:
    assert not queries.open_work(store)
    an_ended_job(store)
    a_waiting_job(store)
    assert not queries.open_work(store)
    a_claiming_job(store)
    assert queries.open_work(store)
    assert {job.state for job in queries.unfinished_jobs(store)}.isdisjoint(ENDED)


# Delivery and runs


def test_outbox_folder_belongs_to_one_job_and_is_chosen_once(store: Store) -> None:
    a_claiming_job(store)
    a_claiming_job(store)

    def choose(taken: Callable[[str], bool]) -> str:
        return next(path for path in ("/o/Clip", "/o/clip", "/o/clip (2)") if not taken(path))

    assert transitions.claim_outbox(store, 1, choose=choose) == "/o/Clip"
    assert transitions.claim_outbox(store, 1, choose=choose) == "/o/Clip"
    assert transitions.claim_outbox(store, 2, choose=choose) == "/o/clip (2)"


def test_run_starts_sends_heartbeats_and_stops(store: Store) -> None:
    claim = a_running_job(store)
    transitions.start_run(store, run_id=RUN, pid=1, pid_started=2.0, host="h", boot_id="b", now=NOW)
    transitions.beat(store, RUN, notes=["n"], shares={held(claim)[0]: 0.5, 99: 1.0}, now=NOW + 1)
    assert queries.steps(store, 1, 1)[0].progress == 0.5
    transitions.beat(store, RUN, notes=[], shares={held(claim)[0]: 1.7}, now=NOW + 1)
    assert queries.steps(store, 1, 1)[0].progress == 1.0
    transitions.stop_run(store, RUN, now=NOW + 2)
    with pytest.raises(TransitionRefused):
        transitions.beat(store, RUN, notes=[], shares={}, now=NOW + 3)


# Duplicates


def hashed(store: Store, *, options: dict[str, Any] | None = None, content: str = "h") -> Job:
    claim = a_running_job(store, options=options)
    completed(store, claim, facts=JobFacts(content_hash=content))
    return queries.job(store, id_of(claim.job))


def twin_of(store: Store, job: Job) -> int | None:
    twin = queries.same_content(store, job)
    return twin.id if twin else None


def test_duplicate_whose_twin_failed_is_found_again_and_does_the_work(store: Store) -> None:
    twin, job = a_queued_job(store), a_queued_job(store)
    transitions.turn_duplicate(store, id_of(job), dup_of=twin.id, steps=(), now=NOW)
    transitions.hold_job(store, id_of(job), waiting_for="twin", reason="Same.", remedy="", now=NOW)
    assert queries.duplicates_to_release(store, "twin") == []
    transitions.begin_ending(
        store, id_of(twin), verdict=JobState.FAILED, reason="", remedy="", destination=None, now=NOW
    )
    transitions.finish_job(store, id_of(twin), source="/failed/clip.mp4", now=NOW)
    assert [found.id for found in queries.duplicates_to_release(store, "twin")] == [job.id]
    transitions.release_job(store, id_of(job), waiting_for="twin", now=NOW)
    turned = transitions.turn_duplicate(store, id_of(job), dup_of=None, steps=[a_spec("more", phase=1)], now=NOW)
    assert turned.dup_of is None and "more" in states_of(store, job)


def test_running_job_whose_content_was_known_first_is_the_twin(store: Store) -> None:
    first = a_claiming_job(store)
    second = hashed(store, options={"duplicates": "skip"})
    first.content_hash, first.options = second.content_hash, {"duplicates": "again"}
    assert (twin_of(store, second), twin_of(store, first)) == (None, second.id)


def test_other_content_or_options_make_no_duplicate(store: Store) -> None:
    hashed(store)
    assert twin_of(store, hashed(store, content="other")) is None
    assert twin_of(store, hashed(store, options={"targets": ["pt"]})) is None
    assert twin_of(store, hashed(store, options={"out": "/elsewhere"})) is None
    assert twin_of(store, a_claiming_job(store)) is None


def test_failed_job_or_duplicate_is_not_a_twin(store: Store) -> None:
    failed, duplicate = hashed(store), a_running_job(store)
    completed(store, duplicate, facts=JobFacts(content_hash="h", dup_of=failed.id))
    for id_, verdict in ((id_of(failed), JobState.FAILED), (id_of(duplicate.job), JobState.SUCCEEDED)):
        transitions.begin_ending(store, id_, verdict=verdict, reason=None, remedy=None, destination=None, now=NOW)
        transitions.finish_job(store, id_, source="/x", now=NOW)
    assert twin_of(store, hashed(store)) is None


def test_succeeded_job_is_a_twin_whatever_its_number(store: Store) -> None:
    first, second = hashed(store), hashed(store)
    transitions.begin_ending(
        store, id_of(second), verdict=JobState.SUCCEEDED, reason=None, remedy=None, destination=None, now=NOW
    )
    transitions.finish_job(store, id_of(second), source="/x", now=NOW)
    assert twin_of(store, first) == second.id
