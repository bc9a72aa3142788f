"""Commands for the models of the quality engines: list, download, verify."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import typer

from dropdub.cli import models_view
from dropdub.cli.console import printing, say, say_json
from dropdub.cli.download_meter import progress_meter
from dropdub.cli.exit_codes import DONE, FELL_SHORT
from dropdub.engines.models.download.record import Condition
from dropdub.engines.models.known import KnownModel
from dropdub.masking import masked
from dropdub.operations import models
from dropdub.operations.model_sources import Choice
from dropdub.operations.models import RootModels
from dropdub.pasting import marked
from dropdub.units import format_size


def show(root: Path, *, everything: bool, as_json: bool) -> int:
    """Show the models that this root uses or has; with `everything`, also the other known ones."""
    root_models = RootModels.of(root)
    views = models.list_models(root_models, everything=everything)
    if as_json:
        say_json({"dir": str(root_models.models_dir), "models": views})
        return DONE
    if views:
        with printing() as screen:
            screen.print(models_view.table(views))
        say()
    for line in models_view.notes(
        views, models_dir=root_models.models_dir, recommended=models.recommended_model(root_models)
    ):
        say(line)
    return DONE


def verify(root: Path, names: Sequence[str]) -> int:
    """Verify every file of these models, or of all downloaded ones; print the result, and return 1 if any differs."""
    is_sound = True
    for verified in models.verify(RootModels.of(root), names):
        is_sound = is_sound and verified.is_sound
        for line in models_view.reported(verified.name, verified.condition, verified.model):
            say(line)
    return DONE if is_sound else FELL_SHORT


def pull(root: Path, names: Sequence[str], *, source: str | None, mirror: str | None, accept_licence: bool) -> int:
    """Download these models, or those that this root needs and does not have."""
    root_models = RootModels.of(root)
    choice = Choice.of(root_models.config.models, source=source, mirror=mirror)
    wanted = models.to_pull(root_models, names)
    for use in wanted.unknown:
        folder = use.folder(root_models.models_dir)
        say(f"{use.model} (models.use.{use.engine}) is not a known model. Copy it to {folder} yourself.")
    if not (wanted.models or wanted.unknown):
        say("This root already has all the models it needs.")
    consent = marked("models", "pull", *names, *_source_options(source, mirror), "--accept-licence")
    agreed = [one for one in wanted.models if accept_licence or is_agreed(root_models, one, agree_with=consent)]
    try:
        with saying_what_is_kept(root_models.models_dir):
            sound = [_pull(root_models, model, choice) for model in agreed]
    except KeyboardInterrupt:
        return FELL_SHORT
    return DONE if all(sound) and len(agreed) == len(wanted.models) and not wanted.unknown else FELL_SHORT


def is_agreed(root_models: RootModels, model: KnownModel, *, agree_with: str) -> bool:
    """Return whether a model may be downloaded, asking first if its licence requires consent.

    Raises UsageError with the command that gives consent if there is no terminal to ask on.
    """
    if not root_models.needs_consent(model):
        return True
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise models.consent_needed(model, agree_with=agree_with)
    say(models.terms(model))
    return typer.confirm("Do you agree?")


@contextmanager
def saying_what_is_kept(models_dir: Path) -> Iterator[None]:
    """Say, if Ctrl-C stops the block, where the partial downloads are."""
    try:
        yield
    except KeyboardInterrupt:
        say(f"Stopped. Partial downloads are kept in {models_dir}. To resume: `dropdub models pull`", err=True)
        raise


def say_pulled(model: KnownModel, condition: Condition) -> None:
    if condition.others:
        for line in models_view.reported(model.name, condition, model):
            say(line)
    else:
        say(f"{model.name}: {condition.presence.shown}, {format_size(condition.size)}, under {model.licence.name}.")


def _source_options(source: str | None, mirror: str | None) -> list[str]:
    return [*(["--from", source] if source else []), *(["--mirror", masked(mirror)] if mirror else [])]


def _pull(root_models: RootModels, model: KnownModel, choice: Choice) -> bool:
    """Download a model whose licence was agreed to; return whether its files are those in the catalogue."""
    with progress_meter(model.name) as meter:
        condition = models.pull(root_models, model, choice=choice, accept_licence=True, meter=meter)
    say_pulled(model, condition)
    return not condition.others
