from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dropdub.config import InboxSettings
from dropdub.inbox.watcher import Watcher
from dropdub.mounts import Mount
from tests.waiting import wait_until

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")
START = """
import sys, time
from pathlib import Path
from dropdub.config import InboxSettings
from dropdub.inbox.watcher import Watcher
{before}
woken = []
watcher = Watcher(Path(sys.argv[1]), InboxSettings(polling_interval=0.05), lambda: woken.append(1))
watcher.start()
print(watcher.mode, *watcher.check())
{after}
Path(sys.argv[1], "clip.mp4").touch()
ends_at = time.monotonic() + 20
while not woken and time.monotonic() < ends_at:
    time.sleep(0.02)
print("woken" if woken else "asleep")
watcher.stop()
"""


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    (folder / "sub").mkdir(parents=True)
    return folder


@pytest.fixture
def woken() -> threading.Event:
    return threading.Event()


@pytest.fixture(params=["native", "polling"])
def watcher(request: pytest.FixtureRequest, inbox: Path, woken: threading.Event) -> Iterator[Watcher]:
    made = Watcher(inbox, InboxSettings(observer=request.param, polling_interval=0.05), woken.set)
    made.start()
    yield made
    made.stop()


def write(inbox: Path) -> None:
    (inbox / "clip.mp4").write_bytes(b"x")


def move_in(inbox: Path) -> None:
    outside = inbox.parent / "clip.mp4"
    outside.write_bytes(b"x")
    outside.rename(inbox / "clip.mp4")


def write_then_rename(inbox: Path) -> None:
    part = inbox / "clip.mp4.part"
    part.write_bytes(b"x")
    part.rename(inbox / "clip.mp4")


def move_folder_in(inbox: Path) -> None:
    outside = inbox.parent / "holidays"
    outside.mkdir()
    (outside / "clip.mp4").write_bytes(b"x")
    outside.rename(inbox / "holidays")


def write_deep(inbox: Path) -> None:
    (inbox / "sub" / "clip.mp4").write_bytes(b"x")


@pytest.mark.parametrize("drop", [write, move_in, write_then_rename, move_folder_in, write_deep])
def test_each_kind_of_drop_wakes_the_watcher(
    watcher: Watcher, woken: threading.Event, inbox: Path, drop: Callable[[Path], None]
) -> None:
    drop(inbox)
    wait_until(woken.is_set, f"an event of {drop.__name__} by {watcher.mode} watching")
    assert watcher.check() == []


def test_dead_threads_are_noticed_and_replaced(watcher: Watcher, woken: threading.Event, inbox: Path) -> None:
    assert watcher._observer is not None
    first = watcher._observer
    [emitter] = first.emitters
    emitter.stop()
    wait_until(lambda: not emitter.is_alive(), "the emitter to die")
    assert first.is_alive()
    watcher.check()
    assert watcher._observer is not first
    write(inbox)
    wait_until(woken.is_set, "an event of the new observer")


@linux_only
def test_a_dead_reader_of_inotify_is_noticed_and_replaced(inbox: Path, woken: threading.Event) -> None:
    watcher = Watcher(inbox, InboxSettings(observer="native"), woken.set)
    watcher.start()
    first = watcher._observer
    reader = first._inotify_fd  # type: ignore[union-attr]
    reader.stop()
    wait_until(lambda: not reader.is_alive(), "the reader to die")
    watcher.check()
    assert watcher._observer is not first
    write(inbox)
    wait_until(woken.is_set, "an event of the new observer")
    watcher.stop()


def test_healthy_observer_is_left_alone(watcher: Watcher) -> None:
    first = watcher._observer
    assert watcher.check() == [] and watcher._observer is first


@pytest.mark.parametrize("removed", [True, False])
def test_recreated_inbox_is_watched_again(
    watcher: Watcher, woken: threading.Event, inbox: Path, *, removed: bool
) -> None:
    if removed:
        shutil.rmtree(inbox)
        watcher.check()
    else:
        inbox.rename(inbox.with_name("old"))
    inbox.mkdir()
    watcher.check()
    woken.clear()
    write(inbox)
    wait_until(woken.is_set, "an event in the new inbox")


def test_missing_inbox_is_watched_once_it_exists(tmp_path: Path, woken: threading.Event) -> None:
    watcher = Watcher(tmp_path / "inbox", InboxSettings(), woken.set)
    watcher.start()
    assert watcher.check() == []
    (tmp_path / "inbox").mkdir()
    watcher.check()
    write(tmp_path / "inbox")
    wait_until(woken.is_set, "an event in the new inbox")
    watcher.stop()


