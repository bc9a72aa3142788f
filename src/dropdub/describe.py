"""The process that finds out what the engines of this machine can do: `python -m dropdub.describe`.

It gets the engine settings as JSON on standard input, and writes one description a role: `pipeline.described_engines`.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from dropdub.engines.abilities import ListsVoices, OffersVoices
from dropdub.engines.base import Engine, EngineSettings, Synthesizer
from dropdub.engines.languages_of import languages_of
from dropdub.engines.registry import EngineRegistry
from dropdub.files.privacy import keep_private
from dropdub.pipeline.described_engines import DescribedEngine, EngineVoice, save_engines
from dropdub.program_search import never_search_current_folder
from dropdub.stage_table import ENGINE_POOLS

DESCRIBED_ROLES = (*(pool.role for pool in ENGINE_POOLS.values()), "diarizer", "separator")
_logger = logging.getLogger("dropdub")


def main() -> int:
    """Describe the engines of `DESCRIBED_ROLES`; return 1 if one of them could not be described.

    Imports their modules, but loads no model.
    """
    keep_private()
    never_search_current_folder()
    models = json.load(sys.stdin.buffer)
    registry = EngineRegistry(settings=EngineSettings.of_json(models))
    missing = 0
    for role in DESCRIBED_ROLES:
        usable = registry.usable(role)
        found = list(_described(usable))
        missing += len(usable) - len(found)
        save_engines(Path(models["state_dir"]), role, found)
    return int(missing > 0)


def described(engine: Engine, *, is_ready: bool) -> DescribedEngine:
    """Return what an engine can do, which need not be loaded."""
    languages = tuple(languages_of(engine))
    clones = isinstance(engine, Synthesizer) and engine.clones
    return DescribedEngine(engine.name, is_ready, languages, clones=clones, voices=tuple(_voices(engine, languages)))


def _described(usable: Iterable[tuple[Engine, bool]]) -> Iterator[DescribedEngine]:
    """Yield the descriptions of these engines, each with whether it is ready, but for those that cannot give one."""
    for engine, is_ready in usable:
        try:
            yield described(engine, is_ready=is_ready)
        except Exception:  # an engine of others that cannot list what it can do must not hide the rest
            _logger.warning("engine %s not described", engine.name, exc_info=True)


def _voices(engine: Engine, languages: tuple[str, ...]) -> Iterator[EngineVoice]:
    if isinstance(engine, ListsVoices):
        yield from (EngineVoice(voice.name, voice.language) for voice in engine.own_voices())
    elif isinstance(engine, OffersVoices):
        yield from (EngineVoice(one.name, language) for language in languages for one in engine.voices_for(language))


if __name__ == "__main__":
    sys.exit(main())
