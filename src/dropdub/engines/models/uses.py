"""The models that a root's configuration requires."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from dropdub.config import Config, JobOptions
from dropdub.engines import hibari
from dropdub.engines.bergamot.pairs import PIVOT, ways
from dropdub.engines.kokoro import voices as kokoro
from dropdub.engines.models.catalogue import DEFAULT_MODELS, ENGINES_BY_PAIR, find
from dropdub.engines.offers import Offer
from dropdub.languages import primary, same_language

AUTO = "auto"
_CHOSEN_WITH = {"nllb": "transformers"}
"""An engine that `auto` asks a model for only if the other one is installed, too.

The libraries of NLLB come with faster-whisper, and so with the compact engines: that they are there does not mean that
anybody chose NLLB, whose model is 640 MB.
"""
_SPEAKS: Mapping[str, Callable[[str, Path], bool]] = {
    "hibari": lambda language, _folder: hibari.speaks(language),
    "kokoro": lambda language, models_dir: kokoro.speaks(
        language, models_dir / kokoro.VOICES_MODEL, models_dir / DEFAULT_MODELS["kokoro"]
    ),
}
"""For synthesizers with few languages: whether they speak one with the voices that are there."""


@dataclass(frozen=True)
class Use:
    """An engine of this root and its model: a name in `models.dir`, or a full path.

    `only_from`: the language of the only recordings that need the model, if it is not known whether there will be any.
    """

    engine: str
    model: str
    only_from: str | None = None

    def folder(self, models_dir: Path) -> Path:
        return models_dir / Path(self.model).expanduser()


def uses(config: Config, offers: Iterable[Offer], *, models_dir: Path) -> list[Use]:
    """Return the models that the job settings and profiles use, and those that `models.use` names.

    Translators and synthesizers count only if there are target languages, or if the engine is named. `offers` are the
    installed engines, the best of each role first; `models_dir` is the folder with the models and downloaded voices.
    """
    usable = [offer for offer in offers if offer.problem is None]
    models = {**DEFAULT_MODELS, **config.models.use}
    found = [use for options in config.all_options() for use in _Job(options, usable, models, models_dir).uses()]
    named = [Use(engine, model) for engine, model in config.models.use.items()]
    return _without_doubts([*found, *named])


def _without_doubts(found: Sequence[Use]) -> list[Use]:
    """Return each model once: with `only_from` only if no other use needs it in any case."""
    certain = {(use.engine, use.model) for use in found if use.only_from is None}
    return list(dict.fromkeys(use for use in found if not use.only_from or (use.engine, use.model) not in certain))


@dataclass(frozen=True)
class _Job:
    """A kind of job: its options, the engines that are `usable`, and the model of each engine that has one."""

    options: JobOptions
    usable: list[Offer]
    models: Mapping[str, str]
    models_dir: Path

    def uses(self) -> Iterator[Use]:
        for engine in dict.fromkeys([*self._transcribers(), *self._translators(), *self._synthesizers()]):
            if engine in ENGINES_BY_PAIR:
                yield from self._uses_of_pairs(engine)
            elif engine in self.models:
                yield Use(engine, self.models[engine])

    def _transcribers(self) -> list[str]:
        name = self.options.transcriber
        return [name] if name != AUTO else self._offered("transcriber")[:1]

    def _translators(self) -> list[str]:
        if self.options.translator != AUTO:
            return [self.options.translator]
        everything = {offer.name for offer in self.usable}
        chosen = [one for one in self._offered("translator") if _CHOSEN_WITH.get(one, one) in everything]
        return chosen[:1] if self._translates() else []

    def _translates(self) -> bool:
        """Return whether a recording may be in another language than a target."""
        language = self.options.language
        return any(language == AUTO or not same_language(language, target) for target in self.options.targets)

    def _synthesizers(self) -> Iterator[str]:
        """Yield the named engine, or the best for each target language."""
        if self.options.synthesizer != AUTO:
            yield self.options.synthesizer
            return
        for target in self.options.targets:
            able = (one for one in self._offered("synthesizer") if self._speaks(one, target))
            yield from list(able)[:1]

    def _offered(self, role: str) -> list[str]:
        return [offer.name for offer in self.usable if offer.role == role]

    def _speaks(self, synthesizer: str, language: str) -> bool:
        return synthesizer not in _SPEAKS or _SPEAKS[synthesizer](language, self.models_dir)

    def _uses_of_pairs(self, engine: str) -> Iterator[Use]:
        """Yield the models of all pairs, for each pair of the first way whose models are all known."""
        for source, target in self._pairs():
            only_from = primary(source) if self.options.language == AUTO and source != PIVOT else None
            known = (names for names in ways(source, target) if all(map(find, names)))
            yield from (Use(engine, name, only_from) for name in next(known, ()))

    def _pairs(self) -> Iterable[tuple[str, str]]:
        """Return the pairs of languages to translate.

        Of recordings in any language, those in English need the models that lead to the targets, and so do all others,
        which are translated through English. Besides, some may be in one of the targets, and have the others made. For
        recordings in further languages, nothing can be known in advance.
        """
        sources = [self.options.language] if self.options.language != AUTO else [PIVOT, *self.options.targets]
        return product(sources, self.options.targets)
