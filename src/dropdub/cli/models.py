"""Commands for the models of the quality engines: list, download, verify."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from dropdub.cli import models_view
from dropdub.cli.console import printing, say, say_json
from dropdub.cli.download_meter import progress_meter
from dropdub.cli.exit_codes import DONE, FELL_SHORT
from dropdub.config import Config, load_config
from dropdub.engines.models.catalogue import KnownModel, find, named
from dropdub.engines.models.download.record import examine
from dropdub.engines.models.uses import Use, uses
from dropdub.engines.offers import installed_offers
from dropdub.errors import UsageError
from dropdub.masking import masked
from dropdub.pasting import marked
from dropdub.root import CONFIG_NAME, Root
from dropdub.units import format_size


@dataclass(frozen=True)
class RootModels:
    """The models of a root: its configuration, and the folder that they are in."""

    config: Config
    models_dir: Path

    @staticmethod
    def of(root: Path) -> RootModels:
        config = load_config(root / CONFIG_NAME)
        return RootModels(config, Root.at(root, config.folders.model_dump()).models_dir(config.models.dir))

    def uses(self) -> list[Use]:
        return uses(self.config, installed_offers().values())

    def is_missing(self, use: Use) -> bool:
        return not examine(use.folder(self.models_dir), find(use.model), thorough=False).usable


def show(root: Path, *, everything: bool, as_json: bool) -> int:
    """Show the models that this root uses or has; with `everything`, also the other known ones."""
    root_models = RootModels.of(root)
    models = models_view.views(root_models.models_dir, root_models.uses(), everything=everything)
    if as_json:
        say_json({"dir": str(root_models.models_dir), "models": models})
        return DONE
    if models:
        with printing() as screen:
            screen.print(models_view.table(models))
        say()
    for line in models_view.notes(models, models_dir=root_models.models_dir):
        say(line)
    return DONE


def verify(root: Path, names: Sequence[str]) -> int:
    """Compare every file of these models, or of all downloaded ones, with the catalogue, or with the record if the
    model is not pinned; print the result, and return 1 if anything differs.
    """
    root_models = RootModels.of(root)
    sound = True
    for name in names or models_view.present(root_models.models_dir):
        known = find(name)
        folder = root_models.models_dir / (known.name if known else name)
        condition = examine(folder, known if known or folder.is_dir() else named(name), thorough=True)
        sound = sound and condition.usable and not condition.others
        for line in models_view.reported(name, condition, known):
            say(line)
    return DONE if sound else FELL_SHORT


def pull(root: Path, names: Sequence[str], *, mirror: str | None, accept_licence: bool) -> int:
    """Download these models, or those that this root needs and does not have."""
    root_models = RootModels.of(root)
    wanted, unknown = _to_download(root_models, names)
    for use in unknown:
        folder = use.folder(root_models.models_dir)
        say(f"{use.model} (models.use.{use.engine}) is not a known model. Copy it to {folder} yourself.")
    if not (wanted or unknown):
        say("This root already has all the models it needs.")
    consent = marked("models", "pull", *names, *_mirror_option(mirror), "--accept-licence")
    agreed = [model for model in wanted if accept_licence or _agreed(root_models, model, agree_with=consent)]
    try:
        sound = [_pull(root_models, model, mirror or _configured_mirror(root_models)) for model in agreed]
    except KeyboardInterrupt:
        say(
            f"Stopped. Partial downloads are kept in {root_models.models_dir}. To resume: `dropdub models pull`",
            err=True,
        )
        return FELL_SHORT
    return DONE if all(sound) and len(agreed) == len(wanted) and not unknown else FELL_SHORT


def _mirror_option(mirror: str | None) -> list[str]:
    return ["--mirror", masked(mirror)] if mirror else []


def _configured_mirror(root_models: RootModels) -> str | None:
    mirror = root_models.config.models.mirror
    return mirror.get_secret_value() if mirror else None


def _to_download(root_models: RootModels, names: Sequence[str]) -> tuple[list[KnownModel], list[Use]]:
    """Return the models to download, and the needed ones that are not known and can only be copied by hand."""
    if names:
        return list({model.name: model for model in map(named, names)}.values()), []
    missing = {use.model: use for use in root_models.uses() if root_models.is_missing(use)}
    known = {name: find(name) for name in missing}
    return [model for model in known.values() if model], [missing[name] for name in missing if not known[name]]


def _agreed(root_models: RootModels, model: KnownModel, *, agree_with: str) -> bool:
    """Return whether a model may be downloaded, asking first if its licence requires consent.

    Raises UsageError with the command that gives consent if there is no terminal to ask on.
    """
    if not model.licence.consent or examine(root_models.models_dir / model.name, model, thorough=False).usable:
        return True
    terms = f"{model.name} is licensed under {model.licence.name}."
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(terms, remedy=f"If you agree: {agree_with}")
    say(terms)
    return typer.confirm("Do you agree?")


def _pull(root_models: RootModels, model: KnownModel, mirror: str | None) -> bool:
    """Download a model; return whether its files are those in the catalogue."""
    from dropdub.engines.models.download.hub import Hub
    from dropdub.engines.models.download.pull import pull as download

    with progress_meter(model.name) as meter:
        condition = download(model, root_models.models_dir, Hub(mirror), meter=meter)
    if condition.others:
        for line in models_view.reported(model.name, condition, model):
            say(line)
        return False
    say(f"{model.name}: {condition.presence.value}, {format_size(condition.size)}, under {model.licence.name}.")
    return True
