"""The state of a disk changes with whatever a crash would leave, and with nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chaos.disk_states import state_of, with_states_of_their_own


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "clip.mp4").write_bytes(b"film")
    (tmp_path / "jobs.db-wal").write_bytes(b"pages")
    return tmp_path


def replaced_by_its_copy(path: Path) -> None:
    copy = path.with_name("copy")
    copy.write_bytes(path.read_bytes())
    os.utime(copy, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    copy.replace(path)


@pytest.mark.parametrize(
    "change",
    [
        lambda film: film.write_bytes(b"film and more"),
        lambda film: film.rename(film.with_name("other.mp4")),
        lambda film: film.unlink(),
        lambda film: film.chmod(0o400),
        lambda film: os.utime(film, ns=(1, 1)),
        lambda film: film.parent.joinpath("folder").mkdir(),
        lambda film: film.parent.joinpath("link").hardlink_to(film),
        replaced_by_its_copy,
        lambda film: (film.parents[1] / "jobs.db-wal").write_bytes(b"sages"),
    ],
)
def test_any_change_of_a_file_or_folder_makes_another_state(root: Path, change: Callable[[Path], object]) -> None:
    before = state_of(root)
    change(root / "inbox" / "clip.mp4")
    assert state_of(root) != before


def test_a_file_of_a_folder_that_is_linked_from_elsewhere_belongs_to_the_state(
    root: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    archive = tmp_path_factory.mktemp("archive")
    (root / "archive").symlink_to(archive)
    before = state_of(root)
    (archive / "clip.mp4").write_bytes(b"film")
    assert state_of(root) != before


def test_logs_what_the_harness_writes_and_shared_memory_do_not_count(root: Path) -> None:
    (root / "work" / "logs").mkdir(parents=True)
    before = state_of(root)
    for name in ("trace", "states", "daemon.out", "jobs.db-shm", "work/logs/dropdub.log"):
        (root / name).write_bytes(b"x")
    assert state_of(root) == before


def test_of_places_with_one_state_the_first_is_tried(tmp_path: Path) -> None:
    (tmp_path / "states").write_text("a#1 1\nb#1 1\nc#1 2\nb#2 1\nd#1 3\n", encoding="utf-8")
    assert with_states_of_their_own(["a#1", "b#1", "c#1", "b#2", "d#1"], tmp_path) == ["a#1", "c#1", "d#1"]
    assert with_states_of_their_own(["b#1", "d#1", "b#2"], tmp_path) == ["b#1", "d#1"], "among those that are given"
