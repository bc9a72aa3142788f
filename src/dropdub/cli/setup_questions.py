"""Ask the questions of `dropdub setup` on a terminal. All of them, except licence consent, come before any work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import typer
from pydantic import ValidationError

from dropdub.cli.console import say
from dropdub.config import Config, JobOptions
from dropdub.config.problems import first_problem
from dropdub.doctor.guide import advice_findings
from dropdub.engines.models.catalogue import find
from dropdub.engines.models.recommended import this_machine
from dropdub.engines.models.uses import uses
from dropdub.engines.offers import Offer, installed_offers
from dropdub.kits import DEFAULT_KIT, Kit, alternatives
from dropdub.setup.choices import (
    Choices,
    SetupOptions,
    after_install,
    apply_choices,
    configured_kit,
    missing_engines,
)
from dropdub.setup.packages import SIZES
from dropdub.setup.recommendation import with_recommended_model
from dropdub.units import format_size

_KITS: Mapping[Kit, str] = {
    "compact": "99 languages, English and Portuguese in natural voices; any processor",
    "quality": "99 languages, translation, cloned voices; needs 8 GB of memory, a graphics card helps",
}


def ask(root: Path, options: SetupOptions, config: Config) -> SetupOptions:
    """Return the options completed by a person's answers; options already given are not asked. Raises typer.Abort."""
    say(f"This sets up {root}. Nothing is changed until you have answered. Enter accepts the value in brackets.\n")
    offers, choices = installed_offers(), _choices(options.choices, config)
    if choices.engines is None:
        _say_advice(root, apply_choices(config, choices), offers)
    kit = choices.engines or _kit(configured_kit(config, offers), offers)
    choices = replace(choices, engines=kit)
    install, pull, service = options.install, options.pull, options.service
    if install is None and (missing := missing_engines(kit, offers)):
        install = typer.confirm(f"Install {', '.join(missing)} (about {SIZES[kit]})?", default=True)
    if pull is None and _say_models(root, _as_set_up(root, config, choices), after_install(kit, offers.values())):
        pull = typer.confirm("Download them now?", default=True)
    if service is None:
        service = typer.confirm("Run it as a system service from now on?", default=False)
    return replace(options, choices=choices, install=install, pull=pull, service=service)


def _as_set_up(root: Path, config: Config, choices: Choices) -> Config:
    """Return the configuration as it will be."""
    return with_recommended_model(root, apply_choices(config, choices), choices.engines or DEFAULT_KIT)


def _choices(given: Choices, config: Config) -> Choices:
    language, targets = given.language, given.targets
    if language is None:
        question = "Language spoken in your recordings (such as en or pt; auto: detect it)"
        language = typer.prompt(question, default=config.job.language, value_proc=_language)
    if targets is None:
        question = "Languages to translate and dub into (such as pt es; none: only transcribe)"
        targets = typer.prompt(question, default=" ".join(config.job.targets) or "none", value_proc=_targets)
    return replace(given, language=language, targets=targets)


def _say_advice(root: Path, config: Config, offers: Mapping[str, Offer]) -> None:
    """Print which engines suit this computer and the languages that were chosen."""
    say("Recommended for this computer:")
    machine = this_machine(root / config.models.dir, device=config.models.device)
    for finding in advice_findings(machine, config, offers):
        say(f"  {finding.what}: {finding.text}")
    say("To compare them: `dropdub engines guide`")


def _kit(usual: Kit, offers: Mapping[str, Offer]) -> Kit:
    for kit, what in _KITS.items():
        here = "installed" if not missing_engines(kit, offers) else f"not installed, {SIZES[kit]}"
        say(f"  {kit:8} {what} ({here})")
    chosen = typer.prompt("Engines", default=usual, value_proc=_kit_named)
    return next(kit for kit in _KITS if kit == chosen)


def _say_models(root: Path, config: Config, offers: list[Offer]) -> bool:
    """Print the missing models, each with its size and what its licence allows; return whether there are any."""
    folder = root / config.models.dir
    known = [find(use.model) for use in uses(config, offers, models_dir=folder) if not use.folder(folder).is_dir()]
    for model in filter(None, known):
        size, licence = format_size(model.download_bytes), model.licence
        say(f"  {model.name:24} {size:>8}  commercial use: {licence.commercial:3}  {licence.name}")
    return any(known)


def _language(text: str) -> str:
    return str(_validated({"language": text.strip()}).language)


def _targets(text: str) -> tuple[str, ...]:
    words = text.replace(",", " ").split()
    return () if words == ["none"] else _validated({"targets": words}).targets


def _kit_named(text: str) -> str:
    if text.strip() not in _KITS:
        raise typer.BadParameter(f"Enter {alternatives(_KITS)}.")
    return text.strip()


def _validated(given: dict[str, Any]) -> JobOptions:
    try:
        return JobOptions.model_validate(given)
    except ValidationError as error:
        raise typer.BadParameter(first_problem(error)) from error
