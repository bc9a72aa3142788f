"""prepare: computes the speaker embedding of a voice, so that the first text in it need not wait for that."""

from __future__ import annotations

from dataclasses import asdict

from dropdub.dubbing.voices import prepare, recording_of
from dropdub.engines.base import Voice
from dropdub.errors import VoiceMissing
from dropdub.pipeline.task import Result, Task

USUAL_LANGUAGE = "en"


def run(task: Task) -> Result:
    """Return whether the synthesizer `clones` voices at all, and whether the embedding `was_cached`.

    `params`: `voice`, the name of a recording in `voices/`. Raises VoiceMissing.
    """
    name = str(task.params["voice"])
    recording = recording_of(name, task.voices)
    if recording is None:
        raise VoiceMissing(f"There is no voice '{name}'.", remedy="List the voices with: `dropdub voices list`")
    language = (task.options.targets or (USUAL_LANGUAGE,))[0]
    engine = task.engines.synthesizer(task.options.synthesizer, language=language)
    was_cached = prepare(task.cache, engine, Voice(name, recording), language=language)
    return {"clones": engine.clones, "was_cached": was_cached, "engine": asdict(engine.info()), "warnings": []}
