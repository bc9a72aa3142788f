"""Notices to a real web server that refuses, stalls and breaks off, and to real programs; across restarts."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import pytest
import standardwebhooks
from sqlmodel import col, select

from dropdub.config import Config, Webhook
from dropdub.daemon.context import Context
from dropdub.daemon.courier import LONGEST_PAUSE_S, Courier
from dropdub.daemon.notifications import Notifier
from dropdub.errors import HookFailed, NotDelivered, TransitionRefused
from dropdub.notify.hook import MOST_LINES, run_hook
from dropdub.notify.webhook import post
from dropdub.process import reap_survivors
from dropdub.root import Root
from dropdub.store import queries, transitions
from dropdub.store.database import Store
from dropdub.store.states import JobState, NoticeState
from dropdub.store.tables import Notice
from tests.factories import NOW, a_running_job, completed
from tests.receiver import free_port, receiving
from tests.waiting import wait_until

SECRET = "whsec_T0K3NT0K3NT0K3NT0K3NT0K3NT0K"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store.open(f"sqlite:///{tmp_path / 'jobs.db'}")) as opened:
        yield opened


def an_end(store: Store, *channels: str, state: JobState = JobState.SUCCEEDED, now: float = NOW) -> int:
    """End a job, and record that these channels are to be notified."""
    claim = a_running_job(store, now=now)
    completed(store, claim, now=now)
    assert claim.job.id is not None
    end = {"verdict": state, "reason": None, "remedy": None, "destination": "/archive/clip.mp4"}
    transitions.begin_ending(store, claim.job.id, **end, now=now)
    transitions.finish_job(store, claim.job.id, source="/archive/clip.mp4", now=now, channels=channels)
    return claim.job.id


def notices(store: Store) -> list[Notice]:
    with store.reading() as session:
        return list(session.exec(select(Notice).order_by(col(Notice.created_at))))


# -- what is recorded ---------------------------------------------------------------------------------------------


def test_notice_is_recorded_with_the_end_itself_and_matches_jobs_show(store: Store) -> None:
    job_id = an_end(store, "webhook", "command")
    first, second = notices(store)
    assert {first.channel, second.channel} == {"webhook", "command"} and first.id != second.id
    assert first.payload["type"] == "job.succeeded"
    shown = first.payload["data"]
    assert (shown["id"], shown["state"], shown["progress"], shown["finished_at"]) == (
        job_id, "succeeded", 1.0, "2023-11-14T22:13:20.000Z"
    )  # fmt: skip


def test_refused_end_records_no_notice(store: Store) -> None:
    job_id = an_end(store, "webhook")
    with pytest.raises(TransitionRefused):
        transitions.finish_job(store, job_id, source="/x", now=NOW, channels=["webhook"])
    assert len(notices(store)) == 1


def test_a_notice_ends_once(store: Store) -> None:
    an_end(store, "webhook")
    (one,) = notices(store)
    transitions.end_notice(store, one.id, state=NoticeState.SENT, error=None, now=NOW)
    with pytest.raises(TransitionRefused):
        transitions.postpone_notice(store, one.id, error="late", at=NOW)


def test_due_notices_come_in_order_and_include_one_postponed_before_clock_was_set_back(store: Store) -> None:
    an_end(store, "webhook", now=NOW)
    an_end(store, "webhook", now=NOW + 1)
    first, second = notices(store)

    def due(now: float) -> str | None:
        found = queries.next_notice(store, "webhook", now=now, longest_s=LONGEST_PAUSE_S)
        return found.id if found else None

    assert due(NOW + 2) == first.id
    transitions.postpone_notice(store, first.id, error="x", at=NOW + 600)
    assert (due(NOW), due(NOW + 2), due(NOW + 700)) == (None, second.id, second.id)
    transitions.end_notice(store, second.id, state=NoticeState.SENT, error=None, now=NOW)
    assert (due(NOW + 2), due(NOW + 700)) == (None, first.id)
    assert due(NOW - 1e6) == first.id, "the clock was set back by days"


def test_old_notices_are_deleted_and_excess_ones_dropped(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from dropdub.store.transitions import notices as module

    for number in range(5):
        an_end(store, "webhook", now=NOW + number)
    ids = [one.id for one in notices(store)]
    transitions.end_notice(store, ids[4], state=NoticeState.SENT, error=None, now=NOW + 100)
    monkeypatch.setattr(module, "MOST_QUEUED", 3)
    transitions.tidy_notices(store, ended_before=NOW)
    assert [one.state for one in notices(store)] == ["dropped", "queued", "queued", "queued", "sent"]
    transitions.tidy_notices(store, ended_before=NOW + 50)
    assert [one.id for one in notices(store)] == ids[1:]


# -- webhooks -----------------------------------------------------------------------------------------------------


def webhook(url: str, **values: Any) -> Webhook:
    return Webhook.model_validate({"url": url, "secret": SECRET, "timeout": 30.0, **values})


def test_message_is_signed_as_third_party_receivers_expect() -> None:
    with receiving() as receiver:
        post(webhook(receiver.url), {"type": "job.failed", "data": {"name": "ação 🎬"}, "id": "msg_1"}, id_="msg_1")
        ((headers, _message, body),) = receiver.taken
    assert standardwebhooks.Webhook(SECRET).verify(body.decode(), headers)["data"] == {"name": "ação 🎬"}
    assert headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("manner", "said"),
    [
        ("error", "returned status 503"),
        ("redirect", "returned status 307"),
        ("stall", "did not respond within 1 s"),
        ("drip", "did not respond within 1 s"),
        ("break", "cannot be reached"),
    ],
)
def test_failing_receiver_is_reported_without_its_address(manner: str, said: str) -> None:
    with receiving(manner) as receiver, pytest.raises(NotDelivered, match=said) as caught:
        post(webhook(receiver.url, timeout=1.0), {"type": "x", "data": {}}, id_="msg_1")
    assert "T0K3N" not in caught.value.sentence and str(receiver.port) not in caught.value.sentence
    assert not receiver.taken


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:{port}/T0K3N", "http://no-such-host.invalid/T0K3N", "https://127.0.0.1:{port}"]
)
def test_unreachable_receiver_is_reported(url: str) -> None:
    with pytest.raises(NotDelivered) as caught:
        post(webhook(url.format(port=free_port())), {"type": "x", "data": {}}, id_="msg_1")
    assert "T0K3N" not in caught.value.sentence


# -- couriers -----------------------------------------------------------------------------------------------------


def a_courier(store: Store, url: str, **values: Any) -> Courier:
    def deliver(notice: Notice) -> None:
        post(webhook(url), {**notice.payload, "id": notice.id}, id_=notice.id)

    return Courier(store, "webhook", deliver, **{"give_up_after_s": 3_600.0, **values})


def test_receiver_gets_missed_notices_once_it_is_back_each_by_its_id(store: Store) -> None:
    port = free_port()
    for number in range(3):
        an_end(store, "webhook", now=NOW + number)
    courier = a_courier(store, f"http://127.0.0.1:{port}/T0K3N")
    assert not courier.idle()
    assert not courier.tick(monotonic=0, now=NOW + 10)
    assert courier.idle(), "what cannot be delivered now holds nothing up"
    assert courier.trouble is not None and "T0K3N" not in courier.trouble
    assert not courier.tick(monotonic=0.5, now=NOW + 11), "the channel pauses"
    with receiving(port=port) as receiver:
        later = 2 * LONGEST_PAUSE_S
        while courier.tick(monotonic=later, now=NOW + later):
            pass
    assert sorted(receiver.ids) == sorted(one.id for one in notices(store))
    assert courier.trouble is None
    assert [one.state for one in notices(store)] == ["sent"] * 3
    assert sum(one.attempts for one in notices(store)) == 4


def test_retry_pauses_grow_up_to_a_limit(store: Store) -> None:
    an_end(store, "webhook")
    courier = a_courier(store, f"http://127.0.0.1:{free_port()}", give_up_after_s=1e9)
    now = 0.0
    pauses = []
    for _ in range(12):
        courier.tick(monotonic=now, now=NOW + now)
        pauses.append(courier.resumes_at - now)
        now = courier.resumes_at + 0.01
    assert all(1 <= pause <= LONGEST_PAUSE_S for pause in pauses)
    assert max(pauses[6:]) > max(pauses[:2])


def test_notice_that_cannot_be_delivered_for_long_is_given_up(store: Store) -> None:
    an_end(store, "webhook")
    courier = a_courier(store, f"http://127.0.0.1:{free_port()}", give_up_after_s=100.0)
    courier.tick(monotonic=0, now=NOW + 99)
    assert notices(store)[0].state == "queued"
    courier.tick(monotonic=LONGEST_PAUSE_S, now=NOW + 2 * LONGEST_PAUSE_S)
    assert notices(store)[0].state == "dropped"


def test_unexpected_error_does_not_end_courier(store: Store) -> None:
    def deliver(_notice: Notice) -> None:
        raise ZeroDivisionError

    an_end(store, "webhook")
    courier = Courier(store, "webhook", deliver, give_up_after_s=1e9)
    assert not courier.tick(monotonic=0, now=NOW)
    assert notices(store)[0].state == "queued" and notices(store)[0].error == "ZeroDivisionError."


def test_stalling_receiver_blocks_neither_store_nor_stop(store: Store) -> None:
    with receiving("stall") as receiver:
        root = Root.at(Path(store.place).parent)
        root.create_folders()
        url = {"url": receiver.url, "secret": SECRET, "timeout": 30.0}
        config = Config.model_validate({"notify": {"webhook": url}})
        notifier = Notifier(Context(root, config, store, "run", print))
        an_end(store, "webhook", now=time.time())
        notifier.start()
        wait_until(lambda: receiver.asked == 1, "the notice to be under way")
        an_end(store, "webhook", now=time.time())  # would fail if the courier held a transaction
        began = time.monotonic()
        notifier.stop()
        assert time.monotonic() - began < 25, "it waited for the receiver's time-out"
    assert [one.state for one in notices(store)] == ["queued"] * 2
    with receiving() as receiver:
        config = Config.model_validate({"notify": {"webhook": {**url, "url": receiver.url}}})
        notifier = Notifier(Context(root, config, store, "next run", print))
        notifier.start()
        wait_until(lambda: notifier.idle, "both notices to be delivered")
        notifier.stop()
    assert sorted(receiver.ids) == sorted(one.id for one in notices(store))


def test_a_notification_is_written_in_the_language_that_is_set_when_it_is_delivered(store: Store) -> None:
    root = Root.at(Path(store.place).parent)
    root.create_folders()
    an_end(store, "webhook", now=time.time())
    with receiving() as receiver:
        notify = {"webhook": {"url": receiver.url, "secret": SECRET}}
        config = Config.model_validate({"notify": notify, "web": {"language": "pt-BR"}})
        notifier = Notifier(Context(root, config, store, "run", print))
        notifier.start()
        wait_until(lambda: notifier.idle, "the notice to be delivered")
        notifier.stop()
    [(_, message, _)] = receiver.taken
    assert message["text"] == "clip.mp4 está pronto." and message["data"]["state"] == "succeeded"


# -- programs -----------------------------------------------------------------------------------------------------


class Hook:
    """Runs Python as a user's program."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lines: list[str] = []
        self.stopping = threading.Event()
        self.lock_path = folder / "hook.lock"

    def __call__(self, script: str, *arguments: str, deadline_s: float = 20.0, message: bytes = b"{}") -> None:
        run_hook(
            [sys.executable, "-c", textwrap.dedent(script), *arguments],
            environment={**os.environ, "PYTHONUNBUFFERED": "1"},
            message=message,
            lock_path=self.lock_path,
            deadline_s=deadline_s,
            stopping=self.stopping,
            on_line=self.lines.append,
        )


