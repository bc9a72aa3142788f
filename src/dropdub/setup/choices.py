"""Turn a person's choices for a root into settings. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from dropdub.config import Config, JobOptions
from dropdub.config.problems import first_problem
from dropdub.engines.offers import Offer
from dropdub.errors import UsageError
from dropdub.kits import DEFAULT_KIT, EXTRAS, KITS, MODELS_OF_KITS, Kit, alternatives
from dropdub.stage_table import ENGINE_POOLS


@dataclass(frozen=True)
class Choices:
    """What was chosen. None leaves a setting unchanged."""

    language: str | None = None
    targets: tuple[str, ...] | None = None
    engines: Kit | None = None

    def settings(self, config: Config) -> dict[str, Any]:
        """Return the job settings that must change, by name."""
        targets = None if self.targets is None else list(self.targets)
        wanted = {"language": self.language, "targets": targets, **self._engine_names(config)}
        now = config.job.model_dump(mode="json")
        return {name: value for name, value in wanted.items() if value is not None and value != now[name]}

    def models_in_use(self, config: Config) -> dict[str, str]:
        """Return `models.use` with the models of the chosen kit, and without those of the others. A model that a person
        has chosen for an engine is kept.
        """
        now = config.models.use
        if self.engines is None:
            return now
        ours = MODELS_OF_KITS[self.engines]
        others = {use for kit, models in MODELS_OF_KITS.items() if kit != self.engines for use in models.items()}
        return {**ours, **{engine: model for engine, model in now.items() if (engine, model) not in others}}

    def _engine_names(self, config: Config) -> dict[str, str]:
        """Return `auto` for each role whose engine compact does not install, if that was chosen."""
        if self.engines != "compact":
            return {}
        foreign = set(EXTRAS) - set(KITS["compact"])
        return {
            role: "auto"
            for role in (pool.role for pool in ENGINE_POOLS.values())
            if getattr(config.job, role) in foreign
        }


@dataclass(frozen=True)
class SetupOptions:
    """What to do. None: ask, or use the default if there is no terminal."""

    choices: Choices = field(default_factory=Choices)
    install: bool | None = None
    pull: bool | None = None
    service: bool | None = None
    accept_licence: bool = False


def choices_of(language: str | None, targets: Sequence[str] | None, engines: str | None) -> Choices:
    """Return the choices given by command-line options. Raises UsageError."""
    if engines not in (None, *KITS):
        raise UsageError(f"{engines!r} is not a kind of engines.", remedy=f"Choose {alternatives(KITS)}.")
    wanted = {"language": language, "targets": [] if targets == ["none"] else targets or None}
    given = {name: value for name, value in wanted.items() if value is not None}
    try:
        options = JobOptions.model_validate(given)
    except ValidationError as error:
        raise UsageError(f"{first_problem(error)}.") from error
    kit = next((kit for kit in KITS if kit == engines), None)
    return Choices(language and options.language, options.targets if "targets" in given else None, kit)


def apply_choices(config: Config, choices: Choices) -> Config:
    """Return the configuration with the choices applied. Raises pydantic.ValidationError for an invalid language."""
    job: JobOptions = config.job.overridden(choices.settings(config))
    models = config.models.model_copy(update={"use": choices.models_in_use(config)})
    return config.model_copy(update={"job": job, "models": models})


def suggested_kit(offers: Mapping[str, Offer]) -> Kit:
    """Return the engines to suggest: quality if its packages are installed, otherwise the usual ones."""
    return "quality" if not missing_engines("quality", offers) else DEFAULT_KIT


def configured_kit(config: Config, offers: Mapping[str, Offer]) -> Kit:
    """Return the kit that a configuration uses; for `auto` and no model of its own, the suggested one."""
    if MODELS_OF_KITS["compact"].items() <= config.models.use.items():
        return "compact"
    return suggested_kit(offers) if config.job.transcriber == "auto" else "quality"


def missing_engines(kit: Kit, offers: Mapping[str, Offer]) -> list[str]:
    """Return the engines of a kit whose packages are not installed."""
    return [name for name in KITS[kit] if name in offers and offers[name].can_be_installed]


def after_install(kit: Kit, offers: Iterable[Offer]) -> list[Offer]:
    """Return the offers as they will be after the packages of a kit are installed."""
    return [replace(one, problem=None) if one.name in KITS[kit] and one.can_be_installed else one for one in offers]
