"""Commands for the models of the quality engines: what there is, get it, check it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from dropdub.cli import models_view
from dropdub.cli.console import printing, say, say_json
from dropdub.cli.download_meter import shown
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
class Shop:
    """The configuration of a root, and where its models are."""

    config: Config
    models_dir: Path

    @staticmethod
    def of(root: Path) -> Shop:
        config = load_config(root / CONFIG_NAME)
        return Shop(config, Root.at(root, config.folders.model_dump()).models_dir(config.models.dir))

    def uses(self) -> list[Use]:
        return uses(self.config, installed_offers().values())

    def lacks(self, use: Use) -> bool:
        return not examine(use.folder(self.models_dir), find(use.model), thorough=False).usable


def show(root: Path, *, everything: bool, as_json: bool) -> int:
    """Say which models this root uses, which are here, and which are known."""
    shop = Shop.of(root)
    models = models_view.views(shop.models_dir, shop.uses(), everything=everything)
    if as_json:
        say_json({"dir": str(shop.models_dir), "models": models})
        return DONE
    if models:
        with printing() as screen:
            screen.print(models_view.table(models))
        say()
    for line in models_view.notes(models, models_dir=shop.models_dir):
        say(line)
    return DONE


def verify(root: Path, names: Sequence[str]) -> int:
    """Read every file of these models, or of all that are here, and say what is not as the catalogue, or else the
    record, has it.
    """
    shop = Shop.of(root)
    sound = True
    for name in names or models_view.present(shop.models_dir):
        known = find(name)
        folder = shop.models_dir / (known.name if known else name)
        condition = examine(folder, known if known or folder.is_dir() else named(name), thorough=True)
        sound = sound and condition.usable and not condition.others
        for line in models_view.reported(name, condition, known):
            say(line)
    return DONE if sound else FELL_SHORT


def pull(root: Path, names: Sequence[str], *, mirror: str | None, accept_licence: bool) -> int:
    """Get these models, or what this root needs and is not here."""
    shop = Shop.of(root)
    wanted, unknown = _wanted(shop, names)
    for use in unknown:
        say(f"{use.model} (models.use.{use.engine}) is not known: put its folder to {use.folder(shop.models_dir)}")
    if not (wanted or unknown):
        say("All models that this root needs are here.")
    asked = marked("models", "pull", *names, *_mirror_option(mirror), "--accept-licence")
    agreed = [model for model in wanted if accept_licence or _agreed(shop, model, agree_with=asked)]
    try:
        sound = [_pull(shop, model, mirror or _own_mirror(shop)) for model in agreed]
    except KeyboardInterrupt:
        say(f"Stopped. What came so far stays in {shop.models_dir}: `dropdub models pull` resumes there.", err=True)
        return FELL_SHORT
    return DONE if all(sound) and len(agreed) == len(wanted) and not unknown else FELL_SHORT


def _mirror_option(mirror: str | None) -> list[str]:
    return ["--mirror", masked(mirror)] if mirror else []


def _own_mirror(shop: Shop) -> str | None:
    mirror = shop.config.models.mirror
    return mirror.get_secret_value() if mirror else None


def _wanted(shop: Shop, names: Sequence[str]) -> tuple[list[KnownModel], list[Use]]:
    """Return what is to be pulled, and what is needed but can only be put there by hand."""
    if names:
        return list({model.name: model for model in map(named, names)}.values()), []
    lacking = {use.model: use for use in shop.uses() if shop.lacks(use)}
    known = {name: find(name) for name in lacking}
    return [model for model in known.values() if model], [lacking[name] for name in lacking if not known[name]]


def _agreed(shop: Shop, model: KnownModel, *, agree_with: str) -> bool:
    """Return whether a model may be pulled; asks where its licence must be agreed to.

    Raises UsageError where there is nobody to ask: it names the command to agree with.
    """
    if not model.licence.consent or examine(shop.models_dir / model.name, model, thorough=False).usable:
        return True
    terms = f"{model.name} comes under {model.licence.name}."
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(terms, remedy=f"If you agree: {agree_with}")
    say(terms)
    return typer.confirm("Do you agree?")


def _pull(shop: Shop, model: KnownModel, mirror: str | None) -> bool:
    """Get a model; return whether it is the one that the catalogue means."""
    from dropdub.engines.models.download.hub import Hub
    from dropdub.engines.models.download.pull import pull as bring

    with shown(model.name) as meter:
        condition = bring(model, shop.models_dir, Hub(mirror), meter=meter)
    if condition.others:
        for line in models_view.reported(model.name, condition, model):
            say(line)
        return False
    say(f"{model.name}: {condition.presence.value}, {format_size(condition.size)}, under {model.licence.name}.")
    return True
