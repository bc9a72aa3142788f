"""Which engine does a step: the one that is named, or for `auto` the best that can do it now. Loads nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import cached_property
from typing import TypeVar

from dropdub.engines.abilities import NeedsModel, UsesServer
from dropdub.engines.answers import blaming
from dropdub.engines.base import Engine, EngineSettings, message_and_remedy
from dropdub.engines.guide import measured_translator
from dropdub.engines.models.catalogue import find, how_to_download
from dropdub.engines.models.misnamed import refuse_misnamed
from dropdub.engines.needs import Need, coverage, hint_of, missing_models
from dropdub.engines.offers import Offer, is_chosen, named
from dropdub.engines.packages import install_command, setup_command
from dropdub.engines.unset import missing_setting
from dropdub.errors import (
    EngineFailed,
    EngineMissing,
    EngineNotInstalled,
    FreshWorkerNeeded,
    UnsupportedLanguage,
    Waiting,
)
from dropdub.installation import packages_stamp

AUTO = "auto"
OTHERWISE = "Or choose another engine in config.yaml. Then run: `dropdub retry JOB`."
T = TypeVar("T")


class Selection:
    """Selects engines from those that are installed. Not thread-safe.

    `find_offers` returns the offers by name, once. With `fallback`, another engine is used instead of one that was
    named and whose model is missing. `notices` are sentences by engine: that another one is used instead,
    or that it fails while it is asked, which must not hide the others.
    """

    def __init__(
        self, find_offers: Callable[[], dict[str, Offer]], settings: EngineSettings, *, fallback: bool
    ) -> None:
        self.settings = settings
        self.notices: dict[str, str] = {}
        self._find_offers, self._fallback = find_offers, fallback
        self._made: dict[str, Engine] = {}
        self._packages = packages_stamp()

    @cached_property
    def offers(self) -> dict[str, Offer]:
        """All offered engines, by name, sorted by role and descending rank."""
        return self._find_offers()

    def restart(self, settings: EngineSettings) -> None:
        """Make all engines again, with other settings."""
        self.settings = settings
        self._made.clear()

    def chosen(self, name: str, need: Need) -> Offer:
        """Return the engine for a step. Raises EngineMissing, UnsupportedLanguage, EngineFailed and Waiting."""
        return self._best(need) if name == AUTO else self.called(name, need)

    def instance(self, offer: Offer) -> Engine:
        """Return the engine, which is made once; its package may raise anything."""
        assert offer.engine is not None, "an offer without a problem has its class"
        if offer.name not in self._made:
            self._made[offer.name] = offer.engine(self.settings)
        return self._made[offer.name]

    def ask(self, offer: Offer, question: Callable[[Engine], T]) -> T:
        """Return what an engine answers. Raises EngineFailed, with its name, if it fails."""
        with blaming(offer.name, offer.engine or object):
            return question(self.instance(offer))

    def told(self, offer: Offer, question: Callable[[Engine], T]) -> T | None:
        """Return what an engine answers; None if it fails, which is noticed."""
        try:
            return self.ask(offer, question)
        except EngineFailed as error:
            self.notices[offer.name] = error.message
            return None

    def missing_model(self, offer: Offer) -> str | None:
        """Return the model that an engine lacks; None if it lacks none, or fails while it is asked."""
        return self.told(offer, _missing_model)

    def has_model(self, offer: Offer) -> bool:
        return bool(self.told(offer, lambda engine: _missing_model(engine) is None))

    def is_able(self, offer: Offer, need: Need) -> bool:
        return bool(self.told(offer, need.met_by))

    def usable_of(self, role: str) -> list[Offer]:
        """Return the offers of a role that `auto` may take."""
        usable = [offer for offer in self.of_role(role) if offer.problem is None]
        return [offer for offer in usable if not self._lacks_settings(offer)]

    def of_role(self, role: str) -> list[Offer]:
        return [offer for offer in self.offers.values() if offer.role == role]

    def ready_for(self, need: Need) -> Offer | None:
        """Return the engine of the highest rank that can do it and has its model."""
        able = (offer for offer in self.usable_of(need.role) if self.is_able(offer, need))
        return next(filter(self.has_model, able), None)

    def called(self, name: str, need: Need) -> Offer:
        """Return the named engine, or what is used instead. Raises as `chosen` does."""
        offer = self.of_that_role(name, need.role)
        if not self.ask(offer, need.met_by):
            if lacking := self._lacking([offer], need):
                raise _waiting_for(need, lacking)
            message = f"The engine '{name}' {need.does_not}. {self._coverage([offer])}".strip()
            raise UnsupportedLanguage(message, remedy=_hints([offer], need))
        return self._with_model(offer, need)

    def of_that_role(self, name: str, role: str) -> Offer:
        """Return the named engine. Raises EngineMissing if it has another role, or cannot be used here."""
        offer = self.usable(name, role=role)
        if offer.role != role:
            raise EngineMissing(f"The engine '{name}' is a {offer.role}, not a {role}. {self._present(role)}")
        if remedy := self.ask(offer, missing_setting):
            raise EngineMissing(f"The engine '{name}' is not set up.", remedy=f"{remedy}\n{OTHERWISE}")
        return offer

    def usable(self, name: str, *, role: str | None = None) -> Offer:
        """Return the named engine. Raises EngineMissing, and EngineNotInstalled if Dropdub can install it."""
        offer = self.offers.get(name)
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

    def _best(self, need: Need) -> Offer:
        """Return the engine of the highest rank that can do it now; if each lacks its model, wait for the smallest."""
        usable = self.usable_of(need.role)
        if not usable:
            raise self._none_usable(need)
        able = [offer for offer in usable if self.is_able(offer, need)]
        ready = next(filter(self.has_model, able), None)
        if ready is not None:
            self._report_better(ready, able, need)
            return ready
        lacking = self._lacking(_as_recommended(usable, need), need)
        if lacking:
            raise _waiting_for(need, lacking, otherwise=self._for_all(able, lacking, need))
        if able:
            raise self._waiting(next(filter(self.missing_model, able), able[0]), need)
        message = f"No installed {need.role} {need.does}. {self._coverage(usable)}".strip()
        raise UnsupportedLanguage(message, remedy=_hints(usable, need))

    def _report_better(self, ready: Offer, able: Sequence[Offer], need: Need) -> None:
        """Note that an engine stands in for a better one that was chosen, too, and whose model is missing."""
        if ready.name == _measured(need):
            return
        usable = self.offers.values()
        better = next(offer for offer in able if offer is ready or is_chosen(offer.name, usable))
        if better is not ready:
            self._replace(better, ready)

    def _with_model(self, offer: Offer, need: Need) -> Offer:
        """Return the offer if its model is here; else another one, if that is allowed. Raises Waiting."""
        if self.ask(offer, _missing_model) is None:
            return offer
        other = self.ready_for(need) if self._fallback else None
        if other is None:
            raise self._waiting(offer, need)
        self._replace(offer, other)
        return other

    def _replace(self, better: Offer, other: Offer) -> None:
        model = self.missing_model(better)
        if model is not None:  # else it fails while it is asked, and that is noticed
            notice = f"Used {other.name}, because the model '{model}' of {better.name} is not installed."
            self.notices[better.name] = f"{notice} {how_to_download(model)}." if find(model) else notice

    def _waiting(self, offer: Offer, need: Need) -> Waiting:
        """Return the error that waits for a model. Raises EngineMissing if it can never be there."""
        if packages_stamp() != self._packages:  # an engine that was installed since may be able to do it
            raise FreshWorkerNeeded("Packages were installed after this worker started.")
        model = str(self.ask(offer, _missing_model))
        refuse_misnamed(self.settings, offer.name, model)
        return Waiting(
            f"The model '{model}' of the engine '{offer.name}' is not installed{need.to_translate}.",
            condition="model",
            remedy=f"{how_to_download(model)}. The job then resumes automatically.",
        )

    def _for_all(self, able: Sequence[Offer], lacking: Sequence[str], need: Need) -> str:
        """Return sentences on the best engine that needs one model for all languages; empty if there is none."""
        found = ((offer, model) for offer in able if (model := self.missing_model(offer)))
        for offer, model in found:
            all_of_them = "serves all its pairs" if need.pair else "serves all its languages"
            what = all_of_them if _size(model) < sum(map(_size, lacking)) else "is larger"
            known = find(model)
            licence = ", and not for commercial use" if known and known.licence.commercial == "no" else ""
            return f" Or use {offer.name}, whose model '{model}' {what}{licence}. {how_to_download(model)}."
        return ""

    def _lacking(self, offers: Iterable[Offer], need: Need) -> tuple[str, ...]:
        """Return the models with which one of the engines could translate the pair, or speak the language; empty if
        there are none.
        """
        return next(filter(None, (self.told(one, lambda engine: missing_models(engine, need)) for one in offers)), ())

    def _not_installed(self, message: str, command: str) -> EngineNotInstalled | FreshWorkerNeeded:
        """Return the error to raise for an engine that is not installed. If packages were installed since this worker
        started, a new worker must check again: pip may have replaced what this one has loaded.
        """
        if packages_stamp() != self._packages:
            return FreshWorkerNeeded("Packages were installed after this worker started.")
        return EngineNotInstalled(message, remedy=f"Install it with: `{command}`. The job then resumes automatically.")

    def _lacks_settings(self, offer: Offer) -> bool:
        asks_server = offer.engine is not None and issubclass(offer.engine, UsesServer)
        return asks_server and not self.told(offer, lambda engine: missing_setting(engine) is None)

    def _present(self, role: str | None) -> str:
        """Return a sentence that lists the installed engines, of one role or all of them."""
        if role is None:
            return f"Installed engines: {named(list(self.offers.values()))}."
        return f"Installed {role}s: {named(self.of_role(role))}."

    def _none_usable(self, need: Need) -> EngineMissing | EngineNotInstalled | FreshWorkerNeeded:
        concerned = [offer for offer in self.offers.values() if offer.role in (need.role, "")]
        if any(offer.can_be_installed for offer in concerned):
            return self._not_installed(f"No {need.role} is installed.", setup_command())
        problems = [message_and_remedy(offer.problem) for offer in concerned if offer.problem]
        message = " ".join([f"No installed {need.role} can be used here.", *(problem for problem, _ in problems)])
        remedies = [remedy for _, remedy in problems if remedy]
        return EngineMissing(message, remedy=_hints(concerned, need) or "\n".join(remedies) or None)

    def _coverage(self, offers: Iterable[Offer]) -> str:
        covered = ((offer.name, self.told(offer, coverage)) for offer in offers)
        return " ".join(f"{name} supports: {what}." for name, what in covered if what)


def _missing_model(engine: Engine) -> str | None:
    return engine.missing_model() if isinstance(engine, NeedsModel) else None


def _measured(need: Need) -> str | None:
    """Return the translator whose model is the one to get for a pair; None if its rank decides that."""
    return measured_translator(*need.pair) if need.pair else None


def _as_recommended(offers: Sequence[Offer], need: Need) -> list[Offer]:
    """Return engines in the order in which their models are recommended: by rank, but what was measured first."""
    return sorted(offers, key=lambda offer: offer.name != _measured(need))


def _hints(offers: Iterable[Offer], need: Need) -> str | None:
    """Return the engines' own hints for a missing pair or language; None, for the usual remedy, if there are none."""
    found = list[str | None]()
    for offer in offers:
        with suppress(EngineFailed), blaming(offer.name, offer.engine or object):
            found.append(hint_of(offer.engine, need))
    return "\n".join(filter(None, found)) or None


def _waiting_for(need: Need, models: Sequence[str], *, otherwise: str = "") -> Waiting:
    named_models = " and ".join(f"'{model}'" for model in models)
    which, them = ("models", "them") if len(models) > 1 else ("model", "it")
    return Waiting(
        f"The {need.role} lacks the {which} {named_models}{need.to_translate or need.to_speak}.",
        condition="model",
        remedy=f"Download {them} with: `dropdub models pull {' '.join(models)}`.{otherwise} "
        "The job then resumes automatically.",
    )


def _size(model: str) -> int:
    """Return about how many bytes a model has; 0 if it is not known."""
    known = find(model)
    return known.download_bytes if known else 0
