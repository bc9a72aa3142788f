from __future__ import annotations

import pytest

from dropdub.config import EnginePoolSettings
from dropdub.daemon.steps.pools import resolved_settings

GB = 1_000_000_000


@pytest.mark.parametrize(
    ("total", "given", "limit"), [(4 * GB, "auto", 4 * GB), (16 * GB, "auto", 9.6 * GB), (16 * GB, "2 GB", 2 * GB)]
)
def test_a_worker_may_take_most_of_the_memory_unless_configured_otherwise(total: int, given: str, limit: float) -> None:
    settings = EnginePoolSettings.model_validate({"memory": given})
    assert resolved_settings("synthesize", settings, engine="xtts", cores=4, total_memory=total).memory == limit


def test_large_engines_share_a_process_and_small_ones_have_one_each() -> None:
    def shape(pool: str, engine: str) -> tuple[int, int]:
        found = resolved_settings(pool, EnginePoolSettings(), engine=engine, cores=6, total_memory=8 * GB)
        return found.workers, found.threads

    assert shape("transcribe", "auto") == (1, 6)
    assert shape("synthesize", "xtts") == (1, 3)
    assert shape("transcribe", "pocketsphinx") == (2, 1)
