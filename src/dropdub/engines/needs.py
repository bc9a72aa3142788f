"""What a step needs from an engine, with the words for error messages. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from dropdub.engines.base import (
    Diarizer,
    Engine,
    HintsLanguage,
    HintsPair,
    ReportsCoverage,
    Separator,
    Synthesizer,
    Transcriber,
    Translator,
)
from dropdub.engines.offers import Offer
from dropdub.languages import primary


@dataclass(frozen=True)
class Need:
    """What a step needs from an engine. `does` and `does_not` are verb phrases for error messages."""

    role: str
    met_by: Callable[[Engine], bool]
    does: str
    does_not: str
    pair: tuple[str, str] | None = None
    language: str | None = None
    """The language that a synthesizer has to speak."""


DIARIZING = Need(
    "diarizer", lambda engine: isinstance(engine, Diarizer), "distinguishes speakers", "does not distinguish speakers"
)

SEPARATING = Need(
    "separator",
    lambda engine: isinstance(engine, Separator),
    "removes voices from sound",
    "does not remove voices from sound",
)


def understanding(language: str | None) -> Need:
    def met_by(engine: Engine) -> bool:
        if not isinstance(engine, Transcriber):
            return False
        return language is None or primary(language) in engine.languages()

    return Need("transcriber", met_by, f"understands {language}", f"does not understand {language}")


def translating(source: str, target: str) -> Need:
    def met_by(engine: Engine) -> bool:
        return isinstance(engine, Translator) and engine.supports(source, target)

    pair = f"from {source} to {target}"
    return Need("translator", met_by, f"translates {pair}", f"does not translate {pair}", pair=(source, target))


def speaking(language: str) -> Need:
    def met_by(engine: Engine) -> bool:
        return isinstance(engine, Synthesizer) and engine.supports(language)

    return Need("synthesizer", met_by, f"speaks {language}", f"does not speak {language}", language=language)


def coverage(engine: Engine) -> str | None:
    """Return what an engine supports, as the end of a sentence; None if it does not report that."""
    if isinstance(engine, ReportsCoverage):
        return engine.coverage()
    if isinstance(engine, Transcriber):
        return ", ".join(sorted(engine.languages()))
    return None


def hint(offers: Iterable[Offer], need: Need) -> str | None:
    """Return the engines' own hints for a missing pair or language; None, for the usual remedy, if there are none."""
    return "\n".join(one for offer in offers if (one := _hint_of(offer.engine, need))) or None


def _hint_of(engine: object, need: Need) -> str | None:
    if need.pair is not None and isinstance(engine, HintsPair):
        return engine.hint(*need.pair)
    if need.language is not None and isinstance(engine, HintsLanguage):
        return engine.language_hint(need.language)
    return None
