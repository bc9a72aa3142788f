"""What `dropdub status` and `dropdub show` read, against jobs in every state."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from dropdub.alive import place_of_processes
from dropdub.config import JobOptions
from dropdub.errors import AmbiguousName, StoreError, UsageError
from dropdub.pipeline.facts import Facts
from dropdub.pipeline.plan import plan
from dropdub.store import migrations, transitions
from dropdub.store.database import Store
from dropdub.store.states import JobState, Outcome
from dropdub.store.transitions import AskedJob, AttemptEnd
from dropdub.store.views import Reader, open_reader, rows
from dropdub.store.views.listing import Chosen
from dropdub.store.views.progress import current_stage, progress, remaining_s, worked_s
from tests.factories import (
    BROKEN,
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
    completed,
    failed,
    held,
)
from tests.waiting import wait_until


@dataclass(frozen=True)
class Place:
    file: Path
    store: Store
    reader: Reader


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    file = tmp_path / "jobs.db"
    url = f"sqlite:///{file}"
    store = Store.open(url)
    yield Place(file, store, open_reader(url))
    store.close()


def test_a_missing_database_has_no_daemon_and_no_jobs(tmp_path: Path) -> None:
    reader = open_reader(f"sqlite:///{tmp_path / 'jobs.db'}")
    status = reader.status(now=NOW)
    assert (status.daemon, status.paused, status.jobs) == (None, False, [])
    assert status.counts == dict.fromkeys([state.value for state in JobState], 0)
    assert (reader.find([]), reader.events(1), reader.prunable(NOW)) == ([], [], [])
    with pytest.raises(UsageError, match="no job 'clip'"):
        reader.job("clip")
    assert not (tmp_path / "jobs.db").exists()


def test_running_jobs_come_first_and_ended_ones_last_newest_first(place: Place) -> None:
    for number, verdict in enumerate((JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)):
        an_ended_job(place.store, verdict, at=NOW + number, name=verdict)
    a_queued_job(place.store, name="queued")
    a_waiting_job(place.store, name="waiting")
    a_claiming_job(place.store, name="claiming")
    a_running_job(place.store, name="running")
    status = place.reader.status(now=NOW)
    names = ["running", "waiting", "claiming", "queued", "cancelled", "failed", "succeeded"]
    assert [job.name for job in status.jobs] == names
    assert [job.state for job in status.jobs] == names
    assert status.counts == {state.value: 1 for state in JobState}
    assert [job.name for job in place.reader.status(now=NOW, limit=5).jobs] == names[:5]
    assert place.reader.status(now=NOW, limit=0).jobs == []
    some = place.reader.status(now=NOW, states=["failed", "queued"], limit=None)
    assert [job.name for job in some.jobs] == ["queued", "failed"]


def test_job_reports_its_progress_and_time_left(place: Place) -> None:
    claim = a_running_job(place.store, options={"targets": ["pt", "es"]})
    completed(place.store, claim, steps=[a_spec("transcribe/0", phase=1), a_spec("transcribe/1", phase=1)])
    step = a_claim(place.store)
    transitions.start_run(place.store, run_id="r", pid=1, pid_started=2.0, host="h", boot_id="b", now=NOW)
    transitions.beat(place.store, "r", notes=[], shares={held(step)[0]: 0.45}, now=NOW + 100)
    [job] = place.reader.status(now=NOW + 100).jobs
    assert job.progress == pytest.approx((1 + 10 * 0.45) / (1 + 2 * 10 + 2 + 2 * 19), abs=1e-4)
    assert job.remaining_s == pytest.approx(100 * (1 - job.progress) / job.progress, abs=0.1)
    transitions.release_step(place.store, *held(step), end=AttemptEnd(Outcome.RELEASED), now=NOW)
    assert place.reader.status(now=NOW + 100).jobs[0].remaining_s is None, "nobody works on it"
    assert (job.stage, job.targets, job.started_at) == ("transcribe", ["pt", "es"], "2023-11-14T22:13:20.000Z")


def test_step_to_be_retried_says_when_and_why(place: Place) -> None:
    claim = a_running_job(place.store)
    transitions.retry_step(place.store, *held(claim), error=ERROR, at=NOW + 30, end=BROKEN, now=NOW)
    [job] = place.reader.status(now=NOW).jobs
    assert (job.attempts, job.error, job.retry_at) == (1, "It died.", "2023-11-14T22:13:50.000Z")


def test_job_history_has_steps_attempts_and_events(place: Place) -> None:
    claim = a_running_job(place.store)
    transitions.retry_step(place.store, *held(claim), error=ERROR, at=NOW, end=BROKEN, now=NOW)
    failed(place.store, a_claim(place.store))
    record = place.reader.job("1")
    [step] = record.steps
    assert (step.key, step.state, step.error) == ("probe", "failed", "It died.")
    assert [(attempt.outcome, attempt.exit_code, attempt.error) for attempt in step.attempts] == [
        ("failed", 1, "It died.")
    ] * 2
    assert [event.text for event in record.events][-1] == "probe failed: It died."
    later = place.reader.events(1, record.events[2].id)
    assert later == record.events[3:]


def test_a_failed_job_says_why(place: Place) -> None:
    an_ended_job(place.store, JobState.FAILED)
    job = place.reader.job("1").job
    assert (job.error, job.reason, job.source, job.stage) == ("It broke.", "It broke.", "/failed/clip.mp4", None)
    assert job.progress < 1


def test_steps_of_an_earlier_round_do_not_count(place: Place) -> None:
    an_ended_job(place.store)
    transitions.retry_job(place.store, 1, now=NOW)
    record = place.reader.job("1")
    assert [(step.round, step.state) for step in record.steps] == [(1, "cancelled")]
    assert (record.job.progress, record.job.stage, record.job.attempts) == (0.0, None, 0)


def test_targets_given_with_a_file_are_shown_before_it_is_taken(place: Place) -> None:
    a_claiming_job(place.store, overrides={"targets": ["de"]})
    assert place.reader.job("1").job.targets == ["de"]


def test_job_is_found_by_id_name_or_stem_newest_first(place: Place) -> None:
    for name in ("clip.mp4", "talk.final.mp3", "clip.mp4", "clip.wav", "2", "talk.mp3"):
        a_claiming_job(place.store, name=name)
    refs = ["1", "clip.mp4", "clip", "talk.final", "talk", "2", "5"]
    assert [job.id for job in place.reader.find(refs)] == [1, 3, 4, 2, 6, 2, 5]


def test_a_name_in_several_folders_asks_which_and_a_path_or_number_answers(place: Place) -> None:
    for folder, name in (
        (None, "ep01.flac"),
        ("S1", "ep01.flac"),
        ("S2/CD", "ep01.flac"),
        ("S1", "ep01.flac"),
        ("S3", "b"),
    ):
        a_claiming_job(place.store, name=name, folder=folder)
    for ref in ("ep01", "ep01.flac"):
        with pytest.raises(AmbiguousName) as refusal:
            place.reader.find([ref])
        assert refusal.value.remedy == "Type instead: 1 for ep01.flac, 4 for S1/ep01.flac, 3 for S2/CD/ep01.flac."
    refs = ["S1/ep01", "S1/ep01.flac", "S2/CD/ep01", "CD/ep01", "2", "b", "S2\\CD\\ep01"]
    assert [job.id for job in place.reader.find(refs)] == [4, 4, 3, 3, 2, 5, 3]
    assert [job.path for job in place.reader.find(["2", "1"])] == ["S1/ep01.flac", "ep01.flac"]
    with pytest.raises(UsageError, match="There is no job"):
        place.reader.find(["S4/ep01"])


@pytest.mark.parametrize("ref", ["clop.mp4", "99", "9" * 40, "²", "", "%"])
def test_missing_job_is_a_usage_error(place: Place, ref: str) -> None:
    a_claiming_job(place.store)
    with pytest.raises(UsageError, match="There is no job"):
        place.reader.job(ref)


def test_similar_name_is_suggested(place: Place) -> None:
    a_claiming_job(place.store)
    with pytest.raises(UsageError) as refusal:
        place.reader.find(["clop.mp4"])
    assert refusal.value.remedy == "Did you mean clip.mp4 (job 1)?"


def start(place: Place, *, pid: int, pid_started: float = 2.0, host: str = "", here: str = "") -> None:
    transitions.start_run(
        place.store,
        run_id=f"{RUN}-{pid}-{host}",
        pid=pid,
        pid_started=pid_started,
        host=host or socket.gethostname(),
        boot_id=here or place_of_processes(),
        now=NOW,
    )


def daemon_state(place: Place, *, after_s: float = 1.0) -> str:
    daemon = place.reader.status(now=NOW + after_s).daemon
    assert daemon is not None
    return daemon.state


def test_daemon_on_another_machine_is_judged_by_its_heartbeat(place: Place) -> None:
    start(place, pid=7, host="elsewhere", here="another-boot")
    transitions.beat(place.store, f"{RUN}-7-elsewhere", notes=["polling"], shares={}, now=NOW + 2)
    transitions.pause_all(place.store)
    daemon = place.reader.status(now=NOW + 3).daemon
    assert daemon is not None
    assert (daemon.state, daemon.pid, daemon.paused, daemon.notes) == ("running", 7, True, ["polling"])
    assert daemon_state(place, after_s=100) == "silent", "it may be alive behind a broken network"
    transitions.stop_run(place.store, f"{RUN}-7-elsewhere", now=NOW + 4)
    assert daemon_state(place, after_s=100) == "stopped"


@pytest.mark.skipif(sys.platform != "linux", reason="recognizes containers by Linux's namespaces")
def test_daemon_in_another_container_is_judged_by_its_heartbeat(place: Place) -> None:
    boot, _, _namespace = place_of_processes().partition("/")
    start(place, pid=2**22 - 1, host="container", here=f"{boot}/1")
    assert (daemon_state(place), daemon_state(place, after_s=100)) == ("running", "silent")


@pytest.mark.skipif(sys.platform != "linux", reason="recognizes restarts of the machine by Linux's boot id")
def test_daemon_of_an_earlier_boot_is_gone(place: Place) -> None:
    start(place, pid=os.getpid(), here="earlier/1")
    assert daemon_state(place) == "gone"


def test_daemon_whose_process_is_there_runs_however_long_it_has_been_silent(place: Place) -> None:
    start(place, pid=os.getpid(), pid_started=psutil.Process().create_time())
    assert (daemon_state(place), daemon_state(place, after_s=100)) == ("running", "running")


def test_daemon_whose_number_another_process_has_is_gone_once_its_heartbeat_is_old(place: Place) -> None:
    start(place, pid=os.getpid(), pid_started=psutil.Process().create_time() - 3600)
    assert (daemon_state(place), daemon_state(place, after_s=100)) == ("running", "gone")


def test_killed_daemon_is_gone_at_once_and_nothing_runs(place: Place) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        start(place, pid=process.pid, pid_started=psutil.Process(process.pid).create_time())
        a_running_job(place.store)
        a_waiting_job(place.store)
        assert daemon_state(place) == "running"
        process.kill()
        wait_until(lambda: daemon_state(place) == "gone", what="the killed process to be noticed, even as a zombie")
    status = place.reader.status(now=NOW + 1)
    assert (status.counts["running"], status.counts["waiting"]) == (0, 2)
    assert [job.state for job in status.jobs] == ["waiting", "waiting"]
    assert (status.jobs[0].reason, status.jobs[0].remaining_s) == (
        "Interrupted. It continues as soon as the daemon runs.",
        None,
    )
    assert place.reader.status(now=NOW, states=["running"]).jobs == []
    assert len(place.reader.status(now=NOW, states=["waiting"]).jobs) == 2
    record = place.reader.job("1")
    assert (record.job.state, record.steps[0].state) == ("waiting", "queued")


def test_nothing_runs_while_all_jobs_are_paused_and_no_step_is_left(place: Place) -> None:
    claim = a_running_job(place.store)
    transitions.pause_all(place.store)
    assert place.reader.status(now=NOW).jobs[0].state == "running", "its step is finished first"
    transitions.release_step(place.store, *held(claim), end=AttemptEnd(Outcome.RELEASED), now=NOW)
    status = place.reader.status(now=NOW)
    assert (status.jobs[0].state, status.jobs[0].reason) == ("waiting", "Paused, with all other jobs.")
    assert (status.counts["running"], status.counts["waiting"]) == (0, 1)


def test_no_retry_is_shown_in_the_past_or_without_a_daemon(place: Place) -> None:
    claim = a_running_job(place.store)
    transitions.retry_step(place.store, *held(claim), error=ERROR, at=NOW + 30, end=BROKEN, now=NOW)
    [job] = place.reader.status(now=NOW + 31).jobs
    assert (job.retry_at, job.retry_is_due, job.state) == (None, True, "running")
    assert place.reader.job("1").steps[0].retry_is_due
    start(place, pid=2**22 - 1)
    [job] = place.reader.status(now=NOW).jobs
    assert (job.retry_at, job.retry_is_due, job.state) == (None, False, "waiting")
    step = place.reader.job("1").steps[0]
    assert (step.retry_at, step.retry_is_due) == (None, False)


def test_job_to_be_cancelled_says_that_it_waits_for_the_daemon(place: Place) -> None:
    job = a_queued_job(place.store)
    assert job.id is not None
    start(place, pid=2**22 - 1)
    transitions.request_cancel(place.store, job.id, now=NOW)
    assert place.reader.job("1").job.reason == "It is cancelled as soon as the daemon runs."


def test_only_jobs_that_ended_long_ago_are_to_be_pruned(place: Place) -> None:
    an_ended_job(place.store, at=NOW)
    an_ended_job(place.store, at=NOW + 100)
    a_running_job(place.store)
    assert [(job.id, job.name, job.state) for job in place.reader.prunable(NOW + 50)] == [(1, "clip.mp4", "failed")]


def test_status_is_read_while_a_transaction_is_open(place: Place) -> None:
    a_claiming_job(place.store)
    with place.store.transaction():
        assert place.reader.status(now=NOW).counts["claiming"] == 1


def test_older_database_asks_to_start_the_daemon(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dropdub.store.damage.REVISIONS", ("0000", *migrations.REVISIONS))
    set_revision(place.file, "0000")
    with pytest.raises(StoreError) as refusal:
        place.reader.status(now=NOW)
    assert "Start the daemon once to upgrade" in refusal.value.remedy


def test_newer_database_is_refused(place: Place) -> None:
    set_revision(place.file, "9999")
    with pytest.raises(StoreError, match="newer"):
        place.reader.job("1")


def set_revision(file: Path, revision: str) -> None:
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("UPDATE alembic_version SET version_num = ?", [revision])
    connection.close()


def test_file_that_is_not_a_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "jobs.db").write_bytes(b"no database" * 500)
    with pytest.raises(StoreError, match="not a database"):
        open_reader(f"sqlite:///{tmp_path / 'jobs.db'}").status(now=NOW)


def test_other_databases_are_read_through_sqlalchemy(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reads SQLite itself that way: the answers must be the same."""
    an_ended_job(place.store)
    completed(place.store, a_running_job(place.store, options={"targets": ["pt"]}), result={"a": 1})
    direct = place.reader.status(now=NOW), place.reader.prunable(NOW + 1), place.reader.find(["clip", "1"])
    monkeypatch.setattr(rows, "sqlite_file", lambda url: None)
    assert direct == (place.reader.status(now=NOW), place.reader.prunable(NOW + 1), place.reader.find(["clip", "1"]))


