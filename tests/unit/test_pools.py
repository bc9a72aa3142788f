from __future__ import annotations

from typing import Any

import pytest

from dropdub.config import Config, EnginePoolSettings, JobOptions
from dropdub.daemon.steps.pools import pools_to_warm, resolved_settings

GB = 1_000_000_000


@pytest.mark.parametrize(
    ("total", "given", "limit"), [(4 * GB, "auto", 4 * GB), (16 * GB, "auto", 9.6 * GB), (16 * GB, "2 GB", 2 * GB)]
)
def test_a_worker_may_take_most_of_the_memory_unless_configured_otherwise(total: int, given: str, limit: float) -> None:
    settings = EnginePoolSettings.model_validate({"memory": given})
    assert resolved_settings("synthesize", settings, cores=4, total_memory=total).memory == limit


def test_an_engine_has_one_process_with_several_threads() -> None:
    def shape(pool: str) -> tuple[int, int]:
        found = resolved_settings(pool, EnginePoolSettings(), cores=6, total_memory=8 * GB)
        return found.workers, found.threads

    assert shape("transcribe") == (1, 6)
    assert shape("synthesize") == (1, 3)


@pytest.mark.parametrize(
    ("settings", "warmed"),
    [
        ({}, {"media", "transcribe"}),
        ({"job": {"targets": ["pt"]}}, {"media", "transcribe", "translate", "synthesize"}),
        ({"profiles": {"lessons": {"targets": ["pt"]}}}, {"media", "transcribe", "translate", "synthesize"}),
        ({"job": {"targets": ["pt"]}, "preload": False}, set()),
    ],
)
def test_daemon_prepares_what_its_configuration_makes_of_a_recording(
    settings: dict[str, Any], warmed: set[str]
) -> None:
    assert pools_to_warm(Config.model_validate(settings), options=None) == warmed


def test_foreground_run_prepares_only_the_engines_of_a_dub() -> None:
    assert pools_to_warm(Config(), options=[JobOptions()]) == set()
    assert pools_to_warm(Config(), options=[JobOptions(targets=("pt",))]) == {"translate", "synthesize"}


def test_idle_workers_end_after_a_while_unless_they_are_to_stay() -> None:
    assert EnginePoolSettings().idle_exit == 300
    assert EnginePoolSettings.model_validate({"idle_exit": None}).idle_exit is None
