"""Check that each role has a usable engine, and that the engine's model is downloaded."""

from __future__ import annotations

import stat
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from dropdub.config import Config, JobOptions
from dropdub.doctor.examined_root import ExaminedRoot
from dropdub.doctor.finding import Finding, ok, problem, warning
from dropdub.dubbing.configured import Installed, as_usage_error
from dropdub.engines.base import EngineSettings, message_and_remedy
from dropdub.engines.dnsmos import DnsMos
from dropdub.engines.models.candidates import Use
from dropdub.engines.models.catalogue import (
    DEFAULT_MODELS,
    ENGINES_BY_LANGUAGE,
    ENGINES_BY_PAIR,
    MODELS,
    brought_models,
    find,
    how_to_download,
)
from dropdub.engines.models.download.record import examine
from dropdub.engines.models.misnamed import is_misnamed
from dropdub.engines.models.uses import uses
from dropdub.engines.offers import ASK_AUTHORS, ROLES, Offer, installed_offers
from dropdub.engines.packages import setup_command
from dropdub.engines.readiness import failure, is_ready
from dropdub.engines.unset import remedy_for
from dropdub.errors import EngineMissing
from dropdub.language_server.server import Server
from dropdub.languages import display_name
from dropdub.pasting import pasteable

_ROLES = tuple(role for role in ROLES if role in JobOptions.model_fields)
"""Roles whose engine a job chooses."""
_WITHOUT_SEPARATOR = "the sound under a dub keeps its voices, also with mix.separate"
_OPTIONAL = {
    "diarizer": "none installed: all speakers are treated as one",
    "separator": f"none installed: {_WITHOUT_SEPARATOR}",
}
"""Roles that may be empty, and what that means."""
_NO_ENGINE = "no engine"
"""What stands in for an engine of such a role: jobs do without."""


def findings(subject: ExaminedRoot) -> Iterator[Finding]:
    offers = _set_up(installed_offers(), subject)
    use = subject.config.models.use
    for role in _ROLES:
        needed = role == "transcriber" or _translates(subject.config)
        yield role_finding(role, str(getattr(subject.config.job, role)), offers, use, needed=needed)
    yield from _impossible(subject)
    yield from plug_ins(offers.values(), brought_models().problems, _settings(subject))
    yield from _models(subject, offers)
    yield sound_finding(DnsMos(EngineSettings(subject.root.models_dir(subject.config.models.dir))))


def sound_finding(meter: DnsMos) -> Finding:
    """Return whether reports say how good dubs sound: nothing needs that, so that it is never a problem."""
    how = meter.how_to_get()
    if how is None:
        return ok("sound quality", f"{meter.name} estimates how good dubs and voices sound")
    return ok("sound quality", f"not estimated, since {meter.name} is not here; nothing needs it. {how}")


def plug_ins(offers: Iterable[Offer], models: Iterable[str], settings: EngineSettings) -> Iterator[Finding]:
    """Judge the engines of other packages, and the models that were left out, as sentences."""
    for offer in offers:
        if not offer.is_foreign:
            continue
        problem = offer.problem or failure(offer, settings)
        if problem is None:
            yield ok("Plug-in", f"{offer.name}, a {offer.role}", detail=offer.package)
        else:
            message, remedy = message_and_remedy(problem)
            yield warning("Plug-in", f"{offer.name} cannot be used", remedy or ASK_AUTHORS, detail=message)
    for sentence in models:
        yield warning("Plug-in", "a model of another package is left out", ASK_AUTHORS, detail=sentence)


def _set_up(offers: Mapping[str, Offer], subject: ExaminedRoot) -> dict[str, Offer]:
    """Return the offers without those that lack settings, and that no job names; that is a problem of the others."""
    settings, job = _settings(subject), subject.config.job
    named = {str(getattr(job, role)) for role in _ROLES}
    lacking = {name: one for name, one in offers.items() if remedy_for(one, settings)}
    problems = {name: replace(one, problem=remedy_for(one, settings)) for name, one in lacking.items() if name in named}
    return {name: problems.get(name, one) for name, one in offers.items() if name in problems or name not in lacking}


def _settings(subject: ExaminedRoot) -> EngineSettings:
    models = subject.config.models
    return EngineSettings(subject.root.models_dir(models.dir), models.use, server=Server.of(models.openai))


def _impossible(subject: ExaminedRoot) -> Iterator[Finding]:
    """Yield what the settings ask for and cannot get; a missing engine of `job` is a finding about its role, and a
    missing ffmpeg one about programs.
    """
    for section, error in Installed(subject.root, subject.config).impossible():
        if section not in ("job", "ffmpeg") or not isinstance(error, EngineMissing):
            usual = as_usage_error(error, section)
            yield problem("Options", "what is set cannot be done here", usual.remedy, detail=usual.message)


