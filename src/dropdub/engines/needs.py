"""What a step asks of an engine, and how an engine that cannot give it is told of in a sentence. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from dropdub.engines.base import (
    Diarizer,
    Engine,
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
    """What a step asks of an engine. `does` and `does_not` say it for a sentence."""

    role: str
    met_by: Callable[[Engine], bool]
    does: str
    does_not: str
    pair: tuple[str, str] | None = None


DIARIZING = Need(
    "diarizer", lambda engine: isinstance(engine, Diarizer), "tells voices apart", "does not tell voices apart"
)

SEPARATING = Need(
    "separator",
    lambda engine: isinstance(engine, Separator),
    "takes voices out of sound",
    "does not take voices out of sound",
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

    way = f"from {source} to {target}"
    return Need("translator", met_by, f"goes {way}", f"does not go {way}", pair=(source, target))


def speaking(language: str) -> Need:
    def met_by(engine: Engine) -> bool:
        return isinstance(engine, Synthesizer) and engine.supports(language)

    return Need("synthesizer", met_by, f"speaks {language}", f"does not speak {language}")


def coverage(engine: Engine) -> str | None:
    if isinstance(engine, ReportsCoverage):
        return engine.coverage()
    if isinstance(engine, Transcriber):
        return ", ".join(sorted(engine.languages()))
    return None


def hint(offers: Iterable[Offer], need: Need) -> str | None:
    """Return the engines' own hints for a missing pair; None, for the usual remedy, where there are none."""
    if need.pair is None:
        return None
    engines: list[object] = [offer.engine for offer in offers]
    hints = (engine.hint(*need.pair) for engine in engines if isinstance(engine, HintsPair))
    return " ".join(hint for hint in hints if hint) or None
