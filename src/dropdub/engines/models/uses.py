"""The models that a root's configuration requires."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path

from dropdub.config import Config, JobOptions
from dropdub.engines import hibari
from dropdub.engines.base import LAST_RESORT, Engine, EngineSettings
from dropdub.engines.bergamot import pairs as bergamot
from dropdub.engines.kokoro import voices as kokoro
from dropdub.engines.models.catalogue import DEFAULT_MODELS, ENGINES_BY_LANGUAGE, brought_by_pair, default_models
from dropdub.engines.needs import speaking, translating, understanding
from dropdub.engines.offers import Offer, is_chosen
from dropdub.engines.pairs import PIVOT, Pair, route
from dropdub.engines.pocket import languages as pocket
from dropdub.engines.quickmt import folders as quickmt
from dropdub.engines.readiness import could_do, is_ready
from dropdub.engines.unset import remedy_for
from dropdub.language_server.server import Server
from dropdub.languages import primary, same_language

AUTO = "auto"
_MODEL_OF_PAIR: Mapping[str, Callable[[Path, str, str], str | None]] = {
    "bergamot": lambda _models_dir, *pair: bergamot.known_model(*pair),
    "quickmt": lambda models_dir, *pair: quickmt.complete_model(models_dir, *pair) or quickmt.known_model(*pair),
}
"""For engines with a model for each pair: the name of the one to use, of those that are there or can be downloaded."""
_SPEAKS: Mapping[str, Callable[[str, Path], bool]] = {
    "hibari": lambda language, _folder: hibari.speaks(language),
    "kokoro": lambda language, models_dir: kokoro.speaks(
        language, models_dir / kokoro.VOICES_MODEL, models_dir / DEFAULT_MODELS["kokoro"]
    ),
    "pocket-tts": pocket.speaks,
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
    settings = EngineSettings(models_dir, config.models.use, server=Server.of(config.models.openai))
    usable = [offer for offer in offers if offer.problem is None and remedy_for(offer, settings) is None]
    models = {**default_models(), **config.models.use}
    found = [use for options in config.all_options() for use in _Job(options, usable, models, settings).uses()]
    named = [Use(engine, model) for engine, model in config.models.use.items()]
    return _without_doubts([*found, *named])


def _without_doubts(found: Sequence[Use]) -> list[Use]:
    """Return each model once: with `only_from` only if no other use needs it in any case."""
    certain = {(use.engine, use.model) for use in found if use.only_from is None}
    return list(dict.fromkeys(use for use in found if not use.only_from or (use.engine, use.model) not in certain))


@dataclass(frozen=True)
class _Job:
    """A kind of job: its options, the engines that are `usable`, and the model of each engine that has one.

    `auto` is the best engine, as far as that is known before a job; but an engine of another package that has all it
    needs is used while the best one's model is missing: somebody installed it to be used. One of the `LAST_RESORT` only
    stands in.
    """

    options: JobOptions
    usable: list[Offer]
    models: Mapping[str, str]
    settings: EngineSettings

    def uses(self) -> Iterator[Use]:
        yield from self._with_their_models(self._transcribers())
        yield from self._of_translators()
        for engine in dict.fromkeys(self._synthesizers()):
            if engine in ENGINES_BY_LANGUAGE:
                yield from self._uses_of_languages(engine)
            else:
                yield from self._with_their_models([engine])
        yield from self._with_their_models([*self._diarizers(), *self._separators()])

    def _with_their_models(self, engines: Iterable[str]) -> Iterator[Use]:
        yield from (Use(engine, self.models[engine]) for engine in dict.fromkeys(engines) if engine in self.models)

    def _transcribers(self) -> list[str]:
        name = self.options.transcriber
        return [name] if name != AUTO else self._preferred(self._offered("transcriber"), self._understands)

    def _of_translators(self) -> Iterator[Use]:
        """Yield the models of the best translator; if it has one for each pair, the next one has the other pairs."""
        pairs = self._pairs()
        for engine in self._translators():
            model = self._model_of_pair(engine)
            if model is None:
                yield from self._with_their_models([engine])
                return
            names = {pair: route(*pair, model) for pair in pairs}
            yield from (Use(engine, name, self._only_from(pair)) for pair in pairs for name in names[pair])
            pairs = [pair for pair in pairs if not names[pair]]
            if not pairs:
                return

    def _translators(self) -> list[str]:
        """Return the named engine, or all that may be used, the best first."""
        if self.options.translator != AUTO:
            return [self.options.translator]
        if not self._translates():
            return []
        chosen = [one for one in self._offered("translator") if is_chosen(one.name, self.usable)]
        names, preferred = [one.name for one in chosen], self._preferred(chosen, self._translates_all)
        return names if preferred == names[:1] else preferred

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
            able = [one for one in self._offered("synthesizer") if self._speaks(one, target)]
            yield from self._preferred(able, speaking(target).met_by)

    def _diarizers(self) -> list[str]:
        """Return the named engine, or the best one, if the voices of recordings are compared."""
        if not self.options.compares_voices:
            return []
        if self.options.diarizer != AUTO:
            return [self.options.diarizer]
        return self._preferred(self._offered("diarizer"), lambda _engine: True)

    def _separators(self) -> list[str]:
        """Return the named engine, or the best, if voices are to be removed from the sound under a dub."""
        if not (self.options.mix.separate and self.options.targets) or self.options.mix.original == "mute":
            return []
        name = self.options.separator
        return [name] if name != AUTO else self._preferred(self._offered("separator"), lambda _engine: True)

    def _offered(self, role: str) -> list[Offer]:
        return [offer for offer in self.usable if offer.role == role]

    def _preferred(self, offers: Sequence[Offer], is_able: Callable[[Engine], bool]) -> list[str]:
        """Return the engine that `auto` is, if there is any: the best, or another package's that can work now."""
        ready = next((one for one in offers if is_ready(one, self.settings, is_able)), None)
        if ready is not None and ready.is_foreign and ready.rank > LAST_RESORT:
            return [ready.name]
        return [offer.name for offer in offers[:1]]

    def _understands(self, engine: Engine) -> bool:
        language = self.options.language
        return understanding(None if language == AUTO else language).met_by(engine)

    def _translates_all(self, engine: Engine) -> bool:
        return all(translating(*pair).met_by(engine) for pair in self._pairs())

    def _speaks(self, offer: Offer, language: str) -> bool:
        if offer.is_foreign and offer.engine is not None:
            return could_do(offer, self.settings, speaking(language).met_by)
        return offer.name not in _SPEAKS or _SPEAKS[offer.name](language, self.settings.models_dir)

    def _model_of_pair(self, engine: str) -> Callable[[str, str], str | None] | None:
        """Return what names the model of a pair, for an engine that has one for each; None if it has one for all."""
        if engine in _MODEL_OF_PAIR:
            return partial(_MODEL_OF_PAIR[engine], self.settings.models_dir)
        brought = {} if engine in self.settings.models else brought_by_pair(engine)
        return (lambda source, target: brought.get((primary(source), primary(target)))) if brought else None

    def _only_from(self, pair: Pair) -> str | None:
        """Return the language of the only recordings that need a pair, if it is not known whether there are any."""
        return primary(pair[0]) if self.options.language == AUTO and pair[0] != PIVOT else None

    def _uses_of_languages(self, engine: str) -> Iterator[Use]:
        """Yield the models of the targets; if nobody named the engine, of those for which it is the best."""
        for target in self.options.targets:
            found = pocket.language_of(target)
            if found and (self.options.synthesizer == engine or _SPEAKS[engine](target, self.settings.models_dir)):
                yield Use(engine, found.model)

    def _pairs(self) -> list[Pair]:
        """Return the pairs of different languages to translate.

        Of recordings in any language, those in English need the models that lead to the targets, and so do all others,
        which are translated through English. Besides, some may be in one of the targets, and have the others made. For
        recordings in further languages, nothing can be known in advance.
        """
        sources = [self.options.language] if self.options.language != AUTO else [PIVOT, *self.options.targets]
        return [pair for pair in dict.fromkeys(product(sources, self.options.targets)) if not same_language(*pair)]
