"""Engines that are used only if the settings name what they need."""

from __future__ import annotations

import logging
from contextlib import suppress

from dropdub.engines.abilities import UsesServer
from dropdub.engines.answers import blaming
from dropdub.engines.base import Engine, EngineSettings
from dropdub.engines.offers import Offer
from dropdub.errors import EngineFailed


def missing_setting(engine: Engine) -> str | None:
    """Return the remedy for settings that an engine lacks; None if it lacks none."""
    return engine.missing_setting() if isinstance(engine, UsesServer) else None


def remedy_for(offer: Offer, settings: EngineSettings) -> str | None:
    """Return the remedy if an engine lacks settings, so that `auto` may not take it; else None. Loads nothing."""
    if offer.engine is None or offer.problem is not None:
        return None
    if not issubclass(offer.engine, UsesServer):
        return None
    with suppress(EngineFailed), blaming(offer.name, offer.engine, level=logging.DEBUG):
        return missing_setting(offer.engine(settings))
    return None
