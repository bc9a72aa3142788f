"""The models that a root's configuration requires."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dropdub.config import Config, JobOptions
from dropdub.engines import hibari
from dropdub.engines.base import Engine
from dropdub.engines.kokoro import voices as kokoro
from dropdub.engines.models.candidates import AUTO, Candidates, Use
from dropdub.engines.models.catalogue import DEFAULT_MODELS, ENGINES_BY_LANGUAGE
from dropdub.engines.models.pair_uses import PairUses
from dropdub.engines.needs import speaking, understanding
from dropdub.engines.offers import Offer
from dropdub.engines.pocket import languages as pocket
from dropdub.engines.readiness import could_do

_SPEAKS: Mapping[str, Callable[[str, Path], bool]] = {
    "hibari": lambda language, _folder: hibari.speaks(language),
    "kokoro": lambda language, models_dir: kokoro.speaks(
        language, models_dir / kokoro.VOICES_MODEL, models_dir / DEFAULT_MODELS["kokoro"]
    ),
    "pocket-tts": pocket.speaks,
}
"""For synthesizers with few languages: whether they speak one with the voices that are there."""


def uses(config: Config, offers: Iterable[Offer], *, models_dir: Path) -> list[Use]:
    """Return the models that the job settings and profiles use, and those that `models.use` names.

    Translators and synthesizers count only if there are target languages, or if the engine is named. `offers` are the
    installed engines, the best of each role first; `models_dir` is the folder with the models and downloaded voices.
    """
    candidates = Candidates.of(config, offers, models_dir)
    found = [use for options in config.all_options() for use in _Job(options, candidates).uses()]
    named = [Use(engine, model) for engine, model in config.models.use.items()]
    return _without_doubts([*found, *named])


def _without_doubts(found: Sequence[Use]) -> list[Use]:
    """Return each model once: with `only_from` only if no other use needs it in any case."""
    certain = {(use.engine, use.model) for use in found if use.only_from is None}
    return list(dict.fromkeys(use for use in found if not use.only_from or (use.engine, use.model) not in certain))


@dataclass(frozen=True)
class _Job:
    """A kind of job: its options, and the engines that it may use."""

    options: JobOptions
    candidates: Candidates

    def uses(self) -> Iterator[Use]:
        of = self.candidates.uses_of
        yield from of(self._transcribers())
        yield from PairUses(self.options, self.candidates).uses()
        for engine in dict.fromkeys(self._synthesizers()):
            yield from self._uses_of_languages(engine) if engine in ENGINES_BY_LANGUAGE else of([engine])
        yield from of([*self._diarizers(), *self._separators()])

    def _transcribers(self) -> list[str]:
        return self._best("transcriber", self.options.transcriber, self._understands)

    def _synthesizers(self) -> Iterator[str]:
        """Yield the named engine, or the best for each target language."""
        if self.options.synthesizer != AUTO:
            yield self.options.synthesizer
            return
        for target in self.options.targets:
            able = [one for one in self.candidates.of_role("synthesizer") if self._speaks(one, target)]
            yield from self.candidates.preferred(able, speaking(target).met_by)

    def _diarizers(self) -> list[str]:
        """Return the named engine, or the best one, if the voices of recordings are compared."""
        return self._best("diarizer", self.options.diarizer) if self.options.compares_voices else []

    def _separators(self) -> list[str]:
        """Return the named engine, or the best, if voices are to be removed from the sound under a dub."""
        mix = self.options.mix
        separates = mix.separate and self.options.targets and mix.original != "mute"
        return self._best("separator", self.options.separator) if separates else []

    def _best(self, role: str, name: str, is_able: Callable[[Engine], bool] = lambda _engine: True) -> list[str]:
        """Return the named engine, or what `auto` is."""
        return [name] if name != AUTO else self.candidates.preferred(self.candidates.of_role(role), is_able)

    def _understands(self, engine: Engine) -> bool:
        language = self.options.language
        return understanding(None if language == AUTO else language).met_by(engine)

    def _speaks(self, offer: Offer, language: str) -> bool:
        if offer.is_foreign and offer.engine is not None:
            return could_do(offer, self.candidates.settings, speaking(language).met_by)
        models_dir = self.candidates.settings.models_dir
        return offer.name not in _SPEAKS or _SPEAKS[offer.name](language, models_dir)

    def _uses_of_languages(self, engine: str) -> Iterator[Use]:
        """Yield the models of the targets; if nobody named the engine, of those for which it is the best."""
        for target in self.options.targets:
            found = pocket.language_of(target)
            speaks = _SPEAKS[engine](target, self.candidates.settings.models_dir)
            if found and (self.options.synthesizer == engine or speaks):
                yield Use(engine, found.model)
