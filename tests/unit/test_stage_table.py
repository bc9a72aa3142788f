"""The table of stages is complete, and the only place that knows what a stage's name means."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

import dropdub
import dropdub.stages
from dropdub.config import Config, EnginePoolSettings, JobOptions
from dropdub.kits import EXTRAS, KITS
from dropdub.pipeline.facts import Facts
from dropdub.pipeline.plan import plan
from dropdub.stage_table import ENGINE_POOLS, LAST_STEP, STAGES, TABLE, foreseen_weight

PACKAGE = Path(dropdub.__file__).parent
KNOWS_STAGES = ("stage_table.py", "stages", "pipeline/plan.py", "pipeline/facts.py")
"""The table, the stages, the rule that says which follows which, and the types of their results."""
NAMES_ELSEWHERE = {
    "cli/groups.py": ({"prepare", "compare"}, "the names of commands"),
    "cli/render.py": ({"publish"}, "the word shown while no step of a job is left to run"),
    "cli/show.py": ({"publish"}, "the word shown while no step of a job is left to run"),
    "daemon/steps/scheduler.py": ({"split"}, "the name of a setting"),
    "operations/comparing/bench.py": ({"probe", "split"}, "whose result has the kind; the name of a setting"),
    "operations/comparing/material.py": ({"probe", "extract", "split"}, "what prepares a recording"),
    "operations/comparing/comparison.py": ({"extract", "compare"}, "whose result has the length; a command"),
    "operations/comparing/running.py": (
        {"transcribe", "split", "translate", "say", "separate", "diarize"},
        "the step that uses an engine",
    ),
    "operations/comparing/sound_roles.py": ({"extract"}, "whose result has the length"),
    "pipeline/request.py": ({"say", "dictate", "interpret", "prepare", "enroll", "detect"}, "what a request asks for"),
    "pipeline/task.py": ({"split"}, "the name of a setting"),
    "dubbing/quality.py": ({"merge"}, "whether there is a transcript"),
    "dubbing/not_measured.py": (
        {"probe", "synthesize", "compare"},
        "whether these were done",
    ),
    "engines/whisper/decoding.py": ({"transcribe"}, "the name of a task of the model"),
    "kits.py": ({"separate"}, "the name of an extra"),
    "text/docx/runs.py": ({"separate"}, "the kind of a Word field"),
    "web/pages/wording.py": (set(STAGES), "what people read for each"),
    "web/info.py": ({"synthesize"}, "a feature of the server"),
    "web/speech/pieces.py": ({"say"}, "whose result ends the pieces"),
    "web/speech/synthesize_routes.py": ({"say"}, "whether a job has a sound"),
    "web/transcripts/asr.py": ({"detect"}, "whose result has the language"),
    "web/transcripts/results.py": ({"transcribe", "diarize", "publish"}, "whose results are sent"),
    "web/transcripts/asr_request.py": ({"diarize"}, "the name of a field of a request"),
    "web/transcripts/whisper_task.py": ({"transcribe", "translate"}, "the names of tasks in requests"),
}


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
    pools = dict(Config().pools)
    used = {stage.pool for stage in TABLE} | {part.pool for stage in TABLE for part in stage.parts.values()}
    assert used == set(pools)
    assert set(ENGINE_POOLS) == {name for name, pool in pools.items() if isinstance(pool, EnginePoolSettings)}


def test_every_engine_that_an_extra_installs_belongs_to_a_kit() -> None:
    assert {engine for engines in KITS.values() for engine in engines} == set(EXTRAS)


def test_foreseen_weight_is_that_of_the_steps_that_most_jobs_have() -> None:
    assert foreseen_weight("chunk") == STAGES["transcribe"].weight
    assert foreseen_weight("job") == 2  # publishing the transcript and the manifest
    speech = sum(STAGES[name].weight for name in ("translate", "synthesize", "mix", "mux"))
    assert foreseen_weight("target") == speech + 3  # publishing the translation, the dub and the video


SPOKEN = {
    "probe": {"kind": "media", "video": {"index": 0, "codec": "h264", "width": 640, "height": 360, "fps": 25.0}},
    "extract": {"duration_s": 9.0, "language": "en"},
    "split": {"chunks": [[0, 5], [5, 9]]},
    "diarize": {"how": "voices"},
    "merge": {"language": "en", "segments": 2},
    "synthesize/pt": {"cloned": ["S1"], "hear": True},
}
READ = {"probe": {"kind": "text"}, "extract": {"language": "en"}}


@pytest.mark.parametrize("facts", [SPOKEN, READ])
def test_plans_have_the_steps_that_the_table_describes(facts: dict[str, dict[str, object]]) -> None:
    options = JobOptions.model_validate({"targets": ["pt", "es"], "text": {"m4b": True}})
    steps = plan(options, Facts(facts))
    assert steps[-1].key == LAST_STEP
    for step in steps:
        stage = STAGES[step.stage]
        part = stage.parts.get(str(step.params.get("what") or step.params.get("by")))
        each = (part or stage).each
        assert each == ("chunk" if "ordinal" in step.params else "target" if step.target else "job"), step.key


def test_no_other_module_decides_by_the_name_of_a_stage() -> None:
    found: dict[str, set[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        module = path.relative_to(PACKAGE).as_posix()
        if not module.startswith(KNOWS_STAGES) and (names := set(_stage_names(path))):
            found[module] = names
    assert found == {module: names for module, (names, _reason) in NAMES_ELSEWHERE.items()}


def _stage_names(path: Path) -> Iterator[str]:
    """Yield the stages that a module's texts name: `mux`, or the beginning of a step's key, `mux/`."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            name = node.value.partition("/")[0]
            if name in STAGES and not set(node.value) & {" ", "\n"}:
                yield name
