"""Every way in which files get into an inbox."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.acceptance.site import Site
from tests.waiting import wait_until

TEXT = "A small text.\n"


@pytest.fixture
def watched(site: Callable[..., Site]) -> Iterator[Site]:
    root = site()
    root.start()
    wait_until(lambda: "Watching" in root.output(), "the daemon to watch")
    yield root
    root.stop()
    root.check()


@contextmanager
def still_writing(path: Path, first: bytes) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that has the file open, writes what it is given, and closes it at the end."""
    script = "import sys; f = open(sys.argv[1], 'ab', 0)\nfor line in sys.stdin.buffer: f.write(line)"
    writer = subprocess.Popen([sys.executable, "-c", script, str(path)], stdin=subprocess.PIPE)
    assert writer.stdin is not None
    writer.stdin.write(first)
    writer.stdin.flush()
    try:
        yield writer
    finally:
        writer.stdin.close()
        writer.wait(10)


def test_file_still_being_copied_is_not_taken_however_long_copy_pauses(watched: Site) -> None:
    path = watched.inbox / "slow.txt"
    with still_writing(path, b"first half\n") as writer:
        wait_until(path.exists, "the copy to begin")
        watched.drop_text("The marker is taken after slow.txt would have been.", "marker.txt")
        watched.wait_for("marker.txt")
        assert path.exists() and "slow.txt" not in watched.states()
        assert writer.stdin is not None
        writer.stdin.write(b"second half\n")
    watched.dropped[hashlib.sha256(b"first half\nsecond half\n").hexdigest()] += 1
    watched.wait_for("slow.txt", "succeeded")


def test_a_download_is_taken_when_it_has_its_final_name(watched: Site) -> None:
    part = watched.inbox / "page.txt.part"
    part.write_text(TEXT, encoding="utf-8")
    (watched.inbox / "page.txt").touch()
    watched.drop_text("marker", "marker.txt")
    watched.wait_for("marker.txt")
    assert part.exists() and "page.txt" not in watched.states()
    watched.dropped[hashlib.sha256(TEXT.encode()).hexdigest()] += 1
    part.replace(watched.inbox / "page.txt")
    watched.wait_for("page.txt", "succeeded")


def test_a_whole_folder_is_taken_file_by_file_and_keeps_its_structure(watched: Site) -> None:
    outside = watched.root / "holidays"
    (outside / "day two").mkdir(parents=True)
    (outside / "holidays.epub").mkdir()
    for name in ("one.txt", "day two/two.txt", "day two/one.txt"):
        (outside / name).write_text(f"This is {name}.", encoding="utf-8")
        watched.dropped[hashlib.sha256((outside / name).read_bytes()).hexdigest()] += 1
    outside.replace(watched.inbox / "holidays")
    watched.wait_for("one.txt", "succeeded")
    watched.wait_for("two.txt", "succeeded")
    day_two = watched.inbox / "holidays" / "day two"
    wait_until(lambda: not day_two.exists(), "the emptied folder to be removed")
    assert (watched.inbox / "holidays" / "holidays.epub").is_dir()
    outputs = {
        path.parent.relative_to(watched.root / "outbox") for path in watched.root.glob("outbox/**/manifest.json")
    }
    assert {path.as_posix() for path in outputs} == {
        f"holidays/{name}" for name in ("one", "day two/one", "day two/two")
    }
    assert (watched.root / "archive" / "holidays" / "day two" / "one.txt").is_file()
    shown = watched.jobs("show", "one")
    assert shown.returncode == 2 and "for holidays/day two/one.txt" in shown.stderr
    assert watched.jobs("show", "holidays/one").returncode == 0
    assert sorted(job["folder"] for job in watched.status()["jobs"]) == ["holidays", *["holidays/day two"] * 2]
    assert any("holidays.epub is a folder" in note for note in watched.status()["daemon"]["notes"])


NAMES = (
    "with several spaces.txt",
    "Ação é coração.txt",
    "мир 世界 العالم.txt",
    "🎬 film 🎤.txt",
    "x" * 196 + ".txt",
    "é" * 120 + ".txt",
    "-rf --help.txt",
    "100% 'quoted' \"twice\" $HOME;.txt",
    "no suffix",
)