@pytest.fixture
def hook(tmp_path: Path) -> Hook:
    return Hook(tmp_path)


def gone(pid_file: Path) -> bool:
    pid = int(pid_file.read_text(encoding="ascii"))
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


CHILD = """
import subprocess, sys, time, pathlib
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
pathlib.Path(sys.argv[1]).write_text(str(child.pid))
"""


def test_program_gets_its_arguments_unchanged_and_the_message(hook: Hook) -> None:
    script = "import sys; print(sys.argv[1:]); print(sys.stdin.read()); print('why', file=sys.stderr)"
    hook(script, "a b", "$(x)", "; rm", message=b'{"id": 1}')
    assert sorted(hook.lines) == sorted(["['a b', '$(x)', '; rm']", '{"id": 1}', "why"])
    assert not hook.lock_path.exists()


def test_failed_or_missing_program_is_reported(hook: Hook) -> None:
    with pytest.raises(HookFailed, match="exited with code 3"):
        hook("raise SystemExit(3)")
    with pytest.raises(HookFailed, match="no-such-program cannot be started"):
        run_hook(
            ["no-such-program"], environment={}, message=b"", lock_path=hook.lock_path,
            deadline_s=1, stopping=hook.stopping, on_line=print,
        )  # fmt: skip
    assert not hook.lock_path.exists()


