"""The engine registry of a worker: engines by name or `auto`, loaded once and kept."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from importlib.metadata import EntryPoint
from typing import cast

from dropdub.engines.answers import blaming, package_of
from dropdub.engines.base import (
    Announces,
    Diarizer,
    Engine,
    EngineSettings,
    HasModelsByLanguage,
    HasModelsByPair,
    KnowsVoices,
    NeedsModel,
    Separator,
    SoundMeter,
    Synthesizer,
    Transcriber,
    Translator,
    UsesServer,
    WorksApart,
    message_and_remedy,
)
from dropdub.engines.dnsmos import DnsMos
from dropdub.engines.loading import load_engine, refuse_mixture
from dropdub.engines.make_room import make_room
from dropdub.engines.models.catalogue import find, how_to_download
from dropdub.engines.models.misnamed import refuse_misnamed
from dropdub.engines.needs import DIARIZING, SEPARATING, Need, coverage, hint, speaking, translating, understanding
from dropdub.engines.offers import Offer, installed_offers, is_chosen, named
from dropdub.engines.packages import install_command, setup_command
from dropdub.engines.unset import missing_setting
from dropdub.errors import (
    EngineFailed,
    EngineMissing,
    EngineNotInstalled,
    FreshWorkerNeeded,
    UnsupportedLanguage,
    VoiceMissing,
    Waiting,
)
from dropdub.installation import packages_stamp
from dropdub.languages import display_name

AUTO = "auto"
OTHERWISE = "Or choose another engine in config.yaml. Then run: `dropdub retry JOB`."


class EngineRegistry:
    """The engines of one worker. Not thread-safe.

    `entries` replaces the entry points of the installed packages. `auto` is the best engine that can do the step now:
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
    ) -> None:
        self._entries = entries
        self._settings = settings or EngineSettings()
        self._fallback = fallback
        self._made: dict[str, Engine] = {}
        self._loaded: set[str] = set()
        self._used: dict[str, Engine] = {}
        self._replaced: dict[str, str] = {}
        self._earlier_notices: list[str] = []
        self._may_load = True
        self._meter, self._meter_loaded = DnsMos(self._settings), False
        self._report_use: Callable[[str], None] | None = None
        self._packages = packages_stamp()

    @contextlib.contextmanager
    def step(
        self, *, memory_failures: int = 0, report_use: Callable[[str], None] | None = None
    ) -> Iterator[EngineRegistry]:
        """Yield itself for one step. `memory_failures` counts how often the step ran out of memory before.

        `report_use` is called with the name and the package of an engine of another package before it is used.
        """
        self._report_use = report_use
        self._used, self._replaced, self._earlier_notices = {}, {}, []
        if memory_failures > self._settings.memory_failures:
            self._settings = replace(self._settings, memory_failures=memory_failures)
            self._made.clear()
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
        kept, could_load = (self.notices(), self._used, self._replaced), self._may_load
        reported, self._report_use = self._report_use, report_use
        self._used, self._replaced, self._earlier_notices, self._may_load = {}, {}, [], False
        try:
            with contextlib.ExitStack() as parts:
                for engine in self._working():
                    parts.enter_context(engine.apart())
                yield self
        finally:
            self.notices()  # engines forget what they have announced
            self._earlier_notices, self._used, self._replaced = kept
            self._may_load, self._report_use = could_load, reported

    def _working(self) -> list[WorksApart]:
        """Return the loaded engines that have hints and reports."""
        loaded = (self._made[name] for name in self._loaded)
        return [engine for engine in loaded if isinstance(engine, WorksApart)]

    def notices(self) -> list[str]:
        """Return a sentence for each fallback that was in effect during the step."""
        announced = [
            one for engine in self._used.values() if isinstance(engine, Announces) for one in engine.announcements()
        ]
        return list(dict.fromkeys([*self._earlier_notices, *self._replaced.values(), *announced]))

    def describe(self) -> list[Offer]:
        """Return all offered engines, sorted by role and descending rank, with their problems. Loads no model."""
        return list(self._offers.values())

    def usable(self, role: str) -> list[tuple[Engine, bool]]:
        """Return the engines of a role that can be used here, the best first, and whether each has its model.

        Loads nothing.
        """
        offers = [offer for offer in self._usable_of(role) if self._asked(offer, lambda _engine: True)]
        return [(self._instance(offer), self._has_model(offer)) for offer in offers]

    def preload(self, role: str, name: str) -> None:
        """Load an engine before a step needs it; for `auto`, the best of the role that is usable here, if any.

        One that uses a server is left alone. Raises EngineMissing.
        """
        if name != AUTO:
            best: Offer | None = self._usable(name, role=role)
        else:
            best = next(filter(self._has_model, self._usable_of(role)), None)
        if best is not None and not isinstance(self._instance(best), UsesServer):
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
        for offer in self._usable_of(need.role) if name == AUTO else ():
            if not (self._asked(offer, need.met_by) and self._has_model(offer)):
                continue
            engine = self._instance(offer)
            if isinstance(engine, KnowsVoices) and engine.has_voice(voice):
                return offer.name
        return name

    def _is_ready(self, name: str, need: Need) -> bool:
        if name == AUTO:
            return self._ready_for(need) is not None
        offer = self._offers.get(name)
        if offer is None or offer.problem is not None or missing_setting(self._instance(offer)):
            return False
        return need.met_by(self._instance(offer)) and self._model_missing(offer) is None

    def synthesizer(self, name: str, *, language: str) -> Synthesizer:
        """Return a synthesizer that speaks the language. Raises EngineMissing and UnsupportedLanguage."""
        return cast(Synthesizer, self._engine(name, speaking(language)))

    def offers_diarizer(self, name: str) -> bool:
        """Return whether `diarizer` would return one. Loads nothing. Raises EngineMissing if a named one is missing."""
        if name == AUTO:
            return self._ready_for(DIARIZING) is not None
        return bool(self._called(name, DIARIZING))

    def lacking_diarizer(self, name: str) -> str | None:
        """Return what to download if, for `auto`, a diarizer is installed without its model; None if that is not why.

        Nothing waits for it: a job without a diarizer has one speaker.
        """
        able = self._usable_of(DIARIZING.role) if name == AUTO and not self.offers_diarizer(name) else []
        model = next(filter(None, map(self._model_to_get, able)), None)
        return f"The voices were not compared, so all is one speaker's. {how_to_download(model)}." if model else None

    def diarizer(self, name: str) -> Diarizer | None:
        """Return a diarizer; for `auto`, None if none can be used. Raises EngineMissing if a named one is missing."""
        return cast(Diarizer, self._engine(name, DIARIZING)) if self.offers_diarizer(name) else None

    def separator(self, name: str) -> Separator | None:
        """Return a separator; for `auto`, None if none can be used now: a dub does not wait for what it can do without.

        Raises EngineMissing if a named one is missing, and waits for its model.
        """
        if name == AUTO and self._ready_for(SEPARATING) is None:
            return None
        return cast(Separator, self._engine(name, SEPARATING))

    def no_separator(self) -> str:
        """Return why `auto` is no separator, as the end of a sentence, and the command that changes it."""
        usable = self._usable_of(SEPARATING.role)
        for offer in usable:
            if model := self._model_to_get(offer):
                return f"the model '{model}' of the engine '{offer.name}' is not installed. {how_to_download(model)}."
        possible = [offer.name for offer in self._of_role(SEPARATING.role) if offer.can_be_installed]
        how = f" Install one with: `{setup_command(possible[-1])}`." if possible else ""
        return f"no separator {'can be used here' if usable else 'is installed'}.{how}"

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
            self._chosen(name, translating(source, target))

    def require_named(self, role: str, name: str) -> None:
        """Raise EngineMissing if an engine that is named, whether it is needed or not, is none of this role."""
        with contextlib.suppress(Waiting):
            if name != AUTO:
                self._of_that_role(name, role)

    def require_transcriber(self, name: str, *, language: str | None) -> None:
        """Raise the error of `transcriber`, as `require_pair` does."""
        with contextlib.suppress(Waiting):
            self._chosen(name, understanding(language))

    def require_synthesizer(self, name: str, *, language: str, voice: str | None) -> None:
        """Raise the error of `synthesizer`, as `require_pair` does, or VoiceMissing if it lacks a voice of its own."""
        with contextlib.suppress(Waiting):
            offer = self._chosen(name, speaking(language))
            engine = self._instance(offer)
            if voice is not None and isinstance(engine, KnowsVoices) and not engine.has_voice(voice):
                raise VoiceMissing(f"There is no voice '{voice}': neither in voices/ nor in {offer.name}.")

    def require_voice(self, name: str, voice: str) -> None:
        """Raise VoiceMissing if no usable synthesizer (or not the named one) has a voice of its own with this name."""
        usable = [offer for offer in self._usable_of("synthesizer") if name in (AUTO, offer.name)]
        engines = list(map(self._instance, usable))
        if engines and all(isinstance(one, KnowsVoices) and not one.has_voice(voice) for one in engines):
            raise VoiceMissing(f"There is no voice '{voice}': neither in voices/ nor in {named(usable)}.")

    def require_diarizer(self, name: str) -> None:
        """Raise the error of `diarizer`, as `require_pair` does."""
        with contextlib.suppress(Waiting):
            self.offers_diarizer(name)

    def understood(self, name: str) -> frozenset[str] | None:
        """Return the languages that a transcriber understands, or any of them for `auto`; None if none is usable."""
        usable = [offer for offer in self._usable_of("transcriber") if name in (AUTO, offer.name)]
        engines = map(self._instance, usable)
        return frozenset().union(*(one.languages() for one in engines if isinstance(one, Transcriber))) or None

    def _engine(self, name: str, need: Need) -> Engine:
        return self._ready(self._chosen(name, need))

    def _chosen(self, name: str, need: Need) -> Offer:
        return self._best(need) if name == AUTO else self._called(name, need)

    def _best(self, need: Need) -> Offer:
        """Return the engine of the highest rank that can do it now; if each lacks its model, wait for the smallest."""
        usable = self._usable_of(need.role)
        if not usable:
            raise self._none_usable(need)
        able = [offer for offer in usable if self._asked(offer, need.met_by)]
        ready = self._ready_for(need)
        if ready is not None:
            self._report_better(ready, able)
            return ready
        lacking = self._lacking(usable, need)
        if lacking:
            raise _waiting_for(need, lacking, otherwise=self._for_all(able, lacking, need))
        if able:
            raise self._waiting(able[0], need)
        message = f"No installed {need.role} {need.does}. {self._coverage(usable)}".strip()
        raise UnsupportedLanguage(message, remedy=hint(usable, need))

    def _report_better(self, chosen: Offer, able: Iterable[Offer]) -> None:
        """Note that an engine stands in for a better one that was chosen, too, and whose model is missing."""
        usable = self._offers.values()
        better = next(offer for offer in able if offer is chosen or is_chosen(offer.name, usable))
        if better is not chosen:
            self._replace(better, chosen)

    def _with_model(self, offer: Offer, need: Need) -> Offer:
        """Return the offer if its model is here; else another one, if that is allowed. Raises Waiting."""
        if self._model_missing(offer) is None:
            return offer
        other = self._ready_for(need) if self._fallback else None
        if other is None:
            raise self._waiting(offer, need)
        self._replace(offer, other)
        return other

    def _replace(self, better: Offer, chosen: Offer) -> None:
        model = str(self._model_missing(better))
        notice = f"Used {chosen.name}, because the model '{model}' of {better.name} is not installed."
        self._replaced[better.name] = f"{notice} {how_to_download(model)}." if find(model) else notice

    def _waiting(self, offer: Offer, need: Need) -> Waiting:
        """Return the error that waits for a model. Raises EngineMissing if it can never be there."""
        if packages_stamp() != self._packages:  # an engine that was installed since may be able to do it
            raise FreshWorkerNeeded("Packages were installed after this worker started.")
        model = self._model_missing(offer)
        refuse_misnamed(self._settings, offer.name, str(model))
        return Waiting(
            f"The model '{model}' of the engine '{offer.name}' is not installed{_for_pair(need)}.",
            condition="model",
            remedy=f"{how_to_download(str(model))}. The job then resumes automatically.",
        )

    def _for_all(self, able: Sequence[Offer], lacking: Sequence[str], need: Need) -> str:
        """Return sentences on the best engine that needs one model for all languages; empty if there is none."""
        if not able:
            return ""
        model = str(self._model_missing(able[0]))
        all_of_them = "serves all its pairs" if need.pair else "serves all its languages"
        what = all_of_them if _size(model) < sum(map(_size, lacking)) else "is larger"
        known = find(model)
        licence = ", and not for commercial use" if known and known.licence.commercial == "no" else ""
        return f" Or use {able[0].name}, whose model '{model}' {what}{licence}. {how_to_download(model)}."

    def _lacking(self, offers: Iterable[Offer], need: Need) -> tuple[str, ...]:
        """Return the models with which one of the engines could translate the pair, or speak the language; empty if
        there are none.
        """
        return next(filter(None, (_missing_models(self._instance(offer), need) for offer in offers)), ())

    def _ready_for(self, need: Need) -> Offer | None:
        """Return the engine of the highest rank that can do it and has its model."""
        able = (offer for offer in self._usable_of(need.role) if self._asked(offer, need.met_by))
        return next(filter(self._has_model, able), None)

    def _has_model(self, offer: Offer) -> bool:
        return self._asked(offer, lambda _engine: self._model_missing(offer) is None)

    def _asked(self, offer: Offer, question: Callable[[Engine], bool]) -> bool:
        """Return whether an engine says yes; False if that fails, which is noticed: it must not hide the others."""
        try:
            with blaming(offer.name, offer.engine or object):
                return question(self._instance(offer))
        except EngineFailed as error:
            self._replaced[offer.name] = error.message
            return False

    def _model_to_get(self, offer: Offer) -> str | None:
        """Return the model that an engine lacks; None if it lacks none, or fails when it is asked."""
        with contextlib.suppress(EngineFailed), blaming(offer.name, offer.engine or object):
            return self._model_missing(offer)
        return None

    def _model_missing(self, offer: Offer) -> str | None:
        engine = self._instance(offer)
        return engine.missing_model() if isinstance(engine, NeedsModel) else None

    def _called(self, name: str, need: Need) -> Offer:
        offer = self._of_that_role(name, need.role)
        with blaming(name, offer.engine or object):
            is_met = need.met_by(self._instance(offer))
        if not is_met:
            if lacking := self._lacking([offer], need):
                raise _waiting_for(need, lacking)
            message = f"The engine '{name}' {need.does_not}. {self._coverage([offer])}".strip()
            raise UnsupportedLanguage(message, remedy=hint([offer], need))
        return self._with_model(offer, need)

    def _of_that_role(self, name: str, role: str) -> Offer:
        offer = self._usable(name, role=role)
        if offer.role != role:
            raise EngineMissing(f"The engine '{name}' is a {offer.role}, not a {role}. {self._present(role)}")
        with blaming(name, offer.engine or object):
            remedy = missing_setting(self._instance(offer))
        if remedy:
            raise EngineMissing(f"The engine '{name}' is not set up.", remedy=f"{remedy}\n{OTHERWISE}")
        return offer

    def _usable(self, name: str, *, role: str | None = None) -> Offer:
        offer = self._offers.get(name)
        if offer is None:
            command = install_command(name)
            remedy = f"Install it with:\n  {command}\n{OTHERWISE}" if command else None
            raise EngineMissing(f"The engine '{name}' is not installed. {self._present(role)}", remedy=remedy)
        if offer.can_be_installed:
            raise self._not_installed(f"The engine '{name}' is not installed.", setup_command(name))
        if offer.problem is not None:
            message, remedy = message_and_remedy(offer.problem)
            raise EngineMissing(message, remedy=f"{remedy}\n{OTHERWISE}".lstrip())
        return offer

    def _not_installed(self, message: str, command: str) -> EngineNotInstalled | FreshWorkerNeeded:
        """Return the error to raise for an engine that is not installed. If packages were installed since this worker
        started, a new worker must check again: pip may have replaced what this one has loaded.
        """
        if packages_stamp() != self._packages:
            return FreshWorkerNeeded("Packages were installed after this worker started.")
        return EngineNotInstalled(message, remedy=f"Install it with: `{command}`. The job then resumes automatically.")

    def _ready(self, offer: Offer) -> Engine:
        engine = self._instance(offer)
        if offer.is_foreign and self._report_use is not None:
            self._report_use(f"the engine '{offer.name}' of the package {offer.package or package_of(type(engine))}")
        if offer.name not in self._loaded:
            if not self._may_load:
                raise FreshWorkerNeeded(f"The engine '{offer.name}' is not loaded in the worker that is busy.")
            refuse_mixture(offer.name, engine, [self._made[loaded] for loaded in self._loaded])
            make_room(engine, self._settings)
            load_engine(offer.name, engine)
            self._loaded.add(offer.name)
        self._used[offer.name] = engine
        return engine

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

    def _usable_of(self, role: str) -> list[Offer]:
        """Return the offers of a role that `auto` may take."""
        usable = [offer for offer in self._of_role(role) if offer.problem is None]
        return [offer for offer in usable if not self._lacks_settings(offer)]

    def _lacks_settings(self, offer: Offer) -> bool:
        asks_server = offer.engine is not None and issubclass(offer.engine, UsesServer)
        return asks_server and not self._asked(offer, lambda engine: missing_setting(engine) is None)

    def _present(self, role: str | None) -> str:
        """Return a sentence that lists the installed engines, of one role or all of them."""
        if role is None:
            return f"Installed engines: {named(self.describe())}."
        return f"Installed {role}s: {named(self._of_role(role))}."

    def _none_usable(self, need: Need) -> EngineMissing | EngineNotInstalled | FreshWorkerNeeded:
        concerned = [offer for offer in self.describe() if offer.role in (need.role, "")]
        if any(offer.can_be_installed for offer in concerned):
            return self._not_installed(f"No {need.role} is installed.", setup_command())
        problems = [message_and_remedy(offer.problem) for offer in concerned if offer.problem]
        message = " ".join([f"No installed {need.role} can be used here.", *(problem for problem, _ in problems)])
        remedies = [remedy for _, remedy in problems if remedy]
        return EngineMissing(message, remedy=hint(concerned, need) or "\n".join(remedies) or None)

    def _coverage(self, offers: Iterable[Offer]) -> str:
        covered = ((offer.name, coverage(self._instance(offer))) for offer in offers)
        return " ".join(f"{name} supports: {what}." for name, what in covered if what)


