"""Folders of the inbox that became empty."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dropdub.daemon.intake.emptied import EmptiedFolders


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    (tmp_path / "inbox" / "S1" / "day").mkdir(parents=True)
    return tmp_path / "inbox"


def aged(*folders: Path) -> None:
    """Make folders look unchanged for an hour."""
    for folder in folders:
        before = folder.stat().st_mtime - 3600
        os.utime(folder, (before, before))


def test_an_empty_folder_is_removed_with_its_empty_parents_after_a_while(inbox: Path) -> None:
    emptied = EmptiedFolders(inbox, wait_s=30.0)
    emptied.taken_from(inbox / "S1" / "day", 100.0)
    aged(inbox / "S1" / "day")
    emptied.tick(129.0)
    assert (inbox / "S1" / "day").is_dir() and emptied.next_due == 130.0
    emptied.tick(130.0)
    assert not (inbox / "S1" / "day").exists() and (inbox / "S1").is_dir()
    aged(inbox / "S1")
    emptied.tick(160.0)
    assert not (inbox / "S1").exists() and inbox.is_dir()


def test_parents_that_were_quiet_too_are_removed_in_the_same_turn(inbox: Path) -> None:
    emptied = EmptiedFolders(inbox, wait_s=30.0)
    emptied.taken_from(inbox / "S1" / "day", 100.0)
    aged(inbox / "S1" / "day", inbox / "S1")
    emptied.tick(130.0)
    assert list(inbox.iterdir()) == []


def test_a_folder_of_an_earlier_run_is_removed_only_if_it_has_not_changed_since_its_job_ended(inbox: Path) -> None:
    emptied, folder = EmptiedFolders(inbox, wait_s=30.0), inbox / "S1" / "day"
    aged(folder, inbox / "S1")
    emptied.taken_from_before(folder, 100.0, ended_at=folder.stat().st_mtime - 1)
    emptied.tick(130.0)
    assert folder.is_dir(), "created again"
    emptied.taken_from_before(folder, 100.0, ended_at=folder.stat().st_mtime + 1)
    emptied.tick(130.0)
    assert list(inbox.iterdir()) == []
    emptied.taken_from_before(folder, 100.0, ended_at=0.0)


def test_a_folder_with_anything_in_it_stays(inbox: Path) -> None:
    emptied = EmptiedFolders(inbox, wait_s=30.0)
    (inbox / "S1" / "day" / ".hidden").touch()
    emptied.taken_from(inbox / "S1" / "day", 0.0)
    aged(inbox / "S1" / "day")
    emptied.tick(30.0)
    emptied.finish(wait_s=0.0)
    assert (inbox / "S1" / "day" / ".hidden").exists()


def test_a_folder_in_which_a_copy_just_created_or_removed_something_waits_again(inbox: Path) -> None:
    emptied = EmptiedFolders(inbox, wait_s=30.0)
    emptied.taken_from(inbox / "S1" / "day", 0.0)
    emptied.tick(30.0)
    assert (inbox / "S1" / "day").is_dir() and emptied.next_due > 30.0
    emptied.finish(wait_s=5.0)
    assert (inbox / "S1" / "day").is_dir()


def test_folders_of_profiles_and_those_that_no_file_was_taken_from_stay(inbox: Path) -> None:
    emptied = EmptiedFolders(inbox, profiles=["s1"], wait_s=0.0)
    (inbox / "kept").mkdir()
    emptied.taken_from(inbox, 0.0)
    emptied.taken_from(inbox / "S1" / "day", 0.0)
    aged(inbox / "S1" / "day", inbox / "S1", inbox / "kept")
    emptied.finish(wait_s=0.0)
    assert sorted(folder.name for folder in inbox.iterdir()) == ["S1", "kept"] and not (inbox / "S1" / "day").exists()


def test_a_link_in_place_of_a_folder_is_not_followed(inbox: Path, tmp_path: Path) -> None:
    emptied = EmptiedFolders(inbox, wait_s=0.0)
    emptied.taken_from(inbox / "S1" / "day", 0.0)
    (inbox / "S1").rename(tmp_path / "elsewhere")
    aged(tmp_path / "elsewhere" / "day")
    (inbox / "S1").symlink_to(tmp_path / "elsewhere")
    emptied.tick(1.0)
    assert (tmp_path / "elsewhere" / "day").is_dir()