def test_program_that_takes_too_long_is_ended_with_its_children(hook: Hook, tmp_path: Path) -> None:
    with pytest.raises(HookFailed, match="did not end within 2 s"):
        hook(CHILD + "time.sleep(600)", str(tmp_path / "pid"), deadline_s=2)
    wait_until(lambda: gone(tmp_path / "pid"), "the grandchild to be gone")


def test_processes_left_running_by_program_are_ended_with_it(hook: Hook, tmp_path: Path) -> None:
    hook(CHILD, str(tmp_path / "pid"))
    wait_until(lambda: gone(tmp_path / "pid"), "the grandchild to be gone")


def test_a_stop_ends_a_program_and_leaves_its_notice(hook: Hook, tmp_path: Path) -> None:
    threading.Timer(1.0, hook.stopping.set).start()
    with pytest.raises(NotDelivered, match="was stopped because Dropdub is stopping"):
        hook(CHILD + "time.sleep(600)", str(tmp_path / "pid"), deadline_s=60)
    wait_until(lambda: gone(tmp_path / "pid"), "the grandchild to be gone")


def test_endless_program_output_does_not_fill_the_log(hook: Hook) -> None:
    hook("for number in range(100_000): print('x' * 100)")
    assert len(hook.lines) == MOST_LINES


