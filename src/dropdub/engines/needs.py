"""What a step needs from an engine, with the words for error messages. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dropdub.engines.abilities import HasModelsByLanguage, HasModelsByPair, HintsLanguage, HintsPair, ReportsCoverage
from dropdub.engines.base import Diarizer, Engine, Separator, Synthesizer, Transcriber, Translator
from dropdub.languages import display_name, primary


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

    @property
    def to_translate(self) -> str:
        """The end of a sentence that says what a translator is needed for; empty for other roles."""
        if self.pair is None:
            return ""
        source, target = map(display_name, self.pair)
        return f", to translate from {source} to {target}"

    @property
    def to_speak(self) -> str:
        """The end of a sentence that says what a synthesizer is needed for; empty for other roles."""
        return f", to speak {display_name(self.language)}" if self.language is not None else ""


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


def hint_of(engine: object, need: Need) -> str | None:
    """Return an engine's own hint for a missing pair or language; None if it has none."""
    if need.pair is not None and isinstance(engine, HintsPair):
        return engine.hint(*need.pair)
    if need.language is not None and isinstance(engine, HintsLanguage):
        return engine.language_hint(need.language)
    return None


def missing_models(engine: Engine, need: Need) -> tuple[str, ...]:
    """Return the models with which an engine could translate the pair, or speak the language; empty if none could."""
    if need.pair is not None and isinstance(engine, HasModelsByPair):
        return engine.missing_models(*need.pair)
    if need.language is not None and isinstance(engine, HasModelsByLanguage):
        return engine.missing_models_for(need.language)
    return ()
