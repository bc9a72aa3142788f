"""The engine registry of a worker: engines by name or `auto`, loaded once and kept."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from functools import partial
from importlib.metadata import EntryPoint
from typing import cast

from dropdub.engines.abilities import KnowsVoices, UsesServer, WorksApart
from dropdub.engines.answers import announcements, package_of
from dropdub.engines.base import (
    Diarizer,
    Engine,
    EngineSettings,
    Separator,
    SoundMeter,
    Synthesizer,
    Transcriber,
    Translator,
)
from dropdub.engines.dnsmos import DnsMos
from dropdub.engines.loading import load_engine, refuse_mixture
from dropdub.engines.make_room import make_room
from dropdub.engines.models.catalogue import how_to_download
from dropdub.engines.needs import DIARIZING, SEPARATING, Need, speaking, translating, understanding
from dropdub.engines.offers import Offer, installed_offers, named
from dropdub.engines.packages import setup_command
from dropdub.engines.selection import AUTO, Selection
from dropdub.engines.unset import missing_setting
from dropdub.errors import FreshWorkerNeeded, VoiceMissing, Waiting


class EngineRegistry:
    """The engines of one worker. Not thread-safe.

    `entries` replaces the entry points of the installed packages; `left_out` and `report_import` are those of
    `installed_offers`. `auto` is the best engine that can do the step now:
    one whose model is missing counts only if there is no other. Then, and if it was named, the step waits for the
    model; with `fallback`, another engine is used instead of one that was named. `notices` reports an engine
    that is used in place of a better one whose model is missing. Steps also wait for engines of this package that
    are not installed.
    """

    def __init__(
        self,
        entries: Iterable[EntryPoint] | None = None,
        *,
        settings: EngineSettings | None = None,
        fallback: bool = False,
        left_out: Collection[str] = (),
        report_import: Callable[[str, str], None] | None = None,
    ) -> None:
        find = partial(installed_offers, entries, left_out=left_out, report_import=report_import)
        self._selection = Selection(find, settings or EngineSettings(), fallback=fallback)
        self._loaded: set[str] = set()
        self._used: dict[str, Engine] = {}
        self._earlier_notices: list[str] = []
        self._may_load = True
        self._meter, self._meter_loaded = DnsMos(self._settings), False
        self._report_use: Callable[[str], None] | None = None

    @property
    def _settings(self) -> EngineSettings:
        return self._selection.settings

    @contextlib.contextmanager
    def step(
        self, *, memory_failures: int = 0, report_use: Callable[[str], None] | None = None
    ) -> Iterator[EngineRegistry]:
        """Yield itself for one step. `memory_failures` counts how often the step ran out of memory before.

        `report_use` is called with the name and the package of an engine of another package before it is used.
        """
        self._report_use = report_use
        self._used, self._selection.notices, self._earlier_notices = {}, {}, []
        if memory_failures > self._settings.memory_failures:
            self._selection.restart(replace(self._settings, memory_failures=memory_failures))
            self._loaded.clear()
        yield self

    @contextlib.contextmanager
    def aside(
        self, *, memory_failures: int = 0, report_use: Callable[[str], None] | None = None
    ) -> Iterator[EngineRegistry]:
        """Yield itself for a step within another, which later finds it as it was.

        Raises FreshWorkerNeeded, also in the block, if it cannot be done with the engines that are loaded.
        """
        if memory_failures > self._settings.memory_failures:
            raise FreshWorkerNeeded("It ran out of memory, and needs a worker that uses less of it.")
        kept, could_load = (self.notices(), self._used, self._selection.notices), self._may_load
        reported, self._report_use = self._report_use, report_use
        self._used, self._selection.notices, self._earlier_notices, self._may_load = {}, {}, [], False
        try:
            with contextlib.ExitStack() as parts:
                for engine in self._working():
                    parts.enter_context(engine.apart())
                yield self
        finally:
            self.notices()  # engines forget what they have announced
            self._earlier_notices, self._used, self._selection.notices = kept
            self._may_load, self._report_use = could_load, reported

    def _working(self) -> list[WorksApart]:
        """Return the loaded engines that have hints and reports."""
        loaded = map(self._made, self._loaded)
        return [engine for engine in loaded if isinstance(engine, WorksApart)]

    def notices(self) -> list[str]:
        """Return a sentence for each fallback that was in effect during the step."""
        used = [self._selection.offers[name] for name in self._used]
        announced = [text for offer in used for text in self._selection.told(offer, announcements) or ()]
        return list(dict.fromkeys([*self._earlier_notices, *self._selection.notices.values(), *announced]))

    def describe(self) -> list[Offer]:
        """Return all offered engines, sorted by role and descending rank, with their problems. Loads no model."""
        return list(self._selection.offers.values())

    def usable(self, role: str) -> list[tuple[Engine, bool]]:
        """Return the engines of a role that can be used here, the best first, and whether each has its model.

        Loads nothing.
        """
        selection = self._selection
        offers = [offer for offer in selection.usable_of(role) if selection.told(offer, lambda _engine: True)]
        return [(selection.instance(offer), selection.has_model(offer)) for offer in offers]

    def preload(self, role: str, name: str) -> None:
        """Load an engine before a step needs it; for `auto`, the best of the role that is usable here, if any.

        One that uses a server is left alone. Raises EngineMissing.
        """
        if name != AUTO:
            best: Offer | None = self._selection.usable(name, role=role)
        else:
            best = next(filter(self._selection.has_model, self._selection.usable_of(role)), None)
        if best is not None and not self._selection.ask(best, lambda engine: isinstance(engine, UsesServer)):
            self._ready(best)

    def transcriber(self, name: str, *, language: str | None = None) -> Transcriber:
        """Return a transcriber that understands `language`, if one is given.

        Raises EngineMissing and UnsupportedLanguage.
        """
        return cast(Transcriber, self._engine(name, understanding(language)))

    def translator(self, name: str, *, source: str, target: str) -> Translator:
        """Return a translator of the pair. Raises EngineMissing and UnsupportedLanguage."""
        return cast(Translator, self._engine(name, translating(source, target)))

    def translates(self, name: str, *, source: str, target: str) -> bool:
        """Return whether `translator` would return one now, without loading anything."""
        return self._is_ready(name, translating(source, target))

    def speaks(self, name: str, *, language: str) -> bool:
        """Return whether `synthesizer` would return one now, without loading anything."""
        return self._is_ready(name, speaking(language))

    def with_voice(self, name: str, *, language: str, voice: str) -> str:
        """Return the name of the synthesizer that has a voice of its own: for `auto` the best, if any; else `name`."""
        need = speaking(language)
        selection = self._selection
        for offer in selection.usable_of(need.role) if name == AUTO else ():
            is_ready = selection.is_able(offer, need) and selection.has_model(offer)
            if is_ready and selection.told(offer, lambda engine: _has_voice(engine, voice) is True):
                return offer.name
        return name

    def _is_ready(self, name: str, need: Need) -> bool:
        selection = self._selection
        if name == AUTO:
            return selection.ready_for(need) is not None
        offer = selection.offers.get(name)
        if offer is None or offer.problem is not None:
            return False
        if selection.told(offer, missing_setting) is not None:
            return False
        return selection.is_able(offer, need) and selection.has_model(offer)

    def synthesizer(self, name: str, *, language: str) -> Synthesizer:
        """Return a synthesizer that speaks the language. Raises EngineMissing and UnsupportedLanguage."""
        return cast(Synthesizer, self._engine(name, speaking(language)))

    def offers_diarizer(self, name: str) -> bool:
        """Return whether `diarizer` would return one. Loads nothing. Raises EngineMissing if a named one is missing."""
        if name == AUTO:
            return self._selection.ready_for(DIARIZING) is not None
        return bool(self._selection.called(name, DIARIZING))

    def lacking_diarizer(self, name: str) -> str | None:
        """Return what to download if, for `auto`, a diarizer is installed without its model; None if that is not why.

        Nothing waits for it: a job without a diarizer has one speaker.
        """
        able = self._selection.usable_of(DIARIZING.role) if name == AUTO and not self.offers_diarizer(name) else []
        model = next(filter(None, map(self._selection.missing_model, able)), None)
        if model is None:
            return None
        lacking = f"the model '{model}', which compares voices, is not installed"
        return f"All is one speaker's: {lacking}. {how_to_download(model)}."

    def diarizer(self, name: str) -> Diarizer | None:
        """Return a diarizer; for `auto`, None if none can be used. Raises EngineMissing if a named one is missing."""
        return cast(Diarizer, self._engine(name, DIARIZING)) if self.offers_diarizer(name) else None

    def separator(self, name: str) -> Separator | None:
        """Return a separator; for `auto`, None if none can be used now: a dub does not wait for what it can do without.

        Raises EngineMissing if a named one is missing, and waits for its model.
        """
        if name == AUTO and self._selection.ready_for(SEPARATING) is None:
            return None
        return cast(Separator, self._engine(name, SEPARATING))

    def no_separator(self) -> str:
        """Return why `auto` is no separator, as the end of a sentence, and the command that changes it."""
        usable = self._selection.usable_of(SEPARATING.role)
        for offer in usable:
            if model := self._selection.missing_model(offer):
                return f"the model '{model}' of the engine '{offer.name}' is not installed. {how_to_download(model)}."
        if failed := next((offer.name for offer in usable if offer.name in self._selection.notices), None):
            return self._selection.notices[failed]
        possible = [offer.name for offer in self._selection.of_role(SEPARATING.role) if offer.can_be_installed]
        how = f" Install one with: `{setup_command(possible[-1])}`." if possible else ""
        return f"no separator is installed.{how}"

    def measures_sound(self) -> bool:
        """Return whether `sound_meter` would return one. Loads nothing."""
        return self._meter.is_here

    def sound_meter(self) -> SoundMeter | None:
        """Return what rates the sound of speech; None if it is not installed. Raises EngineMissing if it is damaged."""
        if self._meter.is_here and not self._meter_loaded:
            self._meter.load()
            self._meter_loaded = True
        return self._meter if self._meter_loaded else None

    def require_pair(self, name: str, *, source: str, target: str) -> None:
        """Raise the error of `translator` if the pair is not possible here. Loads nothing and does not wait."""
        with contextlib.suppress(Waiting):
            self._selection.chosen(name, translating(source, target))

    def require_named(self, role: str, name: str) -> None:
        """Raise EngineMissing if an engine that is named, whether it is needed or not, is none of this role."""
        with contextlib.suppress(Waiting):
            if name != AUTO:
                self._selection.of_that_role(name, role)

    def require_transcriber(self, name: str, *, language: str | None) -> None:
        """Raise the error of `transcriber`, as `require_pair` does."""
        with contextlib.suppress(Waiting):
            self._selection.chosen(name, understanding(language))

    def require_synthesizer(self, name: str, *, language: str, voice: str | None) -> None:
        """Raise the error of `synthesizer`, as `require_pair` does, or VoiceMissing if it lacks a voice of its own."""
        with contextlib.suppress(Waiting):
            offer = self._selection.chosen(name, speaking(language))
            if voice is not None and self._lacks_voice(offer, voice):
                raise VoiceMissing(f"There is no voice '{voice}': neither in voices/ nor in {offer.name}.")

    def require_voice(self, name: str, voice: str) -> None:
        """Raise VoiceMissing if no usable synthesizer (or not the named one) has a voice of its own with this name."""
        usable = [offer for offer in self._selection.usable_of("synthesizer") if name in (AUTO, offer.name)]
        if usable and all(self._lacks_voice(offer, voice) for offer in usable):
            raise VoiceMissing(f"There is no voice '{voice}': neither in voices/ nor in {named(usable)}.")

    def require_diarizer(self, name: str) -> None:
        """Raise the error of `diarizer`, as `require_pair` does."""
        with contextlib.suppress(Waiting):
            self.offers_diarizer(name)

    def understood(self, name: str) -> frozenset[str] | None:
        """Return the languages that a transcriber understands, or any of them for `auto`; None if none is usable."""
        usable = [offer for offer in self._selection.usable_of("transcriber") if name in (AUTO, offer.name)]
        told = (self._selection.told(offer, _languages) for offer in usable)
        return frozenset().union(*filter(None, told)) or None

    def _lacks_voice(self, offer: Offer, voice: str) -> bool:
        """Return whether an engine knows its voices, and has none of this name."""
        has_voice = self._selection.ask(offer, lambda engine: _has_voice(engine, voice))
        return has_voice is False

    def _engine(self, name: str, need: Need) -> Engine:
        return self._ready(self._selection.chosen(name, need))

    def _ready(self, offer: Offer) -> Engine:
        engine = self._selection.ask(offer, lambda made: made)
        if offer.is_foreign and self._report_use is not None:
            self._report_use(f"the engine '{offer.name}' of the package {offer.package or package_of(type(engine))}")
        if offer.name not in self._loaded:
            if not self._may_load:
                raise FreshWorkerNeeded(f"The engine '{offer.name}' is not loaded in the worker that is busy.")
            refuse_mixture(offer.name, engine, map(self._made, self._loaded))
            make_room(engine, self._settings)
            load_engine(offer.name, engine)
            self._loaded.add(offer.name)
        self._used[offer.name] = engine
        return engine

    def _made(self, name: str) -> Engine:
        """Return an engine that was made before."""
        return self._selection.instance(self._selection.offers[name])


def _has_voice(engine: Engine, voice: str) -> bool | None:
    """Return whether an engine has a voice of its own of this name; None if it does not know its voices."""
    return bool(engine.has_voice(voice)) if isinstance(engine, KnowsVoices) else None


def _languages(engine: Engine) -> frozenset[str]:
    return engine.languages() if isinstance(engine, Transcriber) else frozenset()
