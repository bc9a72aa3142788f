"""detect: the language of a recording, without its transcript."""

from __future__ import annotations

from dataclasses import asdict

from dropdub.engines.abilities import SureOfLanguages
from dropdub.pipeline.cache import Cache
from dropdub.pipeline.task import Result, Task
from dropdub.speech.language import spoken_language
from dropdub.stages.transcribe import LONGEST_WINDOW_S


def run(task: Task) -> Result:
    """Return `language`, the tag of the language that is spoken, `und` if nobody speaks; and the engine's `confidence`.

    That is 0 to 1, or None if the engine does not say. It is not in the cache, so the recording is heard again.
    """
    engine = task.engines.transcriber(task.options.transcriber)
    stated, uncached = task.facts.probe.language, Cache(None, max_bytes=0)
    language = spoken_language(engine, task.work, uncached, longest_s=LONGEST_WINDOW_S, stated=stated)
    confidence = engine.language_share() if isinstance(engine, SureOfLanguages) else None
    return {"language": language, "confidence": confidence, "engine": asdict(engine.info()), "warnings": []}
