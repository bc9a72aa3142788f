"""List the engines of a root: their roles, what their licences allow, and whether they can be used."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from dropdub.config import Config
from dropdub.engines.abilities import NeedsModel
from dropdub.engines.answers import blaming
from dropdub.engines.base import EngineSettings, message_and_remedy
from dropdub.engines.licence import Commercial
from dropdub.engines.models.catalogue import brought_by_pair, default_models, how_to_download
from dropdub.engines.offers import ASK_AUTHORS, Offer, installed_offers
from dropdub.engines.packages import setup_command
from dropdub.engines.terms import terms_of_use
from dropdub.engines.unset import missing_setting
from dropdub.errors import EngineFailed
from dropdub.operations.models import RootModels


class State(StrEnum):
    """Whether an engine can be used here."""

    USABLE = "usable"
    LACKS_PACKAGE = "lacks package"
    LACKS_MODEL = "lacks model"
    NOT_SET_UP = "not set up"
    UNUSABLE = "unusable"


@dataclass(frozen=True)
class EngineView:
    """An engine, as in `dropdub engines list --json`.

    `model`: the one that it uses, null if that is in its package or depends on the languages. `commercial`: whether
    results may be used commercially. `problem` and `remedy` are sentences, empty for a usable engine. `configured`: the
    settings name it, rather than `auto`.
    """

    name: str
    role: str
    model: str | None
    licence: str
    commercial: Commercial
    state: State
    problem: str
    remedy: str
    configured: bool


def list_engines(root: Path) -> list[EngineView]:
    """Return all installed engines by role, the best first. Loads no model. Raises ConfigError."""
    root_models = RootModels.of(root)
    return [view_of(offer, root_models) for offer in installed_offers().values()]


def view_of(offer: Offer, root_models: RootModels) -> EngineView:
    config = root_models.config
    usual = None if brought_by_pair(offer.name) else default_models().get(offer.name)
    model = config.models.use.get(offer.name, usual)
    terms = terms_of_use(offer.name, model)
    state, problem, remedy = _condition(offer, root_models.engine_settings)
    return EngineView(
        name=offer.name,
        role=offer.role,
        model=model,
        licence=terms.licence,
        commercial=terms.commercial,
        state=state,
        problem=problem,
        remedy=remedy,
        configured=_is_named(offer, config),
    )


def _condition(offer: Offer, settings: EngineSettings) -> tuple[State, str, str]:
    """Return whether an engine can be used, and if not, what is wrong and what to do."""
    if offer.problem is not None or offer.engine is None:
        problem, remedy = message_and_remedy(offer.problem or "")
        if offer.can_be_installed:
            return State.LACKS_PACKAGE, problem, f"Install it with: `{setup_command(offer.name)}`"
        return State.UNUSABLE, problem, remedy
    try:
        with blaming(offer.name, offer.engine, level=logging.DEBUG):
            engine = offer.engine(settings)
            unset = missing_setting(engine)
            missing = engine.missing_model() if isinstance(engine, NeedsModel) else None
    except EngineFailed as error:
        return State.UNUSABLE, error.message, ASK_AUTHORS
    if unset is not None:
        return State.NOT_SET_UP, f"{offer.name} lacks settings.", unset
    if missing is None:
        return State.USABLE, "", ""
    return State.LACKS_MODEL, f"The model '{missing}' of {offer.name} is not installed.", how_to_download(missing)


def _is_named(offer: Offer, config: Config) -> bool:
    return str(getattr(config.job, offer.role, "")) == offer.name