def role_finding(
    role: str, wanted: str, offers: Mapping[str, Offer], use: Mapping[str, str], *, needed: bool
) -> Finding:
    """Judge a role. `wanted` is the configured engine, or `auto`; `use` is the setting `models.use`.

    `needed`: a file dropped without options uses this role.
    """
    if wanted != "auto":
        return _named(role, wanted, offers, use)
    usable = [offer.name for offer in offers.values() if offer.role == role and _is_usable(offer, use)]
    if usable:
        return ok(role, f"auto: {', '.join(usable)}")
    if role in _OPTIONAL:
        return ok(role, _OPTIONAL[role])
    look = problem if needed else warning
    return look(role, "none installed", f"Install one with: `{setup_command()}`")


def _named(role: str, wanted: str, offers: Mapping[str, Offer], use: Mapping[str, str]) -> Finding:
    offer = offers.get(wanted)
    if offer is None or (offer.role and offer.role != role):
        of_role = ", ".join(one.name for one in offers.values() if one.role == role)
        return problem(role, "the configured engine is not installed", f"Choose one of: {of_role}.", detail=wanted)
    if offer.problem is not None:
        return problem(role, f"{wanted} cannot be used", offer.problem)
    if not has_model(wanted, use):
        remedy = f"Set one in models.use, for example {{{wanted}: opus-mt-en-roa}}."
        return problem(role, f"{wanted} has no default model, and none is configured", remedy)
    return ok(role, wanted)


def _is_usable(offer: Offer, use: Mapping[str, str]) -> bool:
    return offer.problem is None and has_model(offer.name, use)


def has_model(engine: str, use: Mapping[str, str]) -> bool:
    """Return whether no setting must name the engine's model: it has a default, one for each pair or language,
    or none."""
    needs_setting = {model.engine for model in MODELS} - set(DEFAULT_MODELS) - ENGINES_BY_PAIR - ENGINES_BY_LANGUAGE
    return engine not in needs_setting or engine in use


def _models(subject: ExaminedRoot, offers: Mapping[str, Offer]) -> Iterator[Finding]:
    models = subject.config.models
    here = subject.root.models_dir(models.dir)
    settings = _settings(subject)
    if is_open_to_others(here):
        text = "other accounts can write to the models folder, and whatever they put there is loaded"
        remedy = f"Remove their write permission:\n  {pasteable(['chmod', 'o-w', here])}"
        yield warning("model", text, remedy, detail=str(here))
    for use in uses(subject.config, offers.values(), models_dir=here):
        offer = offers.get(use.engine)
        if offer is not None and offer.problem is None and not is_misnamed(settings, use.engine, use.model):
            needed = offer.role == "transcriber" or _translates(subject.config)
            other = stand_in(subject.config, offer, offers.values(), settings)
            instead = _WITHOUT_SEPARATOR if offer.role == "separator" and not _is_named(subject.config, offer) else None
            yield model_finding(use, here, needed=needed, other=other, instead=instead)


def stand_in(config: Config, offer: Offer, offers: Iterable[Offer], settings: EngineSettings) -> str | None:
    """Return which engine is used while the model of one is missing; None if jobs wait for the model."""
    is_named = str(getattr(config.job, offer.role)) != "auto"
    if is_named and config.models.fallback == "none":
        return None
    ready = (one.name for one in offers if one.role == offer.role and one is not offer and is_ready(one, settings))
    return next(ready, _NO_ENGINE if offer.role in _OPTIONAL and not is_named else None)


def is_open_to_others(folder: Path) -> bool:
    """Return whether any account may write to a folder. Always False on Windows."""
    try:
        return sys.platform != "win32" and bool(folder.stat().st_mode & stat.S_IWOTH)
    except OSError:
        return False


def model_finding(
    use: Use, models_dir: Path, *, needed: bool, other: str | None, instead: str | None = None
) -> Finding:
    """Judge whether an engine's model is complete. `needed`: a file dropped without options uses it.

    `other` is the engine that is used while it is missing, and `instead` what jobs do without any; None if they wait.
    """
    folder = use.folder(models_dir)
    if examine(folder, find(folder.name), thorough=False).usable:
        return ok("model", f"the model of {use.engine} is complete", detail=str(folder))
    look = problem if needed and other is None and use.only_from is None and instead is None else warning
    text = f"the model of {use.engine} is missing: {_consequence(use, needed=needed, other=other, instead=instead)}"
    return look("model", text, how_to_download(folder.name), detail=str(folder))


def _consequence(use: Use, *, needed: bool, other: str | None, instead: str | None) -> str:
    """Return what it means that a model is missing."""
    if other is not None:
        return f"{other} is used instead"
    if instead is not None:
        return instead
    if not needed:
        return "few jobs need it, since no target language is set"
    if use.only_from is not None:
        return f"only recordings in {display_name(use.only_from)} wait for it"
    return "jobs wait for it"


def _is_named(config: Config, offer: Offer) -> bool:
    """Return whether the settings or a profile name an engine, rather than use it if it is there."""
    options = (config.job, *(config.options_for(profile, {}) for profile in config.profiles))
    return any(getattr(one, offer.role) == offer.name for one in options)


def _translates(config: Config) -> bool:
    """Return whether the settings or a profile set a target language."""
    return bool(config.job.targets) or any(profile.get("targets") for profile in config.profiles.values())
