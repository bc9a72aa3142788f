"""The two engines that are compared: those that were named, or the two best that can be used."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeVar, get_args

import psutil

from dropdub.engines.abilities import NeedsModel
from dropdub.engines.answers import blaming
from dropdub.engines.base import LAST_RESORT, Engine
from dropdub.engines.licence import Commercial
from dropdub.engines.models.misnamed import refuse_misnamed
from dropdub.engines.needs import speaking, translating, understanding
from dropdub.engines.offers import Offer, installed_offers
from dropdub.engines.readiness import could_do
from dropdub.errors import EngineMissing, OutOfMemory, UsageError
from dropdub.files.durable import key
from dropdub.languages import UNDETERMINED, display_name
from dropdub.operations.engines import State, view_of
from dropdub.operations.models import RootModels
from dropdub.units import format_size

Role = Literal["transcriber", "translator", "synthesizer", "diarizer", "separator"]
ROLES: tuple[Role, ...] = get_args(Role)
OF_ANY_SOUND = frozenset({"diarizer", "separator"})
"""Roles whose engines do the same in all languages."""
SPARE_BYTES = 500_000_000
"""Memory that must stay free beside an engine, for the rest of the system."""
_BOTH = 2
T = TypeVar("T")


@dataclass(frozen=True)
class Need:
    """What both engines must be able to do. `language`: None if it is to be detected."""

    role: Role
    language: str | None
    target: str | None = None

    def met_by(self, engine: Engine) -> bool:
        if self.role in OF_ANY_SOUND:
            return True
        if self.role == "transcriber":
            return understanding(self.language).met_by(engine)
        language = self.language or UNDETERMINED
        needed = speaking(language) if self.target is None else translating(language, self.target)
        return needed.met_by(engine)

    @property
    def shown(self) -> str:
        """Return what an engine does not do if it does not meet this, as the end of a sentence."""
        if self.role == "translator":
            source, target = (display_name(one or UNDETERMINED) for one in (self.language, self.target))
            return f"does not translate from {source} to {target} with the models that are here"
        verb = "understand" if self.role == "transcriber" else "speak"
        return f"does not {verb} {display_name(self.language or UNDETERMINED)}"


@dataclass(frozen=True)
class Contender:
    """An engine that takes part. `model`: the one that it is to use instead of that in the settings, if any.

    `number`: 2 for the second one if both would have files of the same name.
    """

    engine: str
    model: str | None
    used_model: str | None
    licence: str
    commercial: Commercial
    needs_bytes: int
    number: int = 1

    @property
    def name(self) -> str:
        """Return its name, with the model if that was named."""
        return f"{self.engine} ({self.model})" if self.model else self.engine

    @property
    def with_model(self) -> str:
        """Return its name, with the model that it uses, if it has one of its own."""
        return f"{self.engine} ({self.used_model})" if self.used_model else self.engine

    @property
    def file_name(self) -> str:
        """Return the name as a part of a file's name."""
        name = f"{self.engine}-{Path(self.model).name}" if self.model else self.engine
        return name if self.number == 1 else f"{name}-{self.number}"

    @property
    def use(self) -> dict[str, str]:
        """Return the entry of `models.use` that selects its model."""
        return {self.engine: self.model} if self.model else {}


def contenders(root_models: RootModels, need: Need, named: Sequence[str]) -> tuple[Contender, Contender]:
    """Return the two engines to compare. `named`: `ENGINE` or `ENGINE:MODEL` each; empty for the two best usable.

    Raises UsageError, with the remedy, if one is unknown, has another role, lacks its package or model, or cannot do
    what is needed.
    """
    if named:
        chosen = [_named(root_models, need, one) for one in named]
        if len(chosen) != _BOTH or chosen[0] == chosen[1]:
            raise UsageError("Two different engines are compared.", remedy="Name them as: --engines NAME,NAME")
    else:
        chosen = _two_best(root_models, need)
    one, other = chosen
    return one, replace(other, number=2) if key(one.file_name) == key(other.file_name) else other


def best(root_models: RootModels, need: Need) -> Contender | None:
    """Return the best engine that can be used here; None if there is none, or only a last resort."""
    found = next(_usable(root_models, need), None)
    is_trusted = found is not None and installed_offers()[found.engine].rank > LAST_RESORT
    return found if is_trusted else None


