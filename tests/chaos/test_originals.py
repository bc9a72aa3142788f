"""Whatever the daemon starts with, no original is lost: databases that are gone, old, damaged or another root's, disks
that are not mounted, roots that were moved or copied. Originals are counted by their hashes.
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dropdub.daemon import main as runs
from tests.acceptance.conftest import site as site_fixture
from tests.acceptance.site import Site
from tests.chaos.harness import copy_database
from tests.chaos.invariants import broken
from tests.waiting import wait_until

site = site_fixture
FILES = 3
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="kills and mounts by POSIX's means"),
]


def fill(root: Site, files: int = FILES, *, begin: int = 0) -> None:
    """Drop texts, no two alike."""
    for number in range(begin, begin + files):
        root.drop_text(f"This is text number {number} of {root.root.name}.", f"text {number}.txt")


def in_work(root: Site) -> list[Path]:
    return [file for file in root.root.glob("work/*/source/*") if file.is_file()]


def take_in(root: Site, *, files: int = FILES, kill: bool = True) -> None:
    """Let the daemon take everything dropped into its work folder, and end it before anything is done."""
    root.start(DROPDUB_FAILPOINTS="stage.probe=hang")
    wait_until(lambda: len(in_work(root)) >= files and "claiming" not in root.states().values(), "all to be taken in")
    if kill:
        root.kill()
        wait_until(lambda: root.ours() == [], "the workers to end")
    else:
        assert root.stop() == 0


def lost(root: Site, *others: Site) -> list[str]:
    """Return what is wrong with the originals of some roots: each must occur once, in one of the four places."""
    wanted, found = Counter[str](), Counter[str]()
    for one in (root, *others):
        wanted += one.dropped
        found += one.originals()
    return [f"{digest[:12]}: {found[digest]} for {times}" for digest, times in wanted.items() if found[digest] != times]


def finish(root: Site, *, same_database: bool = False) -> None:
    """Retry what was rescued, process everything, and check all invariants."""
    if "failed" in root.states().values():
        assert root.jobs("retry", "--failed").returncode == 0
    assert root.work_off() == 0, root.output()
    assert set(root.states().values()) == {"succeeded"}
    assert broken(root.root, root.dropped, same_database=same_database) == []


def remove_database(root: Site) -> None:
    for file in root.root.glob("jobs.db*"):
        file.unlink()


# -- the database -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kill", [True, False], ids=["SIGKILL", "SIGTERM"])
def test_originals_are_rescued_when_the_database_was_deleted(site: Callable[..., Site], kill: bool) -> None:
    root = site()
    fill(root)
    take_in(root, kill=kill)
    remove_database(root)
    assert f"{FILES} originals" in " ".join(root.status()["notes"])
    assert f"{FILES} originals" in root.jobs("doctor").stdout
    assert root.work_off() == 1
    assert lost(root) == []
    assert "is new. The previous database of this root is gone" in root.output()
    assert f"{FILES} originals were found in work/" in root.output()
    assert len(list((root.root / "failed").glob("*.error.txt"))) == FILES
    note = (root.root / "failed" / "text 0.txt.error.txt").read_text(encoding="utf-8")
    assert "but not in the database" in note and note.rstrip().splitlines()[-1].endswith(" retry 1")
    assert root.status()["notes"] == []
    if kill:
        finish(root, same_database=True)


def test_a_film_is_rescued_with_its_subtitle_and_its_options(site: Callable[..., Site], speech: Path) -> None:
    root = site()
    (root.inbox / "talk.flac.job.yaml").write_text("language: en\n", encoding="utf-8")
    root.drop_text("1\n00:00:00,200 --> 00:00:02,000\nAnd so, my fellow Americans.\n", "talk.en.srt")
    root.drop(speech, "talk.flac")
    take_in(root, files=3)
    remove_database(root)
    assert root.work_off() == 1
    assert {path.name for path in (root.root / "failed").iterdir()} == {
        "talk.flac",
        "talk.flac.error.txt",
        "talk.flac.job.yaml",
        "talk.en.srt",
    }
    [job] = root.rows("SELECT * FROM job")
    assert Path(job["companion"]).name == "talk.en.srt" and Path(job["sidecar"]).name == "talk.flac.job.yaml"


def test_originals_are_rescued_when_the_database_was_emptied(site: Callable[..., Site]) -> None:
    root = site()
    fill(root)
    take_in(root)
    for file in root.root.glob("jobs.db-*"):
        file.unlink()
    (root.root / "jobs.db").write_bytes(b"")
    assert root.work_off() == 1
    assert lost(root) == [] and set(root.states().values()) == {"failed"}


def test_originals_are_rescued_when_an_older_copy_of_the_database_is_in_its_place(
    site: Callable[..., Site], tmp_path: Path
) -> None:
    root = site()
    fill(root, 1)
    take_in(root, files=1, kill=False)
    older = tmp_path / "older.db"
    copy_database(root.root / "jobs.db", older)
    assert root.work_off() == 0  # what the copy records as unfinished is done, and in the archive
    fill(root, 2, begin=1)
    take_in(root, files=2)
    remove_database(root)
    shutil.copyfile(older, root.root / "jobs.db")
    assert root.work_off() == 1
    assert lost(root) == []
    assert "is an older copy" in root.output() and "2 originals were found in work/" in root.output()
    done = root.job("text 0.txt")
    assert done["state"] == "succeeded" and "archive" in done["reason"]
    finish(root)


def test_originals_are_rescued_when_the_write_ahead_log_was_removed(site: Callable[..., Site]) -> None:
    root = site()
    fill(root)
    take_in(root)
    for file in root.root.glob("jobs.db-*"):
        file.unlink()
    assert root.work_off() in (0, 1), root.output()
    assert lost(root) == [] and in_work(root) == []


@pytest.mark.parametrize("damage", ["garbage head", "zeroed middle", "truncated"])
def test_damaged_database_is_refused_and_following_the_remedy_loses_nothing(
    site: Callable[..., Site], tmp_path: Path, damage: str
) -> None:
    root = site()
    fill(root)
    take_in(root, kill=False)
    file = root.root / "jobs.db"
    content = file.read_bytes()
    middle = len(content) // 2
    file.write_bytes(
        {
            "garbage head": b"\x55" * 200 + content[200:],
            "zeroed middle": content[:8192] + bytes(middle) + content[8192 + middle :],
            "truncated": content[: middle // 4096 * 4096 - 100],
        }[damage]
    )
    answer = root.jobs("watch", "--until-idle")
    assert answer.returncode == 1 and "jobs.db is damaged" in answer.stderr and "Traceback" not in answer.stderr
    assert "start without one" in answer.stderr and lost(root) == []
    away = tmp_path / "away"
    away.mkdir()
    for one in root.root.glob("jobs.db*"):
        one.rename(away / one.name)
    assert root.work_off() == 1
    assert lost(root) == [] and set(root.states().values()) == {"failed"}


def test_database_of_another_root_is_refused_at_start_and_by_check_and_left_alone(
    site: Callable[..., Site],
) -> None:
    first, second = site("first"), site("second")
    fill(first, 2)
    fill(second, 1)
    take_in(first, files=2)
    take_in(second, files=1)
    second.configure(database=f"sqlite:///{first.root / 'jobs.db'}")
    for command in (("watch", "--until-idle"), ("config", "check"), ("cancel", "1")):
        answer = second.jobs(*command)
        assert answer.returncode == 2 and "is the database of another root" in answer.stderr, (command, answer)
    assert "another root" in " ".join(second.status()["notes"])
    assert lost(first, second) == [] and len(in_work(first)) == 2 and len(in_work(second)) == 1
    second.configure()
    finish(first, same_database=True)
    finish(second, same_database=True)


def test_two_roots_with_one_database_from_the_beginning_do_not_both_start(site: Callable[..., Site]) -> None:
    first, second = site("first"), site("second")
    for root in (first, second):
        root.configure(database=f"sqlite:///{first.root / 'jobs.db'}")
        fill(root, 1)
    first.start()
    wait_until(lambda: "Watching" in first.output(), "the first to watch")
    answer = second.jobs("watch", "--until-idle")
    assert answer.returncode == 2 and "is the database of another root" in answer.stderr
    wait_until(lambda: set(first.states().values()) == {"succeeded"}, "the first to be done")
    assert first.stop() == 0
    assert lost(first, second) == [] and len(list(second.inbox.iterdir())) == 1


# -- disks --------------------------------------------------------------------------------------------------------


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[[bool], Path]]:
    """A separate disk, connected or not: a file system that is mounted over an empty folder, or unmounted."""
    point, kept = tmp_path / "disk", tmp_path / "kept"
    point.mkdir()
    kept.mkdir()
    if not mounted("tmpfs", kept, "-t", "tmpfs", "-o", "size=512m"):
        pytest.skip("this account may not mount file systems")

    def connect(is_there: bool) -> Path:
        subprocess.run(["umount", "-l", str(point)], check=False, capture_output=True)
        assert not is_there or mounted(str(kept), point, "--bind")
        return point

    yield connect
    for folder in (point, kept):
        subprocess.run(["umount", "-l", str(folder)], check=False, capture_output=True)


def mounted(what: str, where: Path, *how: str) -> bool:
    return subprocess.run(["mount", *how, what, str(where)], check=False, capture_output=True).returncode == 0


@contextmanager
def waiting(root: Site, sentence: str) -> Iterator[None]:
    """Run a daemon that waits for a disk, which the block reconnects."""
    before = len(root.output())
    root.start("--until-idle")
    wait_until(lambda: sentence in root.output()[before:], f"it to say {sentence!r}")
    assert sentence in " ".join(root.status()["notes"])
    yield
    assert root.daemon is not None
    assert root.daemon.wait(120) == 0, root.output()


def test_no_new_database_is_created_if_its_disk_is_not_mounted(
    site: Callable[..., Site], disk: Callable[[bool], Path]
) -> None:
    root = site(database=f"sqlite:///{disk(True) / 'jobs.db'}")
    fill(root)
    root.start(DROPDUB_FAILPOINTS="stage.probe=hang")
    wait_until(lambda: len(in_work(root)) == FILES, "all to be taken in")
    root.kill()
    point = disk(False)
    with waiting(root, "it existed at an earlier start"):
        assert list(point.iterdir()) == [] and len(in_work(root)) == FILES
        disk(True)
    assert lost(root) == [] and in_work(root) == []
    assert broken(root.root, root.dropped, database=point / "jobs.db") == []


@pytest.mark.parametrize("kill", [True, False], ids=["SIGKILL", "SIGTERM"])
def test_jobs_wait_for_the_disk_of_their_work_folder(
    site: Callable[..., Site], disk: Callable[[bool], Path], kill: bool
) -> None:
    point = disk(True)
    root = site(folders={"work": str(point / "work")})
    fill(root)
    root.start(DROPDUB_FAILPOINTS="stage.probe=hang")
    wait_until(lambda: len(list(point.glob("work/*/source/*"))) == FILES, "all to be taken in")
    if kill:
        root.kill()
    else:
        assert root.stop() == 0
    disk(False)
    with waiting(root, "it existed at an earlier start"):
        assert list(point.iterdir()) == []
        assert not {"failed", "cancelled"} & set(root.states().values())
        disk(True)
    assert set(root.states().values()) == {"succeeded"} and lost(root) == []


@pytest.mark.parametrize("folder", ["archive", "failed"])
def test_jobs_wait_for_the_disk_of_their_archive(
    site: Callable[..., Site], disk: Callable[[bool], Path], folder: str
) -> None:
    point = disk(True)
    root = site(folders={folder: str(point / folder)})
    fill(root, 1)
    assert root.work_off() == 0
    fill(root, 1, begin=1)
    disk(False)
    root.start()
    wait_until(lambda: "Connect its disk" in " ".join(root.status()["notes"]), "it to say so")
    wait_until(lambda: len(in_work(root)) == 1, "the new one to be taken in")
    assert list(point.iterdir()) == []
    disk(True)
    for number in range(2):
        root.wait_for(f"text {number}.txt", "succeeded")
    assert root.stop() == 0
    assert lost(root) == []


def test_missing_database_is_given_up_with_accept_missing(
    site: Callable[..., Site], disk: Callable[[bool], Path]
) -> None:
    root = site(database=f"sqlite:///{disk(True) / 'jobs.db'}")
    fill(root, 2)
    root.start(DROPDUB_FAILPOINTS="stage.probe=hang")
    wait_until(lambda: len(in_work(root)) == 2, "both to be taken in")
    root.kill()
    point = disk(False)
    assert root.jobs("watch", "--until-idle", "--accept-missing").returncode == 1
    assert lost(root) == [] and (point / "jobs.db").exists()
    assert len(list((root.root / "failed").glob("*.error.txt"))) == 2


def test_a_full_disk_under_the_database_leaks_nothing_in_a_hundred_retries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "root"
    place.mkdir()
    if not mounted("tmpfs", place, "-t", "tmpfs", "-o", "size=6m"):
        pytest.skip("this account may not mount a small file system")
    try:
        root = Site(place, limits={"min_free_disk": 1, "min_free_memory": 1}, cache={"enabled": False})
        assert root.work_off() == 0, root.output()
        with (place / "ballast").open("wb", buffering=0) as ballast, pytest.raises(OSError, match="space"):
            while True:
                ballast.write(bytes(4096))
        for command in ("status", "doctor"):
            answer = root.jobs(command)
            assert "jobs.db is full" in answer.stdout + answer.stderr
        counts, sentences = retries(place, monkeypatch, times=100)
        assert len(sentences) == 100 and all("is full" in sentence for sentence in sentences)
        assert len(set(counts)) == 1, "threads and log handlers, retry by retry"
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True, capture_output=True)


def retries(place: Path, monkeypatch: pytest.MonkeyPatch, *, times: int) -> tuple[list[tuple[int, int]], list[str]]:
    """Run the daemon in this process for this many tries; return threads and handlers before each retry."""
    counts, sentences = [], []

    def heard(sentence: str) -> None:
        sentences.append(sentence)
        counts.append((threading.active_count(), len(logging.getLogger("dropdub").handlers)))
        if len(sentences) == times:
            raise KeyboardInterrupt

    monkeypatch.setattr(runs, "STORE_PATIENCE_S", 0.0)
    monkeypatch.setattr(runs, "install_stop_handlers", lambda _: None)
    with pytest.raises(KeyboardInterrupt):
        runs.run_daemon(place, runs.Watching(), report=heard)
    return counts, sentences


# -- roots that were moved or copied ------------------------------------------------------------------------------


def test_moved_root_continues_in_its_new_place(site: Callable[..., Site], tmp_path: Path) -> None:
    root = site()
    fill(root, 1)
    assert root.work_off() == 0
    fill(root, 2, begin=1)
    take_in(root, files=2)
    new = tmp_path / "new place" / "ação"
    new.parent.mkdir()
    root.root.rename(new)
    old, root.root = root.root, new
    assert root.work_off() == 0, root.output()
    assert not old.exists()
    assert set(root.states().values()) == {"succeeded"}
    assert all(row["source"].startswith(str(new)) for row in root.rows("SELECT source FROM job"))
    assert all(row["published"].startswith(str(new)) for row in root.rows("SELECT published FROM job"))
    root.check()


def test_copy_beside_its_original_leaves_it_untouched_and_both_continue(
    site: Callable[..., Site], tmp_path: Path
) -> None:
    root = site()
    fill(root, 1)
    assert root.work_off() == 0
    fill(root, 2, begin=1)
    take_in(root, files=2)
    copy = site("copy")
    shutil.rmtree(copy.root)
    subprocess.run(["cp", "-a", str(root.root), str(copy.root)], check=True)
    copy.dropped = Counter(root.dropped)
    before = tree(root.root)
    assert copy.work_off() == 0, copy.output()
    assert tree(root.root) == before
    copy.check()
    assert root.work_off() == 0, root.output()
    root.check()
    shutil.rmtree(copy.root)
    assert lost(root) == []


def tree(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_a_copy_that_shares_a_folder_with_its_original_is_refused(site: Callable[..., Site], tmp_path: Path) -> None:
    root = site(folders={"work": str(tmp_path / "shared work")})
    assert root.work_off() == 0
    copy = tmp_path / "copy"
    subprocess.run(["cp", "-a", str(root.root), str(copy)], check=True)
    root.root, original = copy, root.root
    answer = root.jobs("watch", "--until-idle")
    assert answer.returncode == 2 and f"is a copy of {original}" in answer.stderr and "work" in answer.stderr


def test_restored_copy_continues(site: Callable[..., Site], tmp_path: Path) -> None:
    root = site()
    fill(root, 2)
    take_in(root, files=2, kill=False)
    subprocess.run(["cp", "-a", str(root.root), str(tmp_path / "kept")], check=True)
    assert root.work_off() == 0
    shutil.rmtree(root.root)
    subprocess.run(["cp", "-a", str(tmp_path / "kept"), str(root.root)], check=True)
    assert root.work_off() == 0, root.output()
    root.check()


# -- single files -------------------------------------------------------------------------------------------------


def test_original_left_by_another_job_with_same_number_is_rescued(site: Callable[..., Site]) -> None:
    """The database knows a job with this number, but not this file."""
    root = site()
    fill(root, 1)
    take_in(root, files=1)
    root.drop_text("A stranger.", "stranger.txt")
    (root.inbox / "stranger.txt").rename(root.root / "work" / "1" / "source" / "stranger.txt")
    assert root.work_off() == 1
    assert lost(root) == [] and root.states() == {"text 0.txt": "succeeded", "stranger.txt": "failed"}
    finish(root, same_database=True)


def test_truncated_copy_is_removed_only_if_its_original_exists(site: Callable[..., Site]) -> None:
    root = site()
    fill(root, 1)
    take_in(root, files=1)
    failed = root.root / "failed"
    (failed / ".text 0.txt.part").write_bytes(b"This is text")
    (failed / ".letter.txt.part").write_bytes(b"The only copy")
    assert root.work_off() == 0
    assert [path.name for path in failed.iterdir()] == [".letter.txt.part"]


def test_copy_of_file_given_to_run_is_kept_if_that_file_is_gone_by_then(
    site: Callable[..., Site], tmp_path: Path
) -> None:
    root, given = site(), tmp_path / "letter.txt"
    given.write_text("The only copy, soon.", encoding="utf-8")
    command = [sys.executable, "-m", "dropdub", "--root", str(root.root), "run", str(given)]
    environment = {**os.environ, "DROPDUB_FAILPOINTS": "stage.extract=slow"}
    running = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    wait_until(lambda: in_work(root) != [], "the copy to be taken")
    wait_until(lambda: "claiming" not in root.states().values(), "the job to be queued")
    given.unlink()
    assert running.wait(60) == 0
    assert root.work_off() == 1
    assert (root.root / "failed" / "letter.txt").read_text(encoding="utf-8") == "The only copy, soon."


def test_files_staged_by_another_root_in_shared_outbox_are_left_alone(
    site: Callable[..., Site], tmp_path: Path
) -> None:
    root = site(folders={"outbox": str(tmp_path / "outbox")})
    theirs = tmp_path / "outbox" / ".dropdub-0123abcd-7-0123456789abcdef" / "film.mp4"
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(b"another root's")
    fill(root, 1)
    assert root.work_off() == 0
    assert theirs.exists()
