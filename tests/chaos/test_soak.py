"""A short soak: what a daemon holds after its sixtieth job is what it held after its thirtieth."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import NamedTuple

import psutil
import pytest

from tests.acceptance.conftest import site as site_fixture
from tests.acceptance.site import Site
from tests.waiting import wait_until

site = site_fixture
JOBS = 30
GROWTH_BYTES = 300_000 * JOBS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="counts POSIX's descriptors"),
]


class Held(NamedTuple):
    descriptors: int
    threads: int
    memory: int
    work_folders: int


def test_neither_memory_nor_descriptors_nor_threads_nor_folders_grow(site: Callable[..., Site]) -> None:
    root = site(cache={"enabled": False})
    root.forks = False
    daemon = psutil.Process(root.start().pid)
    first, second = (after(root, daemon, done) for done in (JOBS, 2 * JOBS))
    assert second.descriptors <= first.descriptors and second.threads <= first.threads
    assert second.work_folders == first.work_folders == 0
    assert second.memory - first.memory < GROWTH_BYTES
    assert root.stop() == 0
    root.check()


def after(root: Site, daemon: psutil.Process, done: int) -> Held:
    """Drop `JOBS` more texts, and return what the daemon holds once all `done` are done."""
    for number in range(done - JOBS, done):
        root.drop_text(f"This is text number {number}.", f"text {number}.txt")
    archive = root.root / "archive"
    wait_until(lambda: len(list(archive.iterdir())) == done, f"{done} jobs to end", timeout_s=200)
    folders = [folder for folder in (root.root / "work").iterdir() if folder.name.isdigit()]
    wait_until(lambda: set(root.states().values()) == {"succeeded"}, "all to be succeeded")
    return Held(daemon.num_fds(), daemon.num_threads(), daemon.memory_info().rss, sum(f.exists() for f in folders))
