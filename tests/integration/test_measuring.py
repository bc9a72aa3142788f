"""Which chunks count for the reported speed: those that were transcribed, not those from the cache."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from dropdub.config import load_config
from dropdub.daemon.context import Context
from dropdub.daemon.metrics import RunMetrics
from dropdub.root import Root
from dropdub.store import queries
from dropdub.store.database import Store
from dropdub.store.steps import StepSpec
from dropdub.store.transitions import Claim
from tests.factories import DONE, a_running_job, completed

CHUNK = StepSpec(
    key="transcribe/0000", stage="transcribe", phase=0, target=None, pool="media", params={"start": 0.0, "end": 60.0}
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store.open(f"sqlite:///{tmp_path / 'jobs.db'}")) as opened:
        yield opened


def a_chunk(store: Store) -> Claim:
    return a_running_job(store, steps=(CHUNK,))


def test_cached_chunks_do_not_count_for_speed_after_restart(store: Store) -> None:
    completed(store, a_chunk(store), result={"cached": True})
    assert queries.transcribed(store, limit=10) == []
    completed(store, a_chunk(store), result={"cached": False})
    completed(store, a_chunk(store), result={})
    assert queries.transcribed(store, limit=10) == [(60.0, DONE.seconds)] * 2


def test_cached_chunks_do_not_count_for_speed_in_this_run(store: Store, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").touch()
    context = Context(Root.at(tmp_path), load_config(tmp_path / "config.yaml"), store, "run-1", lambda _: None)
    measuring, claim = RunMetrics(context, dict), a_chunk(store)
    measuring.step_ended(claim, DONE, cached=True)
    assert b"\ndropdub_realtime_factor " not in measuring._metrics.text()
    measuring.step_ended(claim, DONE)
    assert b"\ndropdub_realtime_factor 60.0" in measuring._metrics.text()