def test_names_of_all_kinds_are_kept(site: Callable[..., Site]) -> None:
    root = site()
    for number, name in enumerate(NAMES):
        root.drop_text(f"{TEXT}Number {number}.\n", name)
    assert root.work_off() == 0, root.output()
    rows = root.rows("SELECT * FROM job")
    assert len(rows) == len(NAMES), rows
    assert {row["state"] for row in rows} == {"succeeded"}
    folders = {Path(row["published"]) for row in rows}
    assert len(folders) == len(NAMES), "two jobs share a folder"
    for folder in folders:
        assert folder.is_dir() and folder.parent == root.root / "outbox"
    root.check()


def test_files_dropped_before_start_are_taken(site: Callable[..., Site]) -> None:
    root = site()
    root.drop_text(TEXT, "early.txt")
    assert root.work_off() == 0
    assert root.states() == {"early.txt": "succeeded"}
    root.check()


def test_two_files_with_same_name_keep_their_folders(site: Callable[..., Site]) -> None:
    root = site()
    root.drop_text("one", "clip.txt")
    root.drop_text("two", "folder/clip.txt")
    assert root.work_off() == 0
    for place, suffix in (("outbox", ""), ("archive", ".txt")):
        found = {path.relative_to(root.root / place).as_posix() for path in (root.root / place).rglob(f"clip{suffix}")}
        assert found == {f"clip{suffix}", f"folder/clip{suffix}"}
    root.check()


def test_same_content_twice_is_done_once_and_reported(site: Callable[..., Site]) -> None:
    root = site()
    root.drop_text(TEXT, "one.txt")
    assert root.work_off() == 0
    root.drop_text(TEXT, "again.txt")
    assert root.work_off() == 0
    job = root.job("again.txt")
    assert job["state"] == "succeeded" and job["dup_of"] == root.job("one.txt")["id"]
    assert "Same content as job" in job["reason"]
    assert "Same content" in " ".join(root.jobs("status").stdout.split())
    assert not (root.root / "outbox" / "again").exists()
    root.check()


def test_duplicate_of_running_job_ends_with_it(site: Callable[..., Site], phrase: Path) -> None:
    root = site()
    root.drop(phrase, "one.flac")
    root.drop(phrase, "two.flac")
    root.drop(phrase, "three.flac")
    assert root.work_off() == 0, root.output()
    [worked] = root.rows("SELECT id FROM job WHERE dup_of IS NULL")
    assert len(root.rows("SELECT id FROM job WHERE dup_of = ?", worked["id"])) == 2
    assert len([folder for folder in (root.root / "outbox").iterdir() if folder.is_dir()]) == 1
    root.check()


def test_duplicate_does_the_work_itself_if_the_other_fails(site: Callable[..., Site], phrase: Path) -> None:
    root = site()
    root.start(DROPDUB_FAILPOINTS=f"stage.transcribe=hang@{root.root / 'hung'}")
    root.drop(phrase, "one.flac")
    wait_until((root.root / "hung").exists, "the first job to be under way")
    root.drop(phrase, "two.flac")
    root.wait_for("two.flac", "waiting")
    assert "which is still in progress" in root.job("two.flac")["reason"]
    assert root.jobs("cancel", "one.flac").returncode == 0
    root.wait_for("two.flac", "succeeded")
    assert root.job("two.flac")["dup_of"] is None and "two.txt" in root.published("two")
    assert root.stop() == 0
    root.check()


def test_same_content_twice_is_done_twice_if_configured(site: Callable[..., Site]) -> None:
    root = site(job={"duplicates": "again"})
    root.drop_text(TEXT, "one.txt")
    root.drop_text(TEXT, "again.txt")
    assert root.work_off() == 0
    assert {folder.name for folder in (root.root / "outbox").iterdir()} == {"one", "again"}
    root.check()


def test_an_empty_file_is_refused_after_a_while(site: Callable[..., Site]) -> None:
    root = site()
    root.drop_text("", "empty.txt")
    assert root.work_off() == 1
    assert "empty" in root.job("empty.txt")["reason"]
    root.check()


def test_a_link_is_refused_and_what_it_points_to_is_left_alone(site: Callable[..., Site]) -> None:
    root = site()
    precious = root.root / "precious.txt"
    precious.write_text(TEXT, encoding="utf-8")
    (root.inbox / "link.txt").symlink_to(precious)
    assert root.work_off() == 1
    assert "link" in root.job("link.txt")["reason"]
    assert precious.read_text(encoding="utf-8") == TEXT
    assert (root.root / "failed" / "link.txt").is_symlink()