def test_stop_ends_all_threads_and_may_be_called_twice_or_without_start(inbox: Path) -> None:
    before = threading.active_count()
    watcher = Watcher(inbox, InboxSettings(), lambda: None)
    watcher.stop()
    watcher.start()
    assert threading.active_count() > before
    watcher.stop()
    watcher.stop()
    wait_until(lambda: threading.active_count() == before, "the threads to end")


def test_stop_does_not_wait_for_a_share_that_is_gone(inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dropdub.inbox.watcher.STOP_GRACE_S", 0.2)
    reading, share_is_back = threading.Event(), threading.Event()
    watcher = Watcher(inbox, InboxSettings(observer="polling", polling_interval=0.01), lambda: None)
    watcher.start()
    [emitter] = _emitters(watcher)

    take_snapshot = emitter._take_snapshot

    def hang() -> Any:
        reading.set()
        share_is_back.wait()
        return take_snapshot()

    emitter._take_snapshot = hang
    wait_until(reading.is_set, "the emitter to read the share")
    watcher.stop()
    assert emitter.is_alive()
    share_is_back.set()
    wait_until(lambda: not emitter.is_alive(), "the emitter to end")


def run(inbox: Path, *prefix: str, before: str = "", after: str = "") -> str:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    command = [*prefix, sys.executable, "-c", START.format(before=before, after=after), str(inbox)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", env=environment, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@linux_only
def test_without_a_free_file_descriptor_it_polls_and_says_why(inbox: Path) -> None:
    few = "import resource, os; fd = os.dup(0); os.close(fd); old = resource.getrlimit(resource.RLIMIT_NOFILE)"
    limit = f"{few}; resource.setrlimit(resource.RLIMIT_NOFILE, (fd + 2, old[1]))"
    said = run(inbox, before=limit, after="resource.setrlimit(resource.RLIMIT_NOFILE, old)")
    assert "polling The inbox is scanned every 0.05 s" in said and "instances" in said
    assert said.endswith("woken\n")


@linux_only
def test_without_a_free_inotify_watch_it_polls_and_says_why(inbox: Path) -> None:
    own_limits = ("unshare", "--user", "--map-root-user", "sh", "-c")
    allow_none = "echo 0 > /proc/sys/user/max_inotify_watches"
    if (
        shutil.which("unshare") is None
        or subprocess.run([*own_limits, allow_none], check=False, capture_output=True).returncode
    ):
        pytest.skip("needs a user namespace of its own, to lower its limit of inotify watches")
    said = run(inbox, *own_limits, f'{allow_none} && exec "$@"', "sh")
    assert "polling The inbox is scanned every 0.05 s" in said and "fs.inotify.max_user_watches" in said
    assert said.endswith("woken\n")


def test_on_a_network_file_system_it_polls_and_says_so(
    inbox: Path, woken: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    share = [Mount(Path("/"), "ext4"), Mount(inbox.resolve(), "nfs4")]
    monkeypatch.setattr("dropdub.mounts._mounts", lambda: share)
    watcher = Watcher(inbox, InboxSettings(polling_interval=0.05), woken.set)
    watcher.start()
    assert watcher.mode == "polling" and "network file system (nfs4)" in watcher.check()[0]
    watcher.stop()


@linux_only
def test_event_that_arrives_while_watching_ends_is_not_an_error(
    inbox: Path, woken: threading.Event, caplog: pytest.LogCaptureFixture
) -> None:
    watcher = Watcher(inbox, InboxSettings(observer="native"), woken.set)
    watcher.start()
    [emitter] = _emitters(watcher)
    reading = read_only_once_stopped(emitter)
    write(inbox)  # the emitter now waits in the real read; this makes it reach the next
    wait_until(reading.is_set, "the emitter to read once more")
    watcher.stop()
    assert not emitter.is_alive() and caplog.messages == []


@linux_only
def test_emitter_inactive_without_being_stopped_is_still_an_error(
    inbox: Path, woken: threading.Event, caplog: pytest.LogCaptureFixture
) -> None:
    watcher = Watcher(inbox, InboxSettings(observer="native"), woken.set)
    watcher.start()
    [emitter] = _emitters(watcher)
    watcher.stop()
    emitter.queue_events(0.1)
    assert caplog.messages == ["InotifyEmitter.queue_events() called when the thread is inactive"]


def read_only_once_stopped(emitter: Any) -> threading.Event:
    """Make the emitter's next read return an event just after its source was removed; return a signal that it reads."""
    reading = threading.Event()

    def read_event() -> object:
        reading.set()
        wait_until(lambda: emitter._inotify is None, "the emitter to be stopped")
        return object()

    emitter._inotify.read_event = read_event
    return reading


def _emitters(watcher: Watcher) -> list[Any]:
    assert watcher._observer is not None
    return list(watcher._observer.emitters)
