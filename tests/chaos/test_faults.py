"""What goes wrong around Dropdub: each fault ends in an error message or is survived, and harms no other file."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dropdub.media.ffmpeg import FFMPEG_VARIABLE, find_ffmpeg
from dropdub_light.apertium import ApertiumTranslator
from tests.acceptance.conftest import site as site_fixture
from tests.acceptance.site import Site
from tests.chaos.harness import a_clip
from tests.waiting import wait_until

site = site_fixture
TARGETS = [] if ApertiumTranslator.unavailable() else ["es"]
STAGES = ("probe", "extract", "split", "transcribe", "merge", "publish")
DUB_STAGES = ("translate", "synthesize", "mix", "mux")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="these faults are made by POSIX's means"),
]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_clip(tmp_path_factory.mktemp("clip"))


def at(stage: str, action: str, root: Site) -> dict[str, str]:
    return {"DROPDUB_FAILPOINTS": f"stage.{stage}={action}@{root.root / 'done'}"}


@contextlib.contextmanager
def hanging(root: Site, stage: str) -> Iterator[None]:
    """Run the daemon until a slow step of `stage` is under way."""
    root.start(**at(stage, "slow", root))
    wait_until((root.root / "done").exists, f"{stage} to be under way", timeout_s=60)
    yield


def attempts(root: Site, stage: str) -> list[dict[str, object]]:
    return root.rows(
        "SELECT attempt.* FROM attempt JOIN step ON step.id = step_id WHERE stage = ? ORDER BY attempt.id", stage
    )


# A passing fault in a step


@pytest.mark.parametrize("stage", [*STAGES, *(DUB_STAGES if TARGETS else ())])
def test_full_disk_in_any_stage_is_survived(site: Callable[..., Site], clip: Path, stage: str) -> None:
    root = site(job={"targets": TARGETS})
    root.drop(clip, "clip.mp4")
    assert root.work_off(**at(stage, "full", root)) == 0, root.output()
    assert attempts(root, stage)[0]["error_class"] == "DiskFull"
    root.check()


def test_step_without_write_permission_says_so_and_is_retried(site: Callable[..., Site], clip: Path) -> None:
    root = site()
    root.drop(clip, "clip.mp4")
    assert root.work_off(**at("extract", "denied", root)) == 0, root.output()
    assert attempts(root, "extract")[0]["error_class"] == "AccessDenied"
    root.check()


def test_worker_that_uses_too_much_memory_is_replaced(site: Callable[..., Site], clip: Path) -> None:
    root = site(pools={"media": {"memory": "400 MB"}})
    root.forks_workers = False
    root.drop(clip, "clip.mp4")
    assert root.work_off(**at("extract", "eat", root)) == 0, root.output()
    first, *_ = attempts(root, "extract")
    assert first["error_class"] == "OutOfMemory" and "its limit is 400.0 MB" in str(first["error_text"])
    root.check()


def test_silent_worker_is_replaced(site: Callable[..., Site], clip: Path) -> None:
    root = site(deadlines={"stall": 3})
    root.drop(clip, "clip.mp4")
    assert root.work_off(**at("split", "stop", root)) == 0, root.output()
    assert attempts(root, "split")[0]["error_class"] == "Stalled"
    root.check()


# ffmpeg


def wrapped_ffmpeg(folder: Path, first_time: str) -> str:
    """Return a program that is ffmpeg, but does `first_time` (shell) when it is first used."""
    program = folder / "ffmpeg"
    done = folder / "ffmpeg was used"
    program.write_text(
        f"#!/bin/sh\nif [ ! -e '{done}' ]; then touch '{done}'; {first_time}; fi\nexec '{find_ffmpeg()}' \"$@\"\n",
        encoding="utf-8",
    )
    program.chmod(0o755)
    return str(program)


@pytest.mark.parametrize(
    ("first_time", "error"), [("sleep 600", "DeadlineExceeded"), ("kill -SEGV $$", "MediaToolFailed")]
)
def test_hung_or_crashed_ffmpeg_is_ended_and_retried(
    site: Callable[..., Site], clip: Path, tmp_path: Path, first_time: str, error: str
) -> None:
    root = site(deadlines={"factor": 0.05, "probe": 200})
    root.drop(clip, "clip.mp4")
    assert root.work_off(**{FFMPEG_VARIABLE: wrapped_ffmpeg(tmp_path, first_time)}) == 0, root.output()
    assert attempts(root, "extract")[0]["error_class"] == error
    wait_until(lambda: root.ours() == [], "all that ffmpeg started to be gone")
    root.check()


# Files and folders


def test_job_waits_for_outbox_that_disappears(site: Callable[..., Site], clip: Path) -> None:
    root = site()
    outbox, away = root.root / "outbox", root.root / "away"
    root.drop(clip, "clip.mp4")
    with hanging(root, "extract"):
        outbox.rename(away)
        root.wait_for("clip.mp4", "waiting")
        job = root.job("clip.mp4")
        assert "outbox" in job["reason"] and "Connect the share" in job["remedy"]
        away.rename(outbox)
        root.wait_for("clip.mp4", "succeeded")
        assert root.stop() == 0
    root.check()


def test_job_waits_for_outbox_without_write_permission(site: Callable[..., Site], clip: Path) -> None:
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        pytest.skip("root may write everywhere, and setpriv, which takes that right away, is not installed")
    root = site()
    (root.root / "outbox").chmod(0o500)
    root.drop(clip, "clip.mp4")
    rights = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all")
    root.start(prefix=rights if os.geteuid() == 0 else ())
    root.wait_for("clip.mp4", "waiting")
    (root.root / "outbox").chmod(0o700)
    root.wait_for("clip.mp4", "succeeded")
    assert root.stop() == 0
    root.check()


def test_an_outbox_on_another_file_system_gets_whole_files(
    site: Callable[..., Site], clip: Path, other_file_system: Path
) -> None:
    root = site(folders={"outbox": str(other_file_system)})
    root.drop(clip, "clip.mp4")
    assert root.work_off() == 0, root.output()
    assert (other_file_system / "clip" / "manifest.json").is_file()
    root.check()


def test_truly_full_disk_makes_job_fail_with_error_message_or_wait(site: Callable[..., Site], clip: Path) -> None:
    root = site(limits={"min_free_disk": 1, "min_free_memory": 1})
    small = root.root / "work"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(small)], check=False, capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip("this account may not mount a small file system")
    try:
        (small / "ballast").write_bytes(bytes(900_000))
        root.drop(clip, "clip.mp4")
        root.start()
        wait_until(
            lambda: "clip.mp4" in root.states() and root.states()["clip.mp4"] in ("failed", "waiting", "claiming"),
            "the lack of room to be noticed",
        )
        wait_until(lambda: "space" in root.jobs("status").stdout, "the lack of space to be reported", timeout_s=60)
        (small / "ballast").unlink()
        if root.states()["clip.mp4"] == "failed":
            assert root.jobs("retry", "clip.mp4").returncode == 0
        root.wait_for("clip.mp4", "succeeded")
        assert root.stop() == 0
        root.check()
    finally:
        root.close()
        subprocess.run(["umount", "-l", str(small)], check=True)


def test_daemon_waits_for_database_whose_disk_is_full(site: Callable[..., Site], clip: Path, tmp_path: Path) -> None:
    place = tmp_path / "root"
    place.mkdir()
    small = ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(place)]
    if subprocess.run(small, check=False, capture_output=True).returncode != 0:
        pytest.skip("this account may not mount a small file system")
    try:
        root = site(limits={"min_free_disk": 1, "min_free_memory": 1}, cache={"enabled": False})
        root.drop(clip, "clip.mp4")
        with hanging(root, "split"):
            with contextlib.suppress(OSError), (place / "ballast").open("wb", buffering=0) as ballast:
                while True:
                    ballast.write(bytes(4096))
            wait_until(lambda: "is full" in root.output() or "space" in root.output(), "it to be shown", timeout_s=60)
            assert root.daemon is not None and root.daemon.poll() is None, root.output()
            (place / "ballast").unlink()
            root.wait_for("clip.mp4", "succeeded", timeout_s=60)
            assert root.stop() == 0
        root.check()
    finally:
        root.close()
        subprocess.run(["umount", "-l", str(place)], check=True)


def test_original_deleted_during_processing_fails_only_its_own_job(site: Callable[..., Site], clip: Path) -> None:
    root = site(retry={"attempts": 2})
    root.drop(clip, "clip.mp4")
    with hanging(root, "extract"):
        root.drop_text("A text.", "other.txt")
        [source] = (root.root / "work").glob("*/source/clip.mp4")
        source.unlink()
        root.wait_for("clip.mp4", "failed")
        root.wait_for("other.txt", "succeeded")
        assert root.job("clip.mp4")["reason"] and "Unexpected error" not in root.job("clip.mp4")["reason"]
        assert root.stop() == 0


# The database


def test_daemon_waits_for_database_locked_by_another_process_for_half_a_minute(
    site: Callable[..., Site], clip: Path
) -> None:
    root = site()
    root.drop(clip, "clip.mp4")
    with hanging(root, "extract"):
        other = sqlite3.connect(root.root / "jobs.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        threading.Event().wait(30)  # the fault itself: the lock is held this long
        assert root.daemon is not None and root.daemon.poll() is None, root.output()
        other.execute("ROLLBACK")
        other.close()
        root.wait_for("clip.mp4", "succeeded")
        assert root.stop() == 0
    root.check()


@pytest.mark.parametrize("damage", ["garbage", "half"])
def test_damaged_database_is_refused_and_left_unchanged(site: Callable[..., Site], damage: str) -> None:
    root = site()
    root.drop_text("A text.", "one.txt")
    assert root.work_off() == 0
    path = root.root / "jobs.db"
    for extra in ("jobs.db-wal", "jobs.db-shm"):
        (root.root / extra).unlink(missing_ok=True)
    content = path.read_bytes()
    path.write_bytes(
        b"no database " * 1000 if damage == "garbage" else content[:6000] + b"\x55" * (len(content) - 6000)
    )
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    for command in (("watch",), ("status",), ("watch", "--until-idle")):
        answer = root.jobs(*command)
        if command == ("status",) and answer.returncode == 0:
            continue  # what it reads may be in the intact half
        assert answer.returncode == 1 and "jobs.db" in answer.stderr and "Traceback" not in answer.stderr
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before


# Time, crowds, rivals


def test_retry_that_is_far_ahead_after_clock_was_set_back_is_not_waited_for(
    site: Callable[..., Site], clip: Path
) -> None:
    root = site()
    root.drop(clip, "clip.mp4")
    root.start(DROPDUB_FAILPOINTS="stage.extract=full")
    wait_until(lambda: attempts(root, "extract") != [], "the first attempt")
    root.kill()
    with sqlite3.connect(root.root / "jobs.db") as database:
        database.execute("UPDATE step SET scheduled_at = scheduled_at + 1000000000 WHERE state = 'queued'")
    database.close()
    assert root.work_off() == 0, root.output()
    root.check()


def test_thousands_of_events_are_survived(site: Callable[..., Site]) -> None:
    root = site()
    root.start()
    wait_until(lambda: "Watching" in root.output(), "the daemon to watch")
    for number in range(3000):
        (root.inbox / f"{number}.part").write_bytes(b"x")
        (root.inbox / f"{number}.part").unlink()
    root.drop_text("What counts.", "one.txt")
    root.wait_for("one.txt", "succeeded")
    assert root.stop() == 0
    root.check()


def test_one_of_two_daemons_started_at_once_runs_and_the_other_says_so(site: Callable[..., Site]) -> None:
    root = site()
    command = [sys.executable, "-m", "dropdub", "--root", str(root.root), "watch"]
    both = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8") for _ in range(2)
    ]
    try:
        wait_until(lambda: any(one.poll() is not None for one in both), "one of them to give way")
        [loser] = [one for one in both if one.poll() is not None]
        [winner] = [one for one in both if one is not loser]
        assert loser.returncode == 1 and "Dropdub is already running on" in loser.communicate()[1]
        assert winner.stdout is not None and "Watching" in winner.stdout.readline()
        winner.send_signal(signal.SIGTERM)
        assert winner.wait(15) == 0
    finally:
        for one in both:
            one.kill()
            one.communicate()


def test_file_that_always_kills_its_worker_fails_and_the_others_continue(site: Callable[..., Site], clip: Path) -> None:
    root = site(retry={"attempts": 3})
    root.drop(clip, "clip.mp4")
    root.drop_text("A text.", "other.txt")
    assert root.work_off(DROPDUB_FAILPOINTS="stage.transcribe=kill") == 1
    assert [attempt["outcome"] for attempt in attempts(root, "transcribe")] == ["retried", "retried", "failed"]
    assert root.states() == {"clip.mp4": "failed", "other.txt": "succeeded"}
    assert "The transcribe worker was killed" in root.job("clip.mp4")["reason"]
    root.check()