def test_program_need_not_read_its_message(hook: Hook) -> None:
    hook("pass", message=b"x" * 10_000_000)


def test_a_program_that_outlives_a_killed_daemon_is_ended_by_the_next_start(tmp_path: Path) -> None:
    script = f"""
    import sys, threading
    from pathlib import Path
    from tests.integration.test_notifying import Hook, CHILD
    Hook(Path({str(tmp_path)!r}))(CHILD + "time.sleep(600)", {str(tmp_path / "pid")!r}, deadline_s=500)
    """
    daemon = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)])
    wait_until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text("utf-8") != "", "the hook to run")
    daemon.kill()
    daemon.wait()
    reap_survivors(tmp_path)
    wait_until(lambda: gone(tmp_path / "pid"), "the grandchild to be gone")


def test_a_program_may_ask_jobs_about_its_root(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    root = Root.at(Path(store.place).parent)
    root.create_folders()
    command = [sys.executable, "-m", "dropdub", "config", "check"]
    notify = {"on_failure": command, "webhook": {"secret": SECRET}}
    root.config_file.write_text(json.dumps({"notify": notify}), encoding="utf-8")
    notifier = Notifier(Context(root, Config.model_validate({"notify": notify}), store, "run", print))
    an_end(store, "command", state=JobState.FAILED, now=time.time())
    with caplog.at_level(logging.INFO, logger="dropdub"):
        notifier.start()
        wait_until(lambda: notifier.idle, "the program to have run")
        notifier.stop()
    assert notices(store)[0].state == "sent", notices(store)[0].error
    said = [record.fields for record in caplog.records if record.getMessage() == "hook output"]  # type: ignore[attr-defined]
    assert said[0]["text"] == f"OK: {root.config_file}"


def test_notice_whose_command_is_no_longer_set_is_dropped(store: Store) -> None:
    root = Root.at(Path(store.place).parent)
    root.create_folders()
    config = Config.model_validate({"notify": {"on_success": ["x"]}})
    notifier = Notifier(Context(root, config, store, "run", print))
    an_end(store, "command", state=JobState.FAILED)
    notifier.start()
    wait_until(lambda: notices(store)[0].state == "dropped", "the notice to be dropped")
    notifier.stop()
