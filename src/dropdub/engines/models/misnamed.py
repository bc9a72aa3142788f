"""Refuse a model that `models.use` names for an engine by mistake: jobs would wait for it for ever."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from difflib import get_close_matches
from pathlib import Path

from dropdub.engines.base import EngineSettings
from dropdub.engines.models.catalogue import all_models, find
from dropdub.errors import EngineMissing

_REMEDY = (
    "Correct models.use in config.yaml; to see all models: `dropdub models list --all`. If the daemon runs, restart "
    "it. Then run: `dropdub retry JOB`."
)


def refuse_misnamed(settings: EngineSettings, engine: str, model: str) -> None:
    """Raise EngineMissing if a model that is not complete is another engine's, or a known one that is misspelt.

    Any other name is that of somebody's own model, which may come yet, and a path may lead to a share that is away now.
    """
    of_engine = [one.name for one in all_models() if one.engine == engine]
    known = find(model)
    if not of_engine or (known is not None and known.engine == engine):
        return
    if known is not None:
        problem = f"{model} is a model of {known.engine}, not of {engine}. Models of {engine}: {', '.join(of_engine)}."
        raise EngineMissing(problem, remedy=_REMEDY)
    if len(Path(model).parts) > 1 or (settings.models_dir / model).is_dir():
        return
    similar = get_close_matches(model, of_engine, n=1) or [name for name in of_engine if name.endswith(f"-{model}")]
    if similar:
        problem = f"There is no model {model} for {engine}: it is not in {settings.models_dir}, and not known."
        raise EngineMissing(f"{problem} Did you mean {' or '.join(similar)}?", remedy=_REMEDY)


def is_misnamed(settings: EngineSettings, engine: str, model: str) -> bool:
    """Return whether `refuse_misnamed` refuses a model."""
    try:
        refuse_misnamed(settings, engine, model)
    except EngineMissing:
        return True
    return False


def misnamed(settings: EngineSettings, engines: Collection[str]) -> Iterator[EngineMissing]:
    """Yield what is wrong with `models.use`, given the names of the installed `engines`."""
    names = {*engines, *(model.engine for model in all_models())}
    for engine, model in settings.models.items():
        if engine not in names:
            similar = get_close_matches(engine, names, n=1)
            meant = f" Did you mean {similar[0]}?" if similar else f" The engines are: {', '.join(sorted(names))}."
            yield EngineMissing(f"There is no engine {engine}.{meant}", remedy=_REMEDY)
            continue
        try:
            refuse_misnamed(settings, engine, model)
        except EngineMissing as error:
            yield error
