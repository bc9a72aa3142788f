"""The models that a root's configuration requires."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dropdub.config import Config, JobOptions
from dropdub.engines import hibari
from dropdub.engines.bergamot.pairs import PIVOT, ways
from dropdub.engines.kokoro import voices as kokoro
from dropdub.engines.models.catalogue import DEFAULT_MODELS, ENGINES_BY_PAIR, find
from dropdub.engines.offers import Offer
from dropdub.languages import same_language

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
    """An engine of this root and its model: a name in `models.dir`, or a full path."""

    engine: str
    model: str

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
    return list(dict.fromkeys([*found, *named]))


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
                yield from (Use(engine, model) for model in self._models_of_pairs())
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
        return chosen[:1] if self.options.targets else []

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

    def _models_of_pairs(self) -> Iterator[str]:
        """Yield the models of all pairs, for each pair of the first way whose models are all known."""
        for source, target in self._pairs():
            known = (names for names in ways(source, target) if all(map(find, names)))
            yield from next(known, ())

    def _pairs(self) -> Iterator[tuple[str, str]]:
        """Yield the pairs of languages to translate. Of a recording in any language, it can only be assumed that the
        other language is English.
        """
        for target in self.options.targets:
            if self.options.language != AUTO:
                yield self.options.language, target
            elif not same_language(target, PIVOT):
                yield PIVOT, target
                yield target, PIVOT
