"""The shelf: engines by name or `auto`, loaded once and kept."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import EntryPoint
from typing import cast

import psutil

from dropdub.engines.base import (
    Announces,
    Diarizer,
    Engine,
    EngineSettings,
    HintsPair,
    NeedsModel,
    Separator,
    Synthesizer,
    TellsCoverage,
    Transcriber,
    Translator,
)
from dropdub.engines.languages import primary
from dropdub.engines.offers import Offer, installed_offers, named
from dropdub.engines.packages import install_command
from dropdub.errors import EngineMissing, FreshWorkerNeeded, UnsupportedLanguage, Waiting
from dropdub.quantities import format_size

AUTO = "auto"
OTHERWISE = "Or choose another engine in config.yaml. Then: jobs retry."

log = logging.getLogger("dropdub.engines")


@dataclass(frozen=True)
class _Need:
    """What a step asks of an engine. `does` and `does_not` say it for a sentence."""

    role: str
    met_by: Callable[[Engine], bool]
    does: str
    does_not: str
    pair: tuple[str, str] | None = None


class Shelf:
    """The engines of one worker. Not thread-safe.

    `entries` stands in for what the installed packages register. With `light_instead`, an engine whose model is not
    here is replaced by a light one, which `notices` tells; else the step waits for the model.
    """

    def __init__(
        self,
        entries: Iterable[EntryPoint] | None = None,
        *,
        settings: EngineSettings | None = None,
        light_instead: bool = False,
    ) -> None:
        self._entries = entries
        self._settings = settings or EngineSettings()
        self._light_instead = light_instead
        self._made: dict[str, Engine] = {}
        self._loaded: set[str] = set()
        self._used: dict[str, Engine] = {}
        self._replaced: dict[str, str] = {}

    def begin(self, *, squeeze: int = 0) -> None:
        """Begin a step: `notices` starts anew. `squeeze` counts how often the step ran out of memory before."""
        self._used.clear()
        self._replaced.clear()
        if squeeze > self._settings.squeeze:
            self._settings = replace(self._settings, squeeze=squeeze)
            self._made.clear()
            self._loaded.clear()

    def notices(self) -> list[str]:
        """Return what the step is to say of its engines: each fallback that held while it ran."""
        told = [
            one for engine in self._used.values() if isinstance(engine, Announces) for one in engine.announcements()
        ]
        return [*self._replaced.values(), *told]

    def describe(self) -> list[Offer]:
        """Return each offered engine, by role and descending rank, with its problem. Loads no model."""
        return list(self._offers.values())

    def preload(self, role: str, name: str) -> None:
        """Load an engine before a step asks for it; of `auto`, the best of the role that is usable here, if any.

        Raises EngineMissing.
        """
        if name != AUTO:
            self._ready(self._usable(name, role=role))
            return
        best = next((offer for offer in self._of_role(role) if offer.problem is None), None)
        if best is not None and self._model_missing(best) is None:
            self._ready(best)

    def transcriber(self, name: str, *, language: str | None = None) -> Transcriber:
        """Return a transcriber, which understands `language` if given.

        Raises EngineMissing and UnsupportedLanguage.
        """
        return cast(Transcriber, self._engine(name, _understanding(language)))

    def translator(self, name: str, *, source: str, target: str) -> Translator:
        """Return a translator of the pair. Raises EngineMissing and UnsupportedLanguage."""
        return cast(Translator, self._engine(name, _translating(source, target)))

    def synthesizer(self, name: str, *, language: str) -> Synthesizer:
        """Return a synthesizer that speaks the language. Raises EngineMissing and UnsupportedLanguage."""
        return cast(Synthesizer, self._engine(name, _speaking(language)))

    def diarizer(self, name: str) -> Diarizer | None:
        """Return a diarizer; of `auto`, None where none is installed. Raises EngineMissing for one that was named."""
        if name == AUTO and not any(offer.problem is None for offer in self._of_role(_DIARIZING.role)):
            return None
        return cast(Diarizer, self._engine(name, _DIARIZING))

    def separator(self, name: str) -> Separator | None:
        """Return a separator; of `auto`, None where none is installed. Raises EngineMissing for one that was named."""
        if name == AUTO and not any(offer.problem is None for offer in self._of_role(_SEPARATING.role)):
            return None
        return cast(Separator, self._engine(name, _SEPARATING))

    def require_pair(self, name: str, *, source: str, target: str) -> None:
        """Raise what `translator` would raise for a pair that is not possible here. Loads and waits for nothing."""
        with contextlib.suppress(Waiting):
            self._chosen(name, _translating(source, target))

    def _engine(self, name: str, need: _Need) -> Engine:
        return self._ready(self._chosen(name, need))

    def _chosen(self, name: str, need: _Need) -> Offer:
        return self._best(need) if name == AUTO else self._called(name, need)

    def _best(self, need: _Need) -> Offer:
        usable = [offer for offer in self._of_role(need.role) if offer.problem is None]
        if not usable:
            raise self._none_usable(need)
        for offer in usable:
            if need.met_by(self._instance(offer)):
                return self._with_model(offer, need)
        message = f"No installed {need.role} {need.does}. {self._coverage(usable)}".strip()
        raise UnsupportedLanguage(message, remedy=_hint(usable, need))

    def _with_model(self, offer: Offer, need: _Need) -> Offer:
        """Return the offer, where its model is here; else a light one, if that is allowed. Raises Waiting."""
        model = self._model_missing(offer)
        if model is None:
            return offer
        light = self._light(need) if self._light_instead else None
        if light is None:
            raise Waiting(
                f"The model '{model}' of the engine '{offer.name}' is not here.",
                condition="model",
                remedy=f"Get it with: jobs models pull {model}. It then goes on by itself.",
            )
        self._replaced[offer.name] = f"{light.name} did the work: the model '{model}' of {offer.name} is not here."
        return light

    def _light(self, need: _Need) -> Offer | None:
        usable = (offer for offer in self._of_role(need.role) if offer.problem is None)
        able = (offer for offer in usable if not isinstance(self._instance(offer), NeedsModel))
        return next((offer for offer in able if need.met_by(self._instance(offer))), None)

    def _model_missing(self, offer: Offer) -> str | None:
        engine = self._instance(offer)
        return engine.missing_model() if isinstance(engine, NeedsModel) else None

    def _called(self, name: str, need: _Need) -> Offer:
        offer = self._usable(name, role=need.role)
        if offer.role != need.role:
            message = f"The engine '{name}' is a {offer.role}, not a {need.role}. {self._present(need.role)}"
            raise EngineMissing(message)
        if not need.met_by(self._instance(offer)):
            message = f"The engine '{name}' {need.does_not}. {self._coverage([offer])}".strip()
            raise UnsupportedLanguage(message, remedy=_hint([offer], need))
        return self._with_model(offer, need)

    def _usable(self, name: str, *, role: str | None = None) -> Offer:
        offer = self._offers.get(name)
        if offer is None:
            command = install_command(name)
            remedy = f"Install it with: {command}. {OTHERWISE}" if command else None
            raise EngineMissing(f"The engine '{name}' is not installed. {self._present(role)}", remedy=remedy)
        if offer.problem is not None:
            raise EngineMissing(offer.problem, remedy=OTHERWISE)
        return offer

    def _ready(self, offer: Offer) -> Engine:
        engine = self._instance(offer)
        if offer.name not in self._loaded:
            self._refuse_mixture(offer.name, engine)
            _load(offer.name, engine)
            self._loaded.add(offer.name)
        self._used[offer.name] = engine
        return engine

    def _refuse_mixture(self, name: str, engine: Engine) -> None:
        """Refuse to load what computes with another library than what is loaded: on Windows the two crash together."""
        runtime = _runtime(engine)
        others = {_runtime(self._made[loaded]) for loaded in self._loaded} - {None, runtime}
        if runtime is not None and others:
            raise FreshWorkerNeeded(
                f"The engine '{name}' needs a worker that has not loaded {', '.join(map(str, others))}."
            )

    def _instance(self, offer: Offer) -> Engine:
        assert offer.engine is not None, "an offer without a problem has its class"
        if offer.name not in self._made:
            self._made[offer.name] = offer.engine(self._settings)
        return self._made[offer.name]

    @cached_property
    def _offers(self) -> dict[str, Offer]:
        return installed_offers(self._entries)

    def _of_role(self, role: str) -> list[Offer]:
        return [offer for offer in self._offers.values() if offer.role == role]

    def _present(self, role: str | None) -> str:
        """Return the sentence that names what is installed: of one role, or at all."""
        if role is None:
            return f"Installed engines: {named(self.describe())}."
        return f"Installed {role}s: {named(self._of_role(role))}."

    def _none_usable(self, need: _Need) -> EngineMissing:
        concerned = [offer for offer in self.describe() if offer.role in (need.role, "")]
        problems = " ".join(offer.problem for offer in concerned if offer.problem)
        message = f"No installed {need.role} can be used here. {problems}".strip()
        return EngineMissing(message, remedy=_hint(concerned, need))

    def _coverage(self, offers: Iterable[Offer]) -> str:
        told = ((offer.name, _coverage(self._instance(offer))) for offer in offers)
        return " ".join(f"{name} supports: {what}." for name, what in told if what)


_DIARIZING = _Need(
    "diarizer", lambda engine: isinstance(engine, Diarizer), "tells voices apart", "does not tell voices apart"
)

_SEPARATING = _Need(
    "separator",
    lambda engine: isinstance(engine, Separator),
    "takes voices out of sound",
    "does not take voices out of sound",
)


def _understanding(language: str | None) -> _Need:
    def met_by(engine: Engine) -> bool:
        if not isinstance(engine, Transcriber):
            return False
        return language is None or primary(language) in engine.languages()

    return _Need("transcriber", met_by, f"understands {language}", f"does not understand {language}")


def _translating(source: str, target: str) -> _Need:
    def met_by(engine: Engine) -> bool:
        return isinstance(engine, Translator) and engine.supports(source, target)

    way = f"from {source} to {target}"
    return _Need("translator", met_by, f"goes {way}", f"does not go {way}", pair=(source, target))


def _speaking(language: str) -> _Need:
    def met_by(engine: Engine) -> bool:
        return isinstance(engine, Synthesizer) and engine.supports(language)

    return _Need("synthesizer", met_by, f"speaks {language}", f"does not speak {language}")


def _coverage(engine: Engine) -> str | None:
    if isinstance(engine, TellsCoverage):
        return engine.coverage()
    if isinstance(engine, Transcriber):
        return ", ".join(sorted(engine.languages()))
    return None


def _hint(offers: Iterable[Offer], need: _Need) -> str | None:
    """Return the engines' own hints for a missing pair; None, for the usual remedy, where there are none."""
    if need.pair is None:
        return None
    engines: list[object] = [offer.engine for offer in offers]
    hints = (engine.hint(*need.pair) for engine in engines if isinstance(engine, HintsPair))
    return " ".join(hint for hint in hints if hint) or None


def _runtime(engine: Engine) -> str | None:
    return getattr(engine, "runtime", None)


def _refuse_without_memory(name: str, engine: Engine) -> None:
    """Raise Waiting where an engine would not fit into the memory that is free: better now than in the middle."""
    if not isinstance(engine, NeedsModel):
        return
    needed, free = engine.needs_bytes(), psutil.virtual_memory().available
    if needed > free:
        raise Waiting(
            f"The engine '{name}' needs {format_size(needed)} of memory; {format_size(free)} are free.",
            condition="memory",
            remedy="Close other programs, or choose a smaller model in config.yaml (models.use).",
        )


def _load(name: str, engine: Engine) -> None:
    """Load an engine, and log what that took: the numbers that the pools' limits are set by."""
    _refuse_without_memory(name, engine)
    process = psutil.Process()
    before, started = process.memory_info().rss, time.monotonic()
    engine.load()
    seconds, megabytes = time.monotonic() - started, (process.memory_info().rss - before) / 1e6
    device = engine.info().details.get("device", "cpu")
    log.info("engine loaded: name=%s device=%s seconds=%.2f memory_mb=%.0f", name, device, seconds, megabytes)