def test_no_query_scans_a_table(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    an_ended_job(place.store)
    a_running_job(place.store)
    seen: list[str] = []
    whole = rows._of_this_version

    def explaining(read: rows.Rows, file: str) -> rows.Rows | None:
        def explained(sql: str, /, **values: Any) -> Any:
            seen.extend(f"{row['detail']} <- {sql}" for row in read(f"EXPLAIN QUERY PLAN {sql}", **values))
            return read(sql, **values)

        return explained if whole(read, file) else None

    monkeypatch.setattr(rows, "_of_this_version", explaining)
    place.reader.status(now=NOW)
    place.reader.status(now=NOW, asked=True)
    for chosen in (Chosen(), Chosen(("failed",)), Chosen(text="clip", error="WorkerDied"), Chosen(asked=True)):
        place.reader.page(chosen, now=NOW)
        place.reader.numbers(chosen, now=NOW)
    place.reader.feed(0, now=NOW, most=10)
    place.reader.job("clip.mp4")
    place.reader.job("clip")
    place.reader.prunable(NOW)
    scans = [line for line in seen if line.startswith("SCAN") and "COVERING INDEX" not in line]
    assert [line for line in scans if not line.startswith("SCAN daemon")] == []
    assert [line for line in seen if "TEMP B-TREE" in line and "FROM job WHERE state =" in line] == []


def a_text_to_speak(store: Store) -> int:
    steps = [a_spec("say", pool="synthesize")]
    [asked] = transitions.ask_jobs(store, [AskedJob("Olá.", {"what": "say"}, steps, options={})], now=NOW)
    return asked.job_id


def test_a_text_that_a_client_wants_to_hear_is_listed_and_counted_only_with_all(place: Place) -> None:
    an_ended_job(place.store)
    said = a_text_to_speak(place.store)
    usual, whole = place.reader.status(now=NOW), place.reader.status(now=NOW, asked=True)
    assert ([job.id for job in usual.jobs], sum(usual.counts.values())) == ([1], 1)
    assert ([job.id for job in whole.jobs], sum(whole.counts.values())) == ([said, 1], 2)
    assert place.reader.job(str(said)).job.name == "Olá."


def test_pages_of_a_list_hold_each_job_once_newest_first(place: Place) -> None:
    for number in range(7):
        an_ended_job(place.store, JobState.FAILED if number % 2 else JobState.SUCCEEDED)
    a_text_to_speak(place.store)
    seen: list[int] = []
    page = place.reader.page(Chosen(), now=NOW, limit=3)
    while True:
        seen += [job.id for job in page.jobs]
        if not page.has_more:
            break
        page = place.reader.page(Chosen(), now=NOW, limit=3, after=seen[-1])
    assert seen == [7, 6, 5, 4, 3, 2, 1]
    assert (page.counts["failed"], page.counts["succeeded"], page.counts["queued"]) == (3, 4, 0)
    assert [job.id for job in place.reader.page(Chosen(("failed",)), now=NOW).jobs] == [6, 4, 2]
    assert place.reader.numbers(Chosen(("failed",)), now=NOW, before=6) == [4, 2]
    assert place.reader.page(Chosen(asked=True), now=NOW, limit=1).jobs[0].id == 8


@pytest.mark.parametrize("text", ["áudio", "ÁUDIO", "Áudio d", "100%", "a_b", "!"])
def test_names_are_found_by_a_part_of_them_in_any_case(place: Place, text: str) -> None:
    an_ended_job(place.store, name="Áudio de 100% a_b!.mp3")
    an_ended_job(place.store, name="Audio 1000 aXb.mp3")
    assert [job.id for job in place.reader.page(Chosen(text=text), now=NOW).jobs] == [1]


def test_failed_jobs_are_found_by_the_error_of_their_last_round(place: Place) -> None:
    for _ in range(2):
        claim = a_running_job(place.store)
        failed(place.store, claim)
        transitions.begin_ending(
            place.store, claim.job.id or 0, verdict=JobState.FAILED, reason="r", remedy=None, destination=None, now=NOW
        )
        transitions.finish_job(place.store, claim.job.id or 0, source="/failed/clip.mp4", now=NOW)
    transitions.retry_job(place.store, 1, now=NOW)
    assert [job.id for job in place.reader.page(Chosen(error="WorkerDied"), now=NOW).jobs] == [2]
    assert place.reader.page(Chosen(error="NotMedia"), now=NOW).jobs == []


def test_without_a_daemon_a_page_shows_what_was_running_as_waiting(place: Place) -> None:
    transitions.start_run(place.store, run_id=RUN, pid=1, pid_started=2.0, host="h", boot_id="b", now=NOW)
    a_running_job(place.store)
    transitions.stop_run(place.store, RUN, now=NOW)
    assert [job.id for job in place.reader.page(Chosen(("waiting",)), now=NOW).jobs] == [1]
    assert place.reader.page(Chosen(("running",)), now=NOW).jobs == []


def test_reading_imports_neither_sqlalchemy_nor_pydantic(place: Place) -> None:
    script = (
        "import sys; from dropdub.store.views import open_reader\n"
        f"open_reader({f'sqlite:///{place.file}'!r}).status(now=0.0)\n"
        "heavy = {'sqlalchemy', 'sqlmodel', 'pydantic', 'alembic', 'psutil'} & sys.modules.keys()\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def row(key: str, state: str, share: float = 0.0) -> Mapping[str, Any]:
    return {"key": key, "stage": key.partition("/")[0], "state": state, "progress": share}


def test_job_without_planned_steps_shows_little_progress() -> None:
    assert progress("running", [row("probe", "succeeded")]) < 0.1
    assert progress("queued", []) == 0.0


PICTURE = {"index": 0, "codec": "h264", "width": 640, "height": 360, "fps": 25.0}


@pytest.mark.parametrize("targets", [[], ["pt"], ["pt", "es", "fr"]])
@pytest.mark.parametrize("kind", ["audio", "video", "text"])
def test_progress_never_decreases_while_more_becomes_known(kind: str, targets: list[str]) -> None:
    options = JobOptions(targets=tuple(targets))
    found: dict[str, dict[str, Any]] = {
        "probe": {"kind": "text" if kind == "text" else "media", "video": PICTURE if kind == "video" else None},
        "extract": {"language": "en"},
        "split": {"chunks": [[0.0, 700.0], [700.0, 1400.0], [1400.0, 2000.0]]},
        "merge": {"language": "en"},
        "synthesize": {"hear": True},
        "hear": {"again": [1]},
    }
    facts: dict[str, dict[str, Any]] = {}
    shares = [0.0]
    while coming := [step for step in plan(options, Facts(facts)) if step.key not in facts]:
        facts[coming[0].key] = found.get(coming[0].stage, {})
        steps = [row(step.key, "succeeded" if step.key in facts else "queued") for step in plan(options, Facts(facts))]
        shares.append(progress("running", steps, targets=len(targets)))
    assert shares == sorted(shares) and shares[-1] == 0.99


def test_only_succeeded_job_is_fully_done() -> None:
    done = [row("transcribe/0000", "succeeded"), row("publish/manifest", "succeeded")]
    assert (progress("running", done), progress("succeeded", [])) == (0.99, 1.0)


def test_stage_is_the_running_one_or_else_the_next() -> None:
    steps = [row("probe", "succeeded"), row("split", "queued"), row("transcribe", "running")]
    assert current_stage("running", steps) == "transcribe"
    assert current_stage("queued", steps[:2]) == "split"
    assert current_stage("failed", steps) is None


def test_time_left_is_shown_once_there_is_enough_progress_to_estimate_it() -> None:
    assert remaining_s(0.0, 0.04, 100.0) is None
    assert remaining_s(0.0, 0.5, 100.0) == 100.0


def test_time_in_which_no_daemon_was_alive_does_not_count_for_the_estimate() -> None:
    runs = [
        {"started_at": 0.0, "heartbeat_at": 150.0, "stopped_at": None},  # it was killed
        {"started_at": 10_000.0, "heartbeat_at": 10_050.0, "stopped_at": 10_050.0},
        {"started_at": 20_000.0, "heartbeat_at": 20_001.0, "stopped_at": None},
    ]
    assert worked_s(100.0, 20_010.0, runs) == 50 + 50 + 10
    assert worked_s(100.0, 20_010.0, runs[:2]) == 100
    assert remaining_s(100.0, 0.5, 20_010.0, runs) == 110.0


def test_run_started_before_clock_was_set_back_is_not_the_newest(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'jobs.db'}"
    store = Store.open(url)

    def start(run_id: str, pid: int, now: float) -> None:
        transitions.start_run(store, run_id=run_id, pid=pid, pid_started=1.0, host="h", boot_id="b", now=now)

    def seen(now: float) -> tuple[int, str]:
        daemon = open_reader(url).status(now=now).daemon
        assert daemon is not None
        return daemon.pid, daemon.state

    start("first", 1, NOW)
    assert seen(NOW + 1) == (1, "running")
    assert seen(NOW - 3_600) == (1, "silent"), "one that lives would have given sign since the clock was set back"
    start("second", 2, NOW - 3_600)
    assert seen(NOW - 3_599) == (2, "running")
    store.close()
