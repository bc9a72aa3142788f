"""The languages of an engine, whatever its role is. Loads no model."""

from __future__ import annotations

from dropdub.engines.base import Engine, Synthesizer, Transcriber, Translator
from dropdub.languages import known_languages

PIVOT = "en"
"""A translator is asked about pairs with this language only: there are thousands of others."""


def languages_of(engine: Engine) -> list[str]:
    """Return the primary tags that an engine understands, speaks, or translates from or into English, in order."""
    if isinstance(engine, Transcriber):
        return sorted(engine.languages())
    if isinstance(engine, Synthesizer):
        return [tag for tag in known_languages() if engine.supports(tag)]
    if isinstance(engine, Translator):
        return _translated(engine)
    return []


def _translated(engine: Translator) -> list[str]:
    others = [tag for tag in known_languages() if tag != PIVOT]
    found = [tag for tag in others if engine.supports(PIVOT, tag) or engine.supports(tag, PIVOT)]
    return sorted([*found, PIVOT]) if found else []
