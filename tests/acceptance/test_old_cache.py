"""A root whose earlier version kept its results in a database: the daemon works, and ignores that cache."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from watchdog.events import FileOpenedEvent, FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from tests.acceptance.site import Site
from tests.waiting import wait_until

DUMP = Path(__file__).parents[1] / "data" / "oldcache" / "cache.sql"
VALUE = "08/56/ba9b4ec9423dd0c1d4e14ef066a9.val"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only inotify says that a file was opened")


class Opened(FileSystemEventHandler):
    """The files that were opened, by any process."""

    def __init__(self) -> None:
        self.paths: set[str] = set()

    def on_any_event(self, event: FileSystemEvent) -> None:
        if isinstance(event, FileOpenedEvent):
            self.paths.add(str(event.src_path))


@pytest.fixture
def old_root(site: Callable[..., Site]) -> Site:
    root = site()
    folder = root.root / "work" / "cache"
    (folder / VALUE).parent.mkdir(parents=True)
    (folder / VALUE).write_bytes(b"\0" * 40_032)
    with closing(sqlite3.connect(folder / "cache.db")) as database:
        database.executescript(DUMP.read_text(encoding="utf-8"))
    return root


@pytest.fixture
def opened(old_root: Site) -> Iterator[set[str]]:
    handler, observer = Opened(), Observer()
    observer.schedule(handler, str(old_root.root / "work" / "cache"), recursive=True)
    observer.start()
    yield handler.paths
    observer.stop()
    observer.join()


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}


def test_old_cache_is_neither_read_nor_changed_and_doctor_says_it_can_be_deleted(
    old_root: Site, opened: set[str]
) -> None:
    folder = old_root.root / "work" / "cache"
    before = contents(folder)
    wait_until(lambda: opened == set(before), "what this test has opened to be noticed")
    opened.clear()
    old_root.drop_text("A small text.", "small.txt")
    assert old_root.work_off() == 0, old_root.output()
    assert opened == set()
    assert contents(folder) == before
    assert any((old_root.root / "work" / "result-cache").rglob("*/*")), "the new cache was not used"
    findings = {one["what"]: one for one in json.loads(old_root.jobs("doctor", "--json").stdout)}
    assert findings["Old cache"]["state"] == "warning"
    assert str(folder) in findings["Old cache"]["remedy"]
    old_root.check()
