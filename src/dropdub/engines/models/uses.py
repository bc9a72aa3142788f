"""The models that a root's configuration requires."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from dropdub.config import Config, JobOptions
from dropdub.engines.models.catalogue import DEFAULT_MODELS
from dropdub.engines.offers import Offer
from dropdub.stage_table import ENGINE_POOLS

AUTO = "auto"


@dataclass(frozen=True)
class Use:
    """An engine of this root and its model: a name in `models.dir`, or a full path."""

    engine: str
    model: str

    def folder(self, models_dir: Path) -> Path:
        return models_dir / Path(self.model).expanduser()


def uses(config: Config, offers: Iterable[Offer]) -> list[Use]:
    """Return the models that the job settings and profiles use, and those that `models.use` names.

    Translators and synthesizers count only if there are target languages, or if the engine is named. `offers` are the
    installed engines, the best of each role first.
    """
    offered = list(offers)
    engines = [engine for options in _all_options(config) for engine in _engines(options, offered)]
    models = {**DEFAULT_MODELS, **config.models.use}
    named = dict.fromkeys((*engines, *config.models.use))
    return [Use(engine, models[engine]) for engine in named if engine in models]


def _all_options(config: Config) -> list[JobOptions]:
    return [config.job, *(config.options_for(profile, {}) for profile in config.profiles)]


def _engines(options: JobOptions, offered: list[Offer]) -> Iterator[str]:
    for pool in ENGINE_POOLS.values():
        name: str = getattr(options, pool.role)
        if name != AUTO:
            yield name
        elif pool.role == "transcriber" or options.targets:
            yield from _best(pool.role, offered)


def _best(role: str, offered: list[Offer]) -> list[str]:
    return [offer.name for offer in offered if offer.role == role and offer.problem is None][:1]
