from __future__ import annotations

import importlib
from pathlib import Path

import pytest

import dropdub.stages
from dropdub.config import Config
from dropdub.stage_table import ROLES, STAGES, TABLE


def test_every_row_has_a_module_and_every_module_a_row() -> None:
    modules = {file.stem for file in Path(dropdub.stages.__file__).parent.glob("*.py")} - {"__init__"}
    assert modules == set(STAGES)


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_is_found_by_its_name(stage: str) -> None:
    assert callable(dropdub.stages.stage_named(stage))


def test_an_unknown_stage_is_not_found() -> None:
    with pytest.raises(KeyError):
        dropdub.stages.stage_named("__init__")


def test_publish_renders_what_the_table_plans() -> None:
    publish = importlib.import_module("dropdub.stages.publish")
    assert set(publish._RENDERERS) == set(STAGES["publish"].parts)


def test_every_step_runs_in_a_pool_that_the_settings_have() -> None:
    pools = {name for name, _ in Config().pools}
    used = {stage.pool for stage in TABLE} | {part.pool for stage in TABLE for part in stage.parts.values()}
    assert used == pools
    assert set(ROLES) <= pools