def _missing_models(engine: Engine, need: Need) -> tuple[str, ...]:
    if need.pair is not None and isinstance(engine, HasModelsByPair):
        return engine.missing_models(*need.pair)
    if need.language is not None and isinstance(engine, HasModelsByLanguage):
        return engine.missing_models_for(need.language)
    return ()


def _waiting_for(need: Need, models: Sequence[str], *, otherwise: str = "") -> Waiting:
    named_models = " and ".join(f"'{model}'" for model in models)
    which, them = ("models", "them") if len(models) > 1 else ("model", "it")
    return Waiting(
        f"The {need.role} lacks the {which} {named_models}{_for_what(need)}.",
        condition="model",
        remedy=f"Download {them} with: `dropdub models pull {' '.join(models)}`.{otherwise} "
        "The job then resumes automatically.",
    )


def _size(model: str) -> int:
    """Return about how many bytes a model has; 0 if it is not known."""
    known = find(model)
    return known.download_bytes if known else 0


def _for_what(need: Need) -> str:
    """Return the end of a sentence that says what an engine is needed for; empty if any of its models can do it."""
    return _for_pair(need) if need.language is None else f", to speak {display_name(need.language)}"


def _for_pair(need: Need) -> str:
    """Return the end of a sentence that says what a translator is needed for; empty for other roles."""
    if need.pair is None:
        return ""
    source, target = map(display_name, need.pair)
    return f", to translate from {source} to {target}"
