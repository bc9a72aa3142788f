"""The stages, by name; each is imported when it is first asked for, since some bring heavy libraries."""

from __future__ import annotations

import importlib

from dropdub.pipeline.task import Stage

STAGES = (
    "probe",
    "extract",
    "split",
    "diarize",
    "transcribe",
    "merge",
    "translate",
    "synthesize",
    "hear",
    "mix",
    "mux",
    "book",
    "compare",
    "publish",
)


def stage_named(name: str) -> Stage:
    """Return the function that runs a stage. Raises KeyError for a name that is none."""
    if name not in STAGES:
        raise KeyError(name)
    stage: Stage = importlib.import_module(f"{__name__}.{name}").run
    return stage
