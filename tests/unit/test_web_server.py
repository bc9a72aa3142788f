"""The supervisor starts the web server again if it ends, but not too often."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from dropdub.daemon import web_server
from dropdub.daemon.web_server import HEALTHY_S, WebServer
from tests.factories import a_context

pytest.importorskip("uvicorn")


class FakeChild:
    """A server that ends `lives_s` after it was started; or that cannot be started, while there are `problems`."""

    lives_s = 0.0
    problems = 0
    started: list[float]

    def __init__(self, _context: Any, _wake: Any, now: float) -> None:
        if FakeChild.problems:
            FakeChild.problems -= 1
            raise OSError(12, "Cannot allocate memory")
        self.started_at = now
        self.said: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        FakeChild.started.append(now)

    def end(self, _grace_s: float) -> int:
        return 1


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    monkeypatch.setattr(web_server, "_Child", FakeChild)
    FakeChild.started, FakeChild.lives_s, FakeChild.problems = [], 0.0, 0
    with a_context(tmp_path, "{}") as context:
        yield WebServer(replace(context, serves=True), lambda: None)


def starts(server: WebServer, until: float) -> list[float]:
    """Let time pass in steps of half a second; return when the server was started."""
    for now in (number / 2 for number in range(int(until * 2))):
        child: Any = server._child
        if child is not None and now - child.started_at >= FakeChild.lives_s:
            child.said.put(None)
        server.tick(now)
    return FakeChild.started


def test_a_server_that_ends_at_once_is_started_again_five_times_a_minute_at_most(server: WebServer) -> None:
    started = starts(server, 300.0)
    assert max(sum(first < one <= first + 60.0 for one in started) for first in started) == 5
    assert len(started) > 15, "it is never given up"
    assert server.notes == ["The web server ended with exit code 1. It is started again."]


def test_a_server_that_has_run_well_is_started_again_soon(server: WebServer) -> None:
    FakeChild.lives_s = HEALTHY_S + 10.0
    started = starts(server, 300.0)
    assert [later - first for first, later in pairwise(started)] == [72.0] * 4


def test_a_server_that_cannot_be_started_now_is_a_note_and_is_tried_again(server: WebServer) -> None:
    FakeChild.lives_s, FakeChild.problems = 1000.0, 2
    server.tick(0.0)
    assert server.notes == ["The web server cannot be started: Cannot allocate memory."]
    assert len(starts(server, 20.0)) == 1
