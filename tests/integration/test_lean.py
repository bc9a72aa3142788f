"""What the daemon leaves undone: looks at an unchanged database, and workers that nobody needs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from dropdub.daemon.context import Context
from dropdub.daemon.supervisor import LONGEST_PAUSE_S, Supervisor
from dropdub.store import queries, transitions
from dropdub.store.changes import Changes
from dropdub.store.database import Store
from dropdub.store.states import Outcome
from dropdub.store.transitions import AttemptEnd
from tests.factories import ERROR, NOW, a_context, a_running_job, held

SETTINGS = """
inbox: {rescan: 1 h, observer: polling, polling_interval: 1 h}
limits: {min_free_disk: 1, min_free_memory: 1}
"""
TURN_S = 0.5


@pytest.fixture
def context(tmp_path: Path) -> Iterator[Context]:
    with a_context(tmp_path, SETTINGS) as made:
        yield made


class Turns:
    """Lets a supervisor take its turns, half a second apart."""

    def __init__(self, context: Context) -> None:
        self.supervisor = Supervisor(context, {}, threading.Event(), watch=True)
        self.now = 1_000.0

    def looks(self, *, after_s: float = TURN_S) -> bool:
        """Take the next turn; return whether it looked at the database."""
        self.now += after_s
        return self.supervisor.tick(self.now)

    def calm_down(self) -> None:
        """Take turns until nothing is left to look at."""
        assert any(not self.looks() for _ in range(20)), "each turn looks at the database"


@pytest.fixture
def turns(context: Context) -> Iterator[Turns]:
    made = Turns(context)
    yield made
    made.supervisor._changes.close()
    made.supervisor._intake.stop()
    made.supervisor._mover.stop(grace_s=1.0)


def test_unchanged_database_is_not_read_again(turns: Turns) -> None:
    turns.calm_down()
    assert [turns.looks() for _ in range(3)] == [False, False, False]


def test_request_of_another_process_is_seen_in_the_next_turn(turns: Turns, context: Context) -> None:
    turns.calm_down()
    with closing(Store.open(context.root.database_url)) as other:
        transitions.request_stop(other)
    assert turns.looks()
    assert turns.supervisor.stopped


def test_file_is_looked_for_although_the_database_is_unchanged(turns: Turns, context: Context) -> None:
    turns.calm_down()
    (context.root.inbox / "a text.txt").write_text("A text.", encoding="utf-8")
    turns.supervisor._intake.look_soon()
    turns.supervisor._look_by = 0.0
    assert turns.looks() and turns.supervisor._intake.has_files


def test_daemon_looks_now_and_then_even_if_nothing_seems_to_have_changed(turns: Turns) -> None:
    turns.calm_down()
    assert turns.looks(after_s=LONGEST_PAUSE_S)


def test_next_retry_is_the_earliest_one_still_to_come(context: Context) -> None:
    assert queries.next_retry(context.store, NOW) is None
    claim = a_running_job(context.store)
    retried = AttemptEnd(Outcome.RETRIED, error_class="WorkerDied", error_text="It died.")
    transitions.retry_step(context.store, *held(claim), error=ERROR, at=NOW + 60, end=retried, now=NOW)
    assert queries.next_retry(context.store, NOW) == NOW + 60
    assert queries.next_retry(context.store, NOW + 60) is None, "it is due, no longer to come"


def test_each_commit_of_another_connection_is_a_change_once(context: Context) -> None:
    with closing(Changes(context.store.file)) as changes:
        assert changes.happened(), "at first, everything is new"
        assert not changes.happened()
        transitions.beat(context.store, "run-1", notes=(), shares={}, now=NOW + 1)
        assert changes.happened()
        queries.requests(context.store)
        assert not changes.happened(), "reading changes nothing"


def test_database_without_a_counter_may_always_have_changed() -> None:
    changes = Changes(None)
    assert changes.happened() and changes.happened()


def test_unreadable_database_may_have_changed(tmp_path: Path) -> None:
    changes = Changes(tmp_path / "jobs.db")
    assert changes.happened() and changes.happened()
