"""Copies of the database: complete, consistent, bounded, made in time, and usable for recovery."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dropdub.daemon.start import backups
from dropdub.daemon.start.backups import DAY_S, FIRST_AFTER_S, Backups, is_due
from dropdub.errors import StoreError, StoreUnavailable
from dropdub.store import backup
from dropdub.store.backup import BEFORE_UPGRADES_KEPT, DAILY_KEPT, make, prune
from dropdub.store.copies import Copy, copies, newest
from dropdub.store.database import Store
from dropdub.store.location import sqlite_file
from dropdub.store.migrations import HEAD_REVISION, REVISIONS
from tests import warm
from tests.factories import a_claiming_job, a_queued_job
from tests.released_schema import SCHEMAS
from tests.waiting import wait_until

MOMENT = datetime(2026, 11, 26, 22, 37, 44, tzinfo=UTC).timestamp()
NAME = "jobs-20261126T223744Z.db"
BEFORE = "jobs-20261126T223744Z-before-0004.db"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store.open(f"sqlite:///{tmp_path / 'jobs.db'}")) as opened:
        a_claiming_job(opened, name="clip.mp4")
        yield opened


@pytest.fixture
def file(store: Store) -> Path:
    assert store.file is not None
    return store.file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backups"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a file system that holds less than any database."""
    place = tmp_path / "small"
    place.mkdir()
    if sys.platform == "win32":
        pytest.skip("it is made by POSIX's means")
    command = ["mount", "-t", "tmpfs", "-o", "size=32k", "tmpfs", str(place)]
    if shutil.which("mount") is None or subprocess.run(command, check=False, capture_output=True).returncode != 0:
        pytest.skip("this account may not mount a small file system")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def job_names(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return [name for (name,) in connection.execute("SELECT name FROM job ORDER BY id")]


def names_in(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def failing(place: str, code: int = errno.ENOSPC) -> Callable[[str], None]:
    """Return a stand-in for `reach` that fails at one place as a full disk does."""

    def reach(name: str) -> None:
        if name == place:
            raise OSError(code, os.strerror(code))

    return reach


def break_pages(file: Path) -> None:
    whole = file.read_bytes()
    file.write_bytes(whole[:8192] + b"\xa5" * (len(whole) - 8192))


# -- one copy -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("before", "name"), [(None, NAME), ("0004", BEFORE)])
def test_copy_is_one_file_with_everything_committed(
    store: Store, file: Path, folder: Path, before: str | None, name: str
) -> None:
    assert Path(f"{file}-wal").stat().st_size > 0, "what was committed is still in the write-ahead log"
    assert make(file, folder, now=MOMENT, before=before) == folder / name
    assert names_in(folder) == [name]
    assert job_names(folder / name) == ["clip.mp4"]
    assert copies(folder) == [Copy(folder / name, MOMENT, before)]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_copy_is_readable_by_whoever_can_read_the_database(file: Path, folder: Path) -> None:
    file.chmod(0o640)
    assert make(file, folder, now=MOMENT).stat().st_mode & 0o777 == 0o640


def test_copies_made_during_writes_are_consistent_snapshots(store: Store, file: Path, folder: Path) -> None:
    ends, refusals = threading.Event(), []

    def write() -> None:
        number = 0
        while not ends.is_set():
            number += 1
            try:
                with store.transaction() as session:
                    for half in "ab":
                        key = f"{number}{half}"
                        session.connection().exec_driver_sql("INSERT INTO control VALUES (?, 'true')", (key,))
            except StoreError as error:
                refusals.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        made = [make(file, folder, now=MOMENT + number) for number in range(5)]
    finally:
        ends.set()
        writer.join()
    assert refusals == []
    for copy in made:
        with closing(sqlite3.connect(copy)) as connection:
            halves = [key for (key,) in connection.execute("SELECT key FROM control")]
        assert len(halves) % 2 == 0, "half a transaction was copied"


def test_copy_in_progress_blocks_no_writer(file: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrote = []

    def write_meanwhile(place: str) -> None:
        with closing(sqlite3.connect(file, timeout=0, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            other.execute("INSERT INTO control VALUES (?, 'true')", (place,))
            other.execute("COMMIT")
        wrote.append(place)

    monkeypatch.setattr(backup, "reach", write_meanwhile)
    make(file, folder, now=MOMENT)
    assert wrote == ["backup.copied", "backup.written"]


@pytest.mark.skipif(sys.platform == "win32", reason="the process is killed by POSIX's means")
@pytest.mark.parametrize("place", ["backup.copied", "backup.written", "rename.before"])
def test_killed_copy_leaves_no_copy_and_the_next_one_cleans_up(file: Path, folder: Path, place: str) -> None:
    script = (
        "from pathlib import Path; from dropdub.store.backup import make\n"
        f"make(Path({str(file)!r}), Path({str(folder)!r}), now={MOMENT})"
    )
    killed = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "DROPDUB_FAILPOINTS": f"{place}=kill"},
        check=False,
        timeout=60,
    )
    assert killed.returncode == -signal.SIGKILL
    assert copies(folder) == [] and any(name.startswith(f".{NAME}.part") for name in names_in(folder))
    make(file, folder, now=MOMENT + 1)
    assert names_in(folder) == ["jobs-20261126T223745Z.db"]


# -- a copy that cannot be made -----------------------------------------------------------------------------------


def test_damaged_database_adds_no_copy_and_removes_none(store: Store, file: Path, folder: Path) -> None:
    for _ in range(200):
        a_claiming_job(store, name="x" * 200)
    kept = [make(file, folder, now=MOMENT + number).name for number in range(DAILY_KEPT)]
    store.close()
    break_pages(file)
    with pytest.raises(StoreError, match="damaged") as caught:
        make(file, folder, now=MOMENT + DAY_S)
    assert str(folder / kept[-1]) in caught.value.remedy
    assert names_in(folder) == kept


def test_empty_database_is_not_copied(tmp_path: Path, folder: Path) -> None:
    empty = tmp_path / "empty.db"
    empty.touch()
    with pytest.raises(StoreUnavailable, match="Dropdub's tables are missing"):
        make(empty, folder, now=MOMENT)
    assert names_in(folder) == []


def test_missing_database_is_not_created_again(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(StoreUnavailable):
        make(tmp_path / "away.db", folder, now=MOMENT)
    assert not (tmp_path / "away.db").exists() and names_in(folder) == []


@pytest.mark.parametrize("place", ["backup.copied", "backup.written"])
def test_disk_that_fills_up_during_copy_gives_error_message_and_leaves_nothing(
    file: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setattr(backup, "reach", failing(place))
    with pytest.raises(StoreUnavailable, match="no space for a copy"):
        make(file, folder, now=MOMENT)
    assert names_in(folder) == []


@pytest.mark.parametrize("looks_first", [True, False], ids=["seen before", "met meanwhile"])
def test_truly_full_disk_gives_error_message_and_leaves_nothing(
    file: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch, looks_first: bool
) -> None:
    if not looks_first:
        monkeypatch.setattr(backup, "ROOM_LEFT", -(10**12))
    with pytest.raises(StoreUnavailable, match="no space for a copy"):
        make(file, small_disk, now=MOMENT)
    assert names_in(small_disk) == []


# -- how many are kept --------------------------------------------------------------------------------------------


def test_newest_copies_of_each_kind_are_kept(file: Path, folder: Path) -> None:
    for number in range(DAILY_KEPT + 2):
        make(file, folder, now=MOMENT + number * DAY_S)
        make(file, folder, now=MOMENT + number * DAY_S, before="0004")
    left = copies(folder)
    daily, before = ([copy for copy in left if (copy.before is None) is daily] for daily in (True, False))
    assert len(daily) == DAILY_KEPT and len(before) == BEFORE_UPGRADES_KEPT
    newest_at = MOMENT + (DAILY_KEPT + 1) * DAY_S
    assert daily[0].made_at == before[0].made_at == newest_at == left[0].made_at


def test_files_with_other_names_are_neither_listed_nor_removed(folder: Path) -> None:
    others = [
        *("jobs.db", "jobs-20261126T223744Z.db.bak", "jobs-20261126.db", "my-jobs-20261126T223744Z.db", "notes.part"),
        *("jobs-20269926T223744Z.db", "jobs-20261126T223744Z-before-4.db", "jobs-20261126T223744Z-before-v2.db"),
        *(".jobs-20261126T223744Z.db.party", "jobs-\u0662\u0660261126T223744Z.db", "JOBS-20261126T223744Z.DB"),
    ]
    folder.mkdir()
    for name in others:
        (folder / name).write_text("mine", encoding="utf-8")
    (folder / "jobs-20200101T000000Z.db").mkdir()
    for number in range(DAILY_KEPT + 1):
        (folder / f"jobs-2026112{number}T000000Z.db").touch()
    prune(folder)
    assert len(copies(folder)) == DAILY_KEPT
    assert set(names_in(folder)) >= {*others, "jobs-20200101T000000Z.db"}


def test_new_copy_is_kept_if_wrong_clock_gave_others_later_names(file: Path, folder: Path) -> None:
    for number in range(DAILY_KEPT):
        make(file, folder, now=MOMENT + (number + 1000) * DAY_S)
    assert make(file, folder, now=MOMENT).is_file()


# -- when ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ages", "due"), [([], True), ([DAY_S + 1], True), ([DAY_S - 1], False), ([-DAY_S], True), ([-DAY_S, 5.0], False)]
)
def test_a_copy_is_due_a_day_after_the_last(ages: list[float], due: bool) -> None:
    assert is_due([Copy(Path(), MOMENT - age, None) for age in ages], now=MOMENT) is due
    assert is_due([Copy(Path(), MOMENT, "0004")], now=MOMENT), "one before an upgrade is no daily one"


def test_first_check_is_a_while_after_start_and_one_copy_is_made_per_day(file: Path, folder: Path) -> None:
    keeper = Backups(file, folder)
    for now in (0.0, FIRST_AFTER_S - 1):
        keeper.tick(now)
    assert not folder.exists()
    keeper.tick(FIRST_AFTER_S)
    wait_until(lambda: copies(folder) != [], "the copy")
    keeper.stop()
    keeper.tick(FIRST_AFTER_S + backups.LOOK_EVERY_S)
    keeper.stop()
    assert len(copies(folder)) == 1 and keeper.notes == []


def test_failed_copy_is_noted_until_one_succeeds(file: Path, folder: Path) -> None:
    folder.touch()
    keeper = Backups(file, folder)
    keeper.tick(-FIRST_AFTER_S)
    keeper.tick(0.0)
    wait_until(lambda: keeper.notes != [], "the note")
    assert "could not be copied" in keeper.notes[0]
    folder.unlink()
    keeper.stop()
    keeper.tick(backups.LOOK_EVERY_S)
    wait_until(lambda: keeper.notes == [], "the copy")
    assert len(copies(folder)) == 1


def test_a_copy_that_hangs_is_abandoned(file: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reached, goes_on = threading.Event(), threading.Event()

    def hang(_place: str) -> None:
        reached.set()
        goes_on.wait(60)

    monkeypatch.setattr(backup, "reach", hang)
    monkeypatch.setattr(backups, "STOP_GRACE_S", 0.01)
    keeper = Backups(file, folder)
    keeper.tick(-FIRST_AFTER_S)
    keeper.tick(0.0)
    assert reached.wait(30)
    keeper.tick(backups.LOOK_EVERY_S)
    keeper.stop()
    assert copies(folder) == [], "stopped while the copy hung"
    goes_on.set()
    wait_until(lambda: names_in(folder) != [] and not names_in(folder)[0].startswith("."), "the thread to end")


def test_a_database_on_a_server_is_not_copied(folder: Path) -> None:
    keeper = Backups(sqlite_file("postgresql://host/jobs"), folder)
    keeper.tick(0.0)
    keeper.tick(FIRST_AFTER_S)
    keeper.stop()
    assert not folder.exists() and keeper.notes == []


# -- before an upgrade --------------------------------------------------------------------------------------------


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """A database of the first released revision."""
    file = tmp_path / "jobs.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript((SCHEMAS / f"{REVISIONS[0]}.sql").read_text(encoding="utf-8"))
    return file


def revision_of(file: Path) -> str:
    with closing(sqlite3.connect(file)) as connection:
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def test_a_database_is_copied_before_it_is_upgraded(older: Path, folder: Path) -> None:
    jobs = job_names(older)
    Store.open(f"sqlite:///{older}", backups=folder).close()
    [copy] = copies(folder)
    assert copy.before == HEAD_REVISION == revision_of(older)
    assert (revision_of(copy.path), job_names(copy.path)) == (REVISIONS[0], jobs)
    Store.open(f"sqlite:///{older}", backups=folder).close()
    assert len(copies(folder)) == 1, "nothing was upgraded"


def test_a_new_database_is_not_copied(tmp_path: Path, folder: Path) -> None:
    Store.open(f"sqlite:///{tmp_path / 'new.db'}", backups=folder).close()
    assert not folder.exists()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES], ids=errno.errorcode.get)
def test_database_is_not_upgraded_without_a_copy(
    older: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    monkeypatch.setattr(backup, "reach", failing("backup.written", code))
    with pytest.raises(StoreUnavailable, match="was not upgraded because it could not be backed up") as caught:
        Store.open(f"sqlite:///{older}", backups=folder)
    assert caught.value.remedy
    assert revision_of(older) == REVISIONS[0] and names_in(folder) == []


@pytest.mark.skipif(sys.platform == "win32", reason="the daemon is stopped by POSIX's means")
def test_daemon_delays_upgrade_until_there_is_room_for_the_copy(older: Path, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("preload: false\n", encoding="utf-8")
    log, flag = tmp_path / "daemon.out", tmp_path / "done"
    with log.open("wb") as output:
        daemon = subprocess.Popen(
            [sys.executable, "-m", "dropdub", "--root", str(tmp_path), "watch"],
            stdout=output, stderr=output, stdin=subprocess.DEVNULL,
            env={**os.environ, "DROPDUB_FAILPOINTS": f"backup.written=full@{flag}"},
        )  # fmt: skip
    try:
        wait_until(lambda: "Retrying in" in log.read_text(encoding="utf-8"), "the refusal")
        assert "has no space for a copy of the database" in log.read_text(encoding="utf-8")
        assert revision_of(older) == REVISIONS[0]
        wait_until(lambda: "Watching" in log.read_text(encoding="utf-8"), "the daemon to continue")
        wait_until(lambda: revision_of(older) == HEAD_REVISION, "the upgrade")
    finally:
        daemon.terminate()
        daemon.wait(60)
    assert [copy.before for copy in copies(tmp_path / "work" / "backups")] == [HEAD_REVISION]


# -- what a copy is for -------------------------------------------------------------------------------------------


def test_restoring_newest_copy_after_damage_recovers_the_jobs(tmp_path: Path) -> None:
    """Follows the message to the letter."""
    root, away = tmp_path / "root", tmp_path / "away"
    (root / "work").mkdir(parents=True)
    away.mkdir()
    (root / "config.yaml").write_text("preload: false\n", encoding="utf-8")
    file, folder = root / "jobs.db", root / "work" / "backups"
    with closing(Store.open(f"sqlite:///{file}")) as store:
        a_queued_job(store, name="old.mp4")
        make(file, folder, now=MOMENT)
    file.write_bytes(b"damage" * 5000)

    def dropdub(*arguments: str) -> subprocess.CompletedProcess[str]:
        return warm.run(["--root", str(root), *arguments])

    for command in (["status"], ["watch", "--until-idle"], ["doctor"], ["retry", "--failed"]):
        answer = dropdub(*command)
        said = answer.stdout + answer.stderr
        assert answer.returncode == 1 and f"(the newest: {folder / NAME})" in said, said
        assert "moved to failed/" in said

    for path in [file, Path(f"{file}-wal"), Path(f"{file}-shm")]:
        if path.exists():
            shutil.move(path, away)
    copy = newest(folder)
    assert copy is not None
    shutil.copyfile(copy.path, file)
    dropdub("watch", "--until-idle")
    assert [job["name"] for job in json.loads(dropdub("status", "--json").stdout)["jobs"]] == ["old.mp4"]
