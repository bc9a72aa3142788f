"""Shares that do not exist yet, disappear and come back under the real daemon."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.acceptance.site import Site
from tests.waiting import wait_until


def notes(root: Site) -> str:
    daemon = root.status()["daemon"]
    return json.dumps(daemon["notes"]) if daemon else ""


def test_inbox_that_disappears_is_used_again_once_it_returns(site: Callable[..., Site]) -> None:
    root = site()
    away = root.root / "away"
    root.start()
    root.drop_text("One.", "one.txt")
    root.wait_for("one.txt", "succeeded")
    root.inbox.rename(away)
    wait_until(lambda: "The inbox does not exist" in notes(root), "the administrator to be notified")
    (away / "two.txt").write_text("Two.", encoding="utf-8")
    away.rename(root.inbox)
    root.wait_for("two.txt", "succeeded")
    wait_until(lambda: "inbox" not in notes(root), "the note to go")
    assert root.stop() == 0


def test_root_starts_work_once_its_shares_are_connected(site: Callable[..., Site], tmp_path: Path) -> None:
    share = tmp_path / "share"
    share.write_text("A file in the way: nothing can be made below it.", encoding="utf-8")
    folders = {name: str(share / name) for name in ("inbox", "outbox", "archive", "failed")}
    root = site(folders=folders)
    root.start()
    wait_until(lambda: "The inbox does not exist" in notes(root) and "outbox" in notes(root), "both to be reported")
    share.unlink()
    for folder in folders.values():
        Path(folder).mkdir(parents=True)
    (share / "inbox" / "one.txt").write_text("One.", encoding="utf-8")
    root.wait_for("one.txt", "succeeded")
    assert (share / "outbox" / "one" / "manifest.json").is_file()
    assert (share / "archive" / "one.txt").is_file()
    assert root.stop() == 0


def test_file_is_not_given_up_if_its_share_disappears_before_it_is_taken(
    site: Callable[..., Site], tmp_path: Path
) -> None:
    share, away = tmp_path / "share", tmp_path / "away"
    root = site(folders={"inbox": str(share / "inbox")})
    (share / "inbox").mkdir(parents=True)
    (share / "inbox" / "one.txt").write_text("One.", encoding="utf-8")
    root.start(DROPDUB_FAILPOINTS="commit.record_jobs.after=kill")
    wait_until(lambda: root.daemon is not None and root.daemon.poll() is not None, "the daemon to die")
    share.rename(away)
    share.touch()
    root.start()
    wait_until(lambda: "Connect the share" in notes(root), "the administrator to be notified")
    assert root.states() == {"one.txt": "claiming"}
    share.unlink()
    away.rename(share)
    root.wait_for("one.txt", "succeeded")
    assert root.stop() == 0


# -- real mounts --------------------------------------------------------------------------------------------------


@pytest.fixture
def share(tmp_path: Path) -> Iterator[Callable[[bool], Path]]:
    """Yield a function that connects and disconnects a share: a folder mounted elsewhere and really unmounted."""
    there, place = tmp_path / "on the server", tmp_path / "mounted here"
    there.mkdir()
    place.mkdir()

    def connect(on: bool) -> Path:
        command = ["mount", "--bind", str(there), str(place)] if on else ["umount", "--lazy", str(place)]
        subprocess.run(command, check=True, capture_output=True)
        return place

    if sys.platform != "linux":
        pytest.skip("mounting is done as Linux does it")
    try:
        connect(True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this account may not mount")
    connect(False)
    yield connect
    while subprocess.run(["umount", "--lazy", str(place)], check=False, capture_output=True).returncode == 0:
        pass


def test_share_that_is_unmounted_and_remounted_is_used_again(
    site: Callable[..., Site], share: Callable[[bool], Path]
) -> None:
    place = share(True)
    folders = {name: str(place / name) for name in ("inbox", "outbox")}
    for folder in folders.values():
        Path(folder).mkdir()
    root = site(folders=folders)
    root.start()
    (place / "inbox" / "one.txt").write_text("One.", encoding="utf-8")
    root.wait_for("one.txt", "succeeded")
    share(False)
    wait_until(lambda: "The inbox does not exist" in notes(root) and "outbox" in notes(root), "both to be reported")
    share(True)
    (place / "inbox" / "two.txt").write_text("Two.", encoding="utf-8")
    root.wait_for("two.txt", "succeeded")
    assert (place / "outbox" / "two" / "manifest.json").is_file()
    assert root.stop() == 0
