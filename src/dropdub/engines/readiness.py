"""Whether an engine could work now, asked without loading it."""

from __future__ import annotations

import logging
from collections.abc import Callable

from dropdub.engines.abilities import NeedsModel
from dropdub.engines.answers import blaming
from dropdub.engines.base import Engine, EngineSettings
from dropdub.engines.offers import Offer
from dropdub.errors import EngineFailed


def is_ready(offer: Offer, settings: EngineSettings, is_able: Callable[[Engine], bool] = lambda _engine: True) -> bool:
    """Return whether an engine is usable, has its model, and is able to do something, which it is asked last."""
    return could_do(offer, settings, lambda engine: _has_model(engine) and is_able(engine))


def could_do(offer: Offer, settings: EngineSettings, is_able: Callable[[Engine], bool]) -> bool:
    """Return whether a usable engine says that it is able; False if it cannot even be asked."""
    if offer.problem is not None or offer.engine is None:
        return False
    try:
        with blaming(offer.name, offer.engine, level=logging.DEBUG):
            return is_able(offer.engine(settings))
    except EngineFailed:
        return False


def failure(offer: Offer, settings: EngineSettings) -> str | None:
    """Return the sentence on a usable engine that fails while it is asked what it lacks; None if it answers."""
    if offer.problem is not None or offer.engine is None:
        return None
    try:
        with blaming(offer.name, offer.engine, level=logging.DEBUG):
            _has_model(offer.engine(settings))
    except EngineFailed as error:
        return error.message
    return None


def _has_model(engine: Engine) -> bool:
    return not isinstance(engine, NeedsModel) or engine.missing_model() is None