def require_memory(contender: Contender) -> None:
    """Raise OutOfMemory if an engine needs more memory than is free beside what runs now, such as a daemon."""
    free = psutil.virtual_memory().available
    if contender.needs_bytes + SPARE_BYTES > free:
        needs = format_size(contender.needs_bytes)
        raise OutOfMemory(
            f"{contender.name} needs about {needs} of memory, and only {format_size(free)} are free.",
            remedy="Close other programs, or wait until the daemon's jobs have ended. Or name a smaller engine with "
            "--engines.",
        )


def _two_best(root_models: RootModels, need: Need) -> list[Contender]:
    usable = list(_usable(root_models, need))[:_BOTH]
    if len(usable) < _BOTH:
        there = f"Only {usable[0].name} can" if usable else "No engine can"
        lacking = [_condition(root_models, offer) for offer in _of_role(need.role)]
        remedies = [f"{problem} {remedy}" for problem, remedy in lacking if remedy]
        raise UsageError(f"{there} be used here as {need.role} for this file.", remedy="\n".join(remedies) or None)
    return usable


def _usable(root_models: RootModels, need: Need) -> Iterator[Contender]:
    for offer in _of_role(need.role):
        if not _condition(root_models, offer)[0] and could_do(offer, root_models.engine_settings, need.met_by):
            yield _contender(root_models, offer, None)


def _named(root_models: RootModels, need: Need, name: str) -> Contender:
    engine, _, model = name.partition(":")
    offer = installed_offers().get(engine)
    if offer is None or offer.role != need.role:
        others = ", ".join(one.name for one in _of_role(need.role)) or "none"
        problem = f"is no {need.role}" if offer else "is not installed"
        raise UsageError(f"The engine '{engine}' {problem}. Installed {need.role}s: {others}.")
    using = _with_model(root_models, engine, model)
    _refuse_misnamed(using, engine, model)
    problem, remedy = _condition(using, offer)
    if problem:
        raise UsageError(problem, remedy=remedy or None)
    if not _asked(using, offer, need.met_by):
        raise UsageError(f"The engine '{engine}' {need.shown}.", remedy=f"See what it needs: {_PAGE}")
    return _contender(using, offer, model or None)


_PAGE = "`dropdub engines list`"


def _refuse_misnamed(root_models: RootModels, engine: str, model: str) -> None:
    """Raise UsageError if a model that is named is another engine's, or misspelt."""
    try:
        if model:
            refuse_misnamed(root_models.engine_settings, engine, model)
    except EngineMissing as error:
        raise UsageError(error.message, remedy="See all models: `dropdub models list --all`") from error


def _with_model(root_models: RootModels, engine: str, model: str) -> RootModels:
    """Return the root's models with another one for an engine."""
    if not model:
        return root_models
    config = root_models.config
    models = config.models.model_copy(update={"use": {**config.models.use, engine: model}})
    return RootModels(config.model_copy(update={"models": models}), root_models.models_dir)


def _of_role(role: Role) -> list[Offer]:
    return [offer for offer in installed_offers().values() if offer.role == role]


def _condition(root_models: RootModels, offer: Offer) -> tuple[str, str]:
    """Return what is wrong with an engine, and the remedy; both are empty if it can be used."""
    view = view_of(offer, root_models)
    return ("", "") if view.state is State.USABLE else (view.problem, view.remedy)


def _asked(root_models: RootModels, offer: Offer, question: Callable[[Engine], T]) -> T:
    """Return what an engine answers. Raises EngineFailed, with its name, if it fails."""
    assert offer.engine is not None, "an engine that can be used has its class"
    with blaming(offer.name, offer.engine, level=logging.DEBUG):
        return question(offer.engine(root_models.engine_settings))


def _contender(root_models: RootModels, offer: Offer, model: str | None) -> Contender:
    view, needs = view_of(offer, root_models), _asked(root_models, offer, _needs_bytes)
    return Contender(offer.name, model, view.model, view.licence, view.commercial, needs)


def _needs_bytes(engine: Engine) -> int:
    return engine.needs_bytes() if isinstance(engine, NeedsModel) else 0
