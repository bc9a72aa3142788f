"""The models with which the translators of a root translate between the languages of its settings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import product, takewhile
from pathlib import Path

from dropdub.config import JobOptions
from dropdub.engines.base import Engine
from dropdub.engines.bergamot import pairs as bergamot
from dropdub.engines.guide import measured_translator
from dropdub.engines.models.candidates import AUTO, Candidates, Use
from dropdub.engines.models.catalogue import brought_by_pair
from dropdub.engines.needs import translating
from dropdub.engines.offers import is_chosen
from dropdub.engines.quickmt import folders as quickmt
from dropdub.engines.readiness import is_ready
from dropdub.engines.translating.pairs import PIVOT, Pair, route
from dropdub.languages import primary, same_language

_MODEL_OF_PAIR: Mapping[str, Callable[[Path, str, str], str | None]] = {
    "bergamot": lambda _models_dir, *pair: bergamot.known_model(*pair),
    "quickmt": lambda models_dir, *pair: quickmt.complete_model(models_dir, *pair) or quickmt.known_model(*pair),
}
"""For engines with a model for each pair: the name of the one to use, of those that are there or can be downloaded."""


@dataclass(frozen=True)
class PairUses:
    """The uses of translators by a kind of job."""

    options: JobOptions
    candidates: Candidates

    def uses(self) -> Iterator[Use]:
        """Yield the models of the best translator; if it has one for each pair, the next one has the other pairs.

        For a pair of which only one translator was measured, that one comes first, unless a better one is ready.
        """
        engines, pairs = self._engines(), self._pairs()
        measured = [pair for pair in pairs if self._is_for_measured(pair, engines)]
        yield from (use for pair in measured for use in self._of_pairs(str(measured_translator(*pair)), [pair]))
        left = [pair for pair in pairs if pair not in measured]
        for engine in engines if left or not measured else ():
            if self._model_of_pair(engine) is None:
                yield from self.candidates.uses_of([engine])
                return
            yield from self._of_pairs(engine, left)
            left = [pair for pair in left if not self._models(engine, pair)]
            if not left:
                return

    def _engines(self) -> list[str]:
        """Return the named engine, or all that may be used, the best first."""
        if self.options.translator != AUTO:
            return [self.options.translator]
        if not self._translates():
            return []
        usable = self.candidates.usable
        chosen = [one for one in self.candidates.of_role("translator") if is_chosen(one.name, usable)]
        names, preferred = [one.name for one in chosen], self.candidates.preferred(chosen, self._translates_all)
        return names if preferred == names[:1] else preferred

    def _is_for_measured(self, pair: Pair, engines: Collection[str]) -> bool:
        """Return whether the model to get for a pair is that of the engine that was measured, whatever its rank."""
        measured = measured_translator(*pair)
        if measured is None or measured not in engines or not self._models(measured, pair):
            return False
        better = set(takewhile(lambda name: name != measured, engines))
        offers = (one for one in self.candidates.usable if one.name in better)
        return not any(is_ready(one, self.candidates.settings, translating(*pair).met_by) for one in offers)

    def _of_pairs(self, engine: str, pairs: Collection[Pair]) -> Iterator[Use]:
        yield from (Use(engine, name, self._only_from(pair)) for pair in pairs for name in self._models(engine, pair))

    def _models(self, engine: str, pair: Pair) -> tuple[str, ...]:
        """Return the models with which an engine translates a pair; empty if it cannot."""
        model = self._model_of_pair(engine)
        return route(*pair, model) if model else ()

    def _model_of_pair(self, engine: str) -> Callable[[str, str], str | None] | None:
        """Return what names the model of a pair, for an engine that has one for each; None if it has one for all."""
        settings = self.candidates.settings
        if engine in _MODEL_OF_PAIR:
            return partial(_MODEL_OF_PAIR[engine], settings.models_dir)
        brought = {} if engine in settings.models else brought_by_pair(engine)
        return (lambda source, target: brought.get((primary(source), primary(target)))) if brought else None

    def _translates(self) -> bool:
        """Return whether a recording may be in another language than a target."""
        language = self.options.language
        return any(language == AUTO or not same_language(language, target) for target in self.options.targets)

    def _translates_all(self, engine: Engine) -> bool:
        return all(translating(*pair).met_by(engine) for pair in self._pairs())

    def _only_from(self, pair: Pair) -> str | None:
        """Return the language of the only recordings that need a pair, if it is not known whether there are any."""
        return primary(pair[0]) if self.options.language == AUTO and pair[0] != PIVOT else None

    def _pairs(self) -> list[Pair]:
        """Return the pairs of different languages to translate.

        Of recordings in any language, those in English need the models that lead to the targets, and so do all others,
        which are translated through English. Besides, some may be in one of the targets, and have the others made. For
        recordings in further languages, nothing can be known in advance.
        """
        sources = [self.options.language] if self.options.language != AUTO else [PIVOT, *self.options.targets]
        return [pair for pair in dict.fromkeys(product(sources, self.options.targets)) if not same_language(*pair)]
