"""Requests in the database: recorded once, joined by their repetitions, claimed first, answered, forgotten."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from dropdub import failpoints
from dropdub.daemon.context import Context
from dropdub.daemon.finish.answers import AGAIN_S, AT_ONCE, Answers, forget_requests
from dropdub.daemon.finish.finishing import Endings
from dropdub.daemon.mover import Mover
from dropdub.daemon.start.recovery import sweep
from dropdub.daemon.steps.outcomes import Outcomes
from dropdub.daemon.steps.scheduler import Scheduler
from dropdub.errors import TransitionRefused, VoiceMissing
from dropdub.pipeline.request import Request, Wanted
from dropdub.store import queries, transitions
from dropdub.store.database import Store
from dropdub.store.states import JobState, Origin, Outcome, Priority
from dropdub.store.steps import StepSpec
from dropdub.store.transitions import AskedJob, AttemptEnd, Claim, JobFacts
from dropdub.store.transitions.asks import FAILURES_ARE_JOINED_S
from dropdub.store.views import open_reader
from dropdub.store.views.answers import Load
from tests.factories import BROKEN, DONE, ERROR, NOW, RUN, a_claim, a_context, a_queued_job, held

SAY = StepSpec("say", "say", 0, None, "synthesize", {"text": "Hello."})


@pytest.fixture
def store(tmp_path: Path) -> Any:
    opened = Store.open(f"sqlite:///{tmp_path / 'jobs.db'}")
    yield opened
    opened.close()


def a_request(key: str | None = "key-1", **values: Any) -> AskedJob:
    request = Request(Wanted.SAY, {"text": "Hello."}).to_json()
    return AskedJob("Hello.", request, (SAY,), options={}, key=key, **values)


def ask(store: Store, *asked: AskedJob, now: float = NOW) -> list[transitions.Asked]:
    return transitions.ask_jobs(store, asked or (a_request(),), now=now)


def leave_traces(context: Context, number: int) -> list[Path]:
    """Make what a job leaves on the disk under its number."""
    root = context.root
    paths = [root.results_dir(number) / "0000.wav", root.kept_dir(number) / "transcript.json", root.job_log(number)]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"of the earlier job")
    return paths


def a_running_request(store: Store, **values: Any) -> Claim:
    ask(store, a_request(**values))
    return a_claim(store, pool="synthesize")


def test_only_what_a_client_was_promised_is_flushed(store: Store) -> None:
    levels: list[str] = []
    event.listen(store.engine, "commit", lambda connection: levels.append(connection.info.get("synchronous", "FULL")))
    claim = a_running_request(store, priority=Priority.INTERACTIVE)
    claimed = transitions.claim_step(store, pool="synthesize", owner=RUN, now=NOW, priorities=[Priority.INTERACTIVE])
    assert claimed is None
    answered(store, claim)
    assert levels == ["FULL", "FULL", "NORMAL", "NORMAL"], "request, claim, claim of a request, answer"


def answered(store: Store, claim: Claim, now: float = NOW) -> None:
    assert claim.step.id is not None
    transitions.complete_step(
        store,
        claim.step.id,
        claim.step.token,
        result={"pieces": 1},
        facts=JobFacts(),
        steps=(),
        end=DONE,
        now=now,
        is_answer=True,
    )


def test_a_request_is_queued_with_its_step_at_once(store: Store) -> None:
    [asked] = ask(store)
    job = queries.job(store, asked.job_id)
    assert (job.state, job.origin, job.priority) == (JobState.QUEUED, Origin.ASKED, Priority.INTERACTIVE)
    assert not asked.is_joined
    [step] = queries.steps(store, asked.job_id, 1)
    assert (step.key, step.priority, step.params) == ("say", Priority.INTERACTIVE, {"text": "Hello."})


def test_a_repetition_joins_the_job_while_it_waits_runs_and_after_it_succeeded(store: Store) -> None:
    [first] = ask(store)
    assert [one.job_id for one in ask(store)] == [first.job_id]
    claim = a_claim(store, pool="synthesize")
    assert ask(store)[0] == transitions.Asked(first.job_id, is_joined=True)
    answered(store, claim)
    assert ask(store)[0].job_id == first.job_id


def test_equal_requests_of_one_call_are_one_job(store: Store) -> None:
    first, second, other = ask(store, a_request(), a_request(), a_request("key-2"))
    assert first.job_id == second.job_id != other.job_id
    assert [one.is_joined for one in (first, second, other)] == [False, True, False]


def test_requests_without_a_key_are_never_joined(store: Store) -> None:
    first, second = ask(store, a_request(None), a_request(None))
    assert first.job_id != second.job_id


def test_a_repetition_gets_the_error_of_just_now_but_a_later_one_is_tried_again(store: Store) -> None:
    claim = a_running_request(store)
    assert claim.step.id is not None and claim.job.id is not None
    transitions.fail_step(store, claim.step.id, claim.step.token, error=ERROR, end=AttemptEnd(Outcome.FAILED), now=NOW)
    ended = {"verdict": JobState.FAILED, "reason": "It broke.", "remedy": "", "destination": None}
    transitions.begin_ending(store, claim.job.id, **ended, now=NOW)  # type: ignore[arg-type]  # a dict of its keywords
    transitions.finish_job(store, claim.job.id, source="", now=NOW)
    assert ask(store, now=NOW + FAILURES_ARE_JOINED_S - 1)[0].job_id == claim.job.id
    assert ask(store, now=NOW + FAILURES_ARE_JOINED_S + 1)[0].job_id != claim.job.id


def test_a_request_that_is_being_cancelled_is_not_joined(store: Store) -> None:
    [first] = ask(store)
    transitions.request_cancel(store, first.job_id, now=NOW)
    assert ask(store)[0].job_id != first.job_id


def test_the_answer_ends_its_job_in_the_same_transaction(store: Store) -> None:
    claim = a_running_request(store)
    answered(store, claim, now=NOW + 3)
    job = queries.job(store, claim.job.id or 0)
    assert (job.state, job.finished_at, job.verdict) == (JobState.SUCCEEDED, NOW + 3, None)


def test_the_answer_does_not_end_a_job_that_is_being_cancelled(store: Store) -> None:
    claim = a_running_request(store)
    transitions.request_cancel(store, claim.job.id or 0, now=NOW)
    answered(store, claim)
    assert queries.job(store, claim.job.id or 0).state == JobState.RUNNING


def test_requests_are_claimed_before_recordings_and_only_the_wanted_stages(store: Store) -> None:
    a_queued_job(store, steps=[StepSpec("synthesize/pt", "synthesize", 60, "pt", "synthesize")])
    [asked] = ask(store)
    claim = a_claim(store, pool="synthesize", stages=["say"])
    assert claim.job.id == asked.job_id
    assert transitions.claim_step(store, pool="synthesize", owner=RUN, now=NOW, stages=["say"]) is None
    assert a_claim(store, pool="synthesize").step.stage == "synthesize"


def test_the_order_of_priorities_is_the_callers(store: Store) -> None:
    a_queued_job(store, steps=[StepSpec("synthesize/pt", "synthesize", 60, "pt", "synthesize")])
    ask(store)
    order = (Priority.NORMAL, Priority.INTERACTIVE)
    assert a_claim(store, pool="synthesize", priorities=order).step.stage == "synthesize"
    assert a_claim(store, pool="synthesize", priorities=order).step.stage == "say"


def test_a_request_cannot_be_retried_by_a_command(store: Store) -> None:
    claim = a_running_request(store)
    transitions.request_cancel(store, claim.job.id or 0, now=NOW)
    assert claim.step.id is not None
    transitions.release_step(store, claim.step.id, claim.step.token, end=AttemptEnd(Outcome.CANCELLED), now=NOW)
    ended = {"verdict": JobState.CANCELLED, "reason": "Cancelled.", "remedy": "", "destination": None}
    transitions.begin_ending(store, claim.job.id or 0, **ended, now=NOW)  # type: ignore[arg-type]  # its keywords
    transitions.finish_job(store, claim.job.id or 0, source="", now=NOW)
    with pytest.raises(TransitionRefused, match="it was a request") as refused:
        transitions.retry_job(store, claim.job.id or 0, now=NOW)
    assert refused.value.remedy == "Send the request again."


def test_an_upload_whose_end_is_reported_twice_is_one_job(store: Store) -> None:
    values = {"name": "a.mp3", "source": "/uploads/a/a.mp3", "request_key": "upload:a", "inode": "7", "device": 1}
    first = transitions.record_upload(store, **values, origin=Origin.UPLOADED, now=NOW)
    again = transitions.record_upload(store, **values, origin=Origin.UPLOADED, now=NOW)
    assert (first.is_joined, again) == (False, transitions.Asked(first.job_id, is_joined=True))
    assert queries.job(store, first.job_id).state == JobState.CLAIMING


def test_old_requests_are_forgotten_with_their_answers_and_no_others(tmp_path: Path) -> None:
    with a_context(tmp_path, "{}") as context:
        claim = a_running_request(context.store)
        answered(context.store, claim)
        [kept] = ask(context.store, a_request("key-2"))
        a_queued_job(context.store)
        left = [leave_traces(context, number) for number in (claim.job.id or 0, kept.job_id)]
        assert forget_requests(context, ended_before=NOW + 1) == 1
        assert [[path.exists() for path in paths] for paths in left] == [[False] * 3, [True] * 3]
        assert queries.request_ids(context.store) == {kept.job_id}
        assert len(queries.unfinished_jobs(context.store)) == 2


def test_nobody_is_advised_to_retry_the_job_of_a_request(tmp_path: Path) -> None:
    with a_context(tmp_path, "{}") as context:
        error = VoiceMissing("There is no voice.")
        assert "dropdub retry" in error.remedy
        broken = held(a_running_request(context.store))
        transitions.fail_step(context.store, *broken, error=error.to_dict(), end=BROKEN, now=NOW)
        transitions.request_cancel(context.store, ask(context.store, a_request("key-2"))[0].job_id, now=NOW)
        mover, steps = Mover(lambda: None), Scheduler(context, {})
        try:
            Endings(context, mover, steps, Outcomes(context, steps)).tick(0.0)
        finally:
            mover.stop(grace_s=1.0)
        failed, cancelled = queries.job(context.store, 1), queries.job(context.store, 2)
        assert (failed.verdict, cancelled.verdict, cancelled.remedy) == ("failed", "cancelled", None)
        assert (failed.remedy or "").endswith("To list the voices: `dropdub voices list`.")


def test_a_job_that_gets_the_number_of_a_forgotten_one_finds_nothing_of_it(tmp_path: Path) -> None:
    with a_context(tmp_path, "{}") as context:
        claim = a_running_request(context.store)
        answered(context.store, claim)
        left = leave_traces(context, claim.job.id or 0)
        failpoints.restart("remove-tree.before=denied", "")
        try:
            assert forget_requests(context, ended_before=NOW + 1) == 0
        finally:
            failpoints.restart("", "")
        assert queries.job(context.store, 1).state == JobState.SUCCEEDED, (
            "its number is not free before its files are gone"
        )
        assert forget_requests(context, ended_before=NOW + 1) == 1
        assert ask(context.store, a_request("key-2"))[0].job_id == claim.job.id
        assert not any(path.exists() for path in left)


def test_thousands_of_old_requests_are_forgotten_some_in_each_turn(tmp_path: Path) -> None:
    with a_context(tmp_path, "{}") as context:
        count = AT_ONCE + 2
        ask(context.store, *(a_request(None) for _ in range(count)))
        for _ in range(count):
            answered(context.store, a_claim(context.store, pool="synthesize"))
        answers = Answers(context)
        answers.tick(0.0)
        assert len(queries.request_ids(context.store)) == count - AT_ONCE
        answers.tick(AGAIN_S)
        assert queries.request_ids(context.store) == set()


def test_answers_that_no_request_has_are_removed_at_the_start(tmp_path: Path) -> None:
    with a_context(tmp_path, "{}") as context:
        kept = a_running_request(context.store)
        answered(context.store, kept)
        folders = [context.root.results_dir(number) for number in (kept.step.job_id, 77)]
        for folder in folders:
            folder.mkdir(parents=True)
        sweep(context)
        assert [folder.exists() for folder in folders] == [True, False]


def test_what_a_client_waits_for_is_in_one_view(store: Store, tmp_path: Path) -> None:
    claim = a_running_request(store)
    reader = open_reader(f"sqlite:///{tmp_path / 'jobs.db'}")
    view = reader.answer(claim.job.id or 0)
    assert view is not None and view.has_begun and not view.has_ended and view.result("say") is None
    answered(store, claim)
    view = reader.answer(claim.job.id or 0)
    assert view is not None and view.has_succeeded and view.result("say") == {"pieces": 1}
    assert reader.answer(99) is None


def test_a_batch_lists_its_jobs_in_order_with_the_clients_names(store: Store, tmp_path: Path) -> None:
    labels = ["b", None, "a"]
    requests = [Request(Wanted.SAY, {"text": "x"}, label=label).to_json() for label in labels]
    asked = [AskedJob("x", request, (SAY,), options={}, batch="batch-1") for request in requests]
    jobs = [one.job_id for one in transitions.ask_jobs(store, asked, now=NOW)]
    found = open_reader(f"sqlite:///{tmp_path / 'jobs.db'}").batch("batch-1")
    assert [(one.job_id, one.label, one.state) for one in found] == [
        (job, label, "queued") for job, label in zip(jobs, labels, strict=True)
    ]


def test_only_what_can_continue_counts_as_load(store: Store, tmp_path: Path) -> None:
    ask(store, a_request(None), a_request(None))
    reader = open_reader(f"sqlite:///{tmp_path / 'jobs.db'}")
    assert reader.load().waiting == 2
    assert reader.load().characters > 2 * len("Hello.")
    a_claim(store, pool="synthesize")
    assert reader.load().waiting == 1


def test_start_removes_the_pieces_of_unfinished_texts_which_a_power_cut_may_have_broken(tmp_path: Path) -> None:
    with a_context(tmp_path, "") as context:
        done = a_running_request(context.store, key="done")
        answered(context.store, done)
        begun = a_running_request(context.store, key="begun")
        folders = [context.root.results_dir(claim.step.job_id) for claim in (done, begun)]
        for folder in folders:
            folder.mkdir(parents=True)
            (folder / "0000.wav").touch()
        sweep(context)
        assert [folder.exists() for folder in folders] == [True, False]


def test_chunks_of_recordings_and_lines_of_files_are_no_load_for_those_who_wait(store: Store, tmp_path: Path) -> None:
    chunks = [StepSpec(f"transcribe/{n}", "transcribe", 30, None, "transcribe", {"start": n}) for n in range(40)]
    asked = [AskedJob("a.mp3", {"what": "transcript"}, chunks, {}), a_request(None, priority=Priority.SOON)]
    ask(store, *asked)
    reader = open_reader(f"sqlite:///{tmp_path / 'jobs.db'}")
    assert reader.load() == Load(0, 0)
    ask(store, a_request(None))
    assert reader.load().waiting == 1
    transitions.complete_step(
        store, *held(a_claim(store, pool="transcribe")), result={}, facts=JobFacts(), steps=(), end=DONE, now=NOW
    )
    assert reader.load().pace_s is None, "a chunk says nothing of the pace of texts"


def test_unfinished_jobs_that_need_a_voice_are_found(store: Store, tmp_path: Path) -> None:
    def said_by(voice: str, options: dict[str, str], **values: Any) -> AskedJob:
        request = Request(Wanted.SAY, {"text": "Hello.", "voice": voice}).to_json()
        return AskedJob("Hello.", request, (SAY,), options=options, **values)

    ended = a_running_request(store, key="ended")
    answered(store, ended)
    ana, other = ask(store, said_by("ana", {"voice": "eva"}), said_by("ben", {"voice": "ana"}))
    reader = open_reader(f"sqlite:///{tmp_path / 'jobs.db'}")
    assert reader.jobs_with_voice("ana") == [ana.job_id]
    assert reader.jobs_with_voice("ben") == [other.job_id]
    assert reader.jobs_with_voice("eva") == []


def test_pace_is_that_of_the_last_requests(store: Store, tmp_path: Path) -> None:
    reader = open_reader(f"sqlite:///{tmp_path / 'jobs.db'}")
    assert reader.load().pace_s is None
    ask(store, a_request(None))
    characters = reader.load().characters
    answered(store, a_claim(store, pool="synthesize"))
    assert DONE.seconds is not None
    assert reader.load().pace_s == pytest.approx(DONE.seconds / characters)
