"""Jobs that wait for the translator's server are released when it answers, and not before."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dropdub.config import Config
from dropdub.daemon.context import Context
from dropdub.daemon.steps.server_look import LOOK_EVERY_S
from dropdub.daemon.steps.waiting import SERVER_PATIENCE_S, Conditions
from dropdub.language_server.presence import SERVER
from dropdub.root import Root
from dropdub.store import queries, transitions
from dropdub.store.database import Store
from dropdub.store.states import JobState
from tests.factories import NOW, a_waiting_job
from tests.fake_openai import MODEL, FakeOpenAiServer, serving
from tests.waiting import wait_until


class Waits:
    """One root with a job that waits for a server. The clock is moved by each look."""

    def __init__(self, folder: Path, server: FakeOpenAiServer) -> None:
        root = Root.at(folder)
        root.create_folders()
        self.store = Store.open(root.database_url)
        limits = {"min_free_disk": 0, "min_free_memory": 0}
        config = Config.model_validate(
            {"limits": limits, "models": {"openai": {"address": server.address, "model": MODEL}}}
        )
        self.conditions = Conditions(Context(root, config, self.store, "run", print), lambda _job: False)
        self.server = server
        self.now = 0.0
        job = a_waiting_job(self.store, waiting_for=SERVER)
        assert job.id is not None
        self.job = job.id

    def released(self, *, after_s: float) -> bool:
        """Look at the server, and again `after_s` seconds later; return whether the job was released."""
        self._wait_for_answers()  # to the question that the last look began, after which this one can begin
        asked = len(self.server.paths)
        self.now += LOOK_EVERY_S
        self.conditions.update(self.now)
        wait_until(lambda: len(self.server.paths) > asked, "the server to be asked")
        self._wait_for_answers()
        self.now += after_s
        self.conditions.update(self.now)
        return queries.job(self.store, self.job).state != JobState.WAITING

    def _wait_for_answers(self) -> None:
        wait_until(lambda: not any(one.name == "server" for one in threading.enumerate()), "the answer")

    def hold_again(self) -> None:
        transitions.hold_job(self.store, self.job, waiting_for=SERVER, reason="Again.", remedy=None, now=NOW)


@pytest.fixture
def waits(tmp_path: Path) -> Iterator[Waits]:
    with serving() as server:
        made = Waits(tmp_path, server)
        yield made
        made.store.close()


def test_a_job_waits_as_long_as_the_server_or_its_model_is_away(waits: Waits) -> None:
    waits.server.loading = True
    assert not waits.released(after_s=2) and not waits.released(after_s=1_000)
    waits.server.loading, waits.server.models = False, ["another"]
    assert not waits.released(after_s=2)
    waits.server.models = ["another", MODEL]
    assert waits.released(after_s=2)


def test_a_job_that_waits_again_for_a_server_that_answers_is_released_less_and_less_often(waits: Waits) -> None:
    assert waits.released(after_s=2), "it has come"
    waits.hold_again()
    assert not waits.released(after_s=2), "it may be loading its model"
    assert waits.released(after_s=4 * SERVER_PATIENCE_S)


def test_a_job_is_released_if_the_server_refuses_so_that_it_says_so(waits: Waits) -> None:
    waits.server.key = "k3y"
    assert waits.released(after_s=2)
