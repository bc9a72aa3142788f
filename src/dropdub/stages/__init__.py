"""The stages of the stage table, imported on first use because some need heavy libraries."""

from __future__ import annotations

import importlib

from dropdub.pipeline.task import Stage
from dropdub.stage_table import STAGES


def stage_named(name: str) -> Stage:
    """Return the function that runs a stage. Raises KeyError for an unknown name."""
    stage: Stage = importlib.import_module(f"{__name__}.{STAGES[name].name}").run
    return stage
