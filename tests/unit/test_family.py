"""The processes below another one are found with their age, their memory, and the words that they were started with."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from dropdub.process.family import children, relative
from tests.waiting import wait_until

CODE = "import sys; sys.stdin.read()"


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", CODE, "dropdub.worker", "media"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def test_a_child_is_found_with_the_word_after_another(child: subprocess.Popen[bytes]) -> None:
    wait_until(lambda: "media" in [one.after("dropdub.worker") for one in children(os.getpid())], "the child is seen")
    found = next(one for one in children(os.getpid()) if one.pid == child.pid)
    assert found.memory > 0 and 0 < found.started_at <= time.time() + 1
    assert found.after("media") is None and found.after("translate") is None


def test_a_process_that_has_ended_is_not_there(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    child.wait()
    assert relative(child.pid) is None and children(child.pid) == []
