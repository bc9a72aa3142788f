"""The engines that jobs of a root may use, and the model that each of them would need."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dropdub.config import Config
from dropdub.engines.base import LAST_RESORT, Engine, EngineSettings
from dropdub.engines.models.catalogue import default_models
from dropdub.engines.offers import Offer
from dropdub.engines.readiness import is_ready
from dropdub.engines.unset import remedy_for
from dropdub.language_server.server import Server

AUTO = "auto"


@dataclass(frozen=True)
class Use:
    """An engine of this root and its model: a name in `models.dir`, or a full path.

    `only_from`: the language of the only recordings that need the model, if it is not known whether there will be any.
    """

    engine: str
    model: str
    only_from: str | None = None

    def folder(self, models_dir: Path) -> Path:
        return models_dir / Path(self.model).expanduser()


@dataclass(frozen=True)
class Candidates:
    """The engines that are `usable`, the best of each role first, and the model of each that has one.

    `auto` is the best engine, as far as that is known before a job; but an engine of another package that has all it
    needs is used while the best one's model is missing: somebody installed it to be used. One of the `LAST_RESORT` only
    stands in.
    """

    usable: Sequence[Offer]
    models: Mapping[str, str]
    settings: EngineSettings

    @staticmethod
    def of(config: Config, offers: Iterable[Offer], models_dir: Path) -> Candidates:
        settings = EngineSettings(models_dir, config.models.use, server=Server.of(config.models.openai))
        usable = [offer for offer in offers if offer.problem is None and remedy_for(offer, settings) is None]
        return Candidates(usable, {**default_models(), **config.models.use}, settings)

    def of_role(self, role: str) -> list[Offer]:
        return [offer for offer in self.usable if offer.role == role]

    def preferred(self, offers: Sequence[Offer], is_able: Callable[[Engine], bool]) -> list[str]:
        """Return the engine that `auto` is, if there is any: the best, or another package's that can work now."""
        ready = next((one for one in offers if is_ready(one, self.settings, is_able)), None)
        if ready is not None and ready.is_foreign and ready.rank > LAST_RESORT:
            return [ready.name]
        return [offer.name for offer in offers[:1]]

    def uses_of(self, engines: Iterable[str]) -> Iterator[Use]:
        """Yield the models of engines that have one for everything."""
        yield from (Use(engine, self.models[engine]) for engine in dict.fromkeys(engines) if engine in self.models)