def test_pipes_and_hidden_files_are_left_where_they_are(site: Callable[..., Site]) -> None:
    root = site()
    os.mkfifo(root.inbox / "pipe.txt")
    (root.inbox / ".hidden.txt").write_text(TEXT, encoding="utf-8")
    root.drop_text(TEXT, "real.txt")
    assert root.work_off() == 0
    assert root.states() == {"real.txt": "succeeded"}
    assert {file.name for file in root.inbox.iterdir()} == {"pipe.txt", ".hidden.txt"}


def test_a_file_that_vanishes_before_it_settles_leaves_no_job(watched: Site) -> None:
    path = watched.drop_text("gone", "gone.txt")
    watched.dropped.clear()
    path.unlink()
    watched.drop_text("marker", "marker.txt")
    watched.wait_for("marker.txt")
    assert set(watched.states()) == {"marker.txt"}


def test_unreadable_file_fails_with_error_message(site: Callable[..., Site]) -> None:
    root = site()
    root.drop_text("secret", "secret.txt").chmod(0o000)
    may_not_read: list[str] = []
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("root may read everything, and setpriv, which takes that right away, is not installed")
        may_not_read = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]
    assert root.work_off(prefix=may_not_read) == 1, root.output()
    assert "cannot be read" in root.job("secret.txt")["reason"]
    root.check()


def test_subfolder_selects_profile_and_sidecar_overrides_it(site: Callable[..., Site]) -> None:
    root = site(profiles={"lessons": {"duplicates": "again", "language": "en"}})
    root.drop_text(TEXT, "lessons/one.txt")
    root.drop_text("language: de\n", "lessons/one.txt.job.yaml")
    root.dropped.clear()
    assert root.work_off() == 0, root.output()
    [row] = root.rows("SELECT profile, options, language FROM job")
    assert row["profile"] == "lessons"
    assert '"duplicates": "again"' in row["options"] and '"language": "de"' in row["options"]
    assert (root.root / "archive" / "one.txt.job.yaml").exists()


def test_sidecar_may_follow_its_file_within_settle_time_and_is_moved_with_it(
    site: Callable[..., Site],
) -> None:
    root = site(inbox={"settle": 2.0})
    root.start()
    wait_until(lambda: "Watching" in root.output(), "the daemon to watch")
    root.drop_text(TEXT, "one.txt")
    sidecar = root.root / "outside.yaml"
    sidecar.write_text("language: de\n", encoding="utf-8")
    sidecar.replace(root.inbox / "one.txt.job.yaml")
    root.wait_for("one.txt", "succeeded")
    assert root.job("one.txt")["language"] == "de"
    assert {file.name for file in (root.root / "archive").iterdir()} == {"one.txt", "one.txt.job.yaml"}
    assert root.stop() == 0
    root.check()


def test_sidecar_with_impossible_setting_fails_its_file_and_names_the_line(
    site: Callable[..., Site],
) -> None:
    root = site()
    root.drop_text(TEXT, "one.txt")
    root.drop_text("\ntargets: [klingonese!]\n", "one.txt.job.yaml")
    root.dropped.clear()
    assert root.work_off() == 1
    assert "one.txt.job.yaml, line 2" in root.job("one.txt")["reason"]
    assert (root.root / "failed" / "one.txt.job.yaml").exists()


def test_events_missed_by_the_observer_are_caught_by_the_rescan(site: Callable[..., Site]) -> None:
    root = site(inbox={"observer": "polling", "polling_interval": 3600, "rescan": 0.5})
    root.start()
    wait_until(lambda: "Watching" in root.output(), "the daemon to watch")
    root.drop_text(TEXT, "unseen.txt")
    root.wait_for("unseen.txt", "succeeded")


EIGHTY = 80
"""Three times as many as are taken in ahead of the work, so that files wait in the inbox for their turn."""


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_eighty_files_dropped_at_once_are_each_done_once(site: Callable[..., Site]) -> None:
    root = site()
    outside = root.root / "many"
    outside.mkdir()
    for number in range(EIGHTY):
        (outside / f"{number:03d}.txt").write_text(f"Text {number}.", encoding="utf-8")
        root.dropped[hashlib.sha256(f"Text {number}.".encode()).hexdigest()] += 1
    started = time.monotonic()
    outside.replace(root.inbox / "many")
    assert root.work_off(timeout_s=850) == 0, root.output()[-2000:]
    states = list(root.states().values())
    assert states == ["succeeded"] * EIGHTY, f"after {time.monotonic() - started:.0f} s"
    root.check()
