"""List, verify and pull the models of a root's engines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dropdub.config import Config, load_config
from dropdub.engines.base import EngineSettings
from dropdub.engines.licence import Commercial
from dropdub.engines.models.candidates import Use
from dropdub.engines.models.catalogue import all_models, find, named
from dropdub.engines.models.download.origin import Meter
from dropdub.engines.models.download.pull import pull as download
from dropdub.engines.models.download.record import (
    RECORD_NAME,
    Condition,
    ModelRecord,
    examine,
    read_record,
)
from dropdub.engines.models.known import KnownModel
from dropdub.engines.models.recommended import WHISPER, recommended, this_machine
from dropdub.engines.models.uses import uses
from dropdub.engines.offers import installed_offers
from dropdub.errors import UsageError
from dropdub.language_server.server import Server
from dropdub.operations.model_sources import Choice
from dropdub.pasting import marked
from dropdub.root import CONFIG_NAME, MODEL_PART_SUFFIX, Root


@dataclass(frozen=True)
class RootModels:
    """The models of a root: its configuration, and the folder that they are in."""

    config: Config
    models_dir: Path

    @staticmethod
    def of(root: Path) -> RootModels:
        """Return those of the root at `root`. Raises ConfigError."""
        config = load_config(root / CONFIG_NAME)
        return RootModels(config, Root.at(root, config.folders.model_dump()).models_dir(config.models.dir))

    @property
    def engine_settings(self) -> EngineSettings:
        """What engines need to say, before they are loaded, what they can do."""
        models = self.config.models
        return EngineSettings(self.models_dir, models.use, server=Server.of(models.openai))

    def uses(self) -> list[Use]:
        return uses(self.config, installed_offers().values(), models_dir=self.models_dir)

    def missing(self) -> list[Use]:
        """Return the uses whose models are not here, or not usable."""
        return [use for use in self.uses() if not self._is_usable(use)]

    def needs_consent(self, model: KnownModel) -> bool:
        """Return whether a model may only be downloaded by somebody who has agreed to its licence."""
        return model.licence.consent and not examine(self.models_dir / model.name, model, thorough=False).usable

    def _is_usable(self, use: Use) -> bool:
        return examine(use.folder(self.models_dir), find(use.model), thorough=False).usable


@dataclass(frozen=True)
class ModelView:
    """A model, as in `dropdub models list --json`.

    `compared_with`: what its files are verified against: the `catalogue`, or the `record` of the first download; null
    if neither exists. `here`: all its files are in `path`; `state` is a `Presence`. All sizes are in
    bytes: `size` on disk now, `bytes` to download and `needed` in memory (both approximate). `recommended`: it is the
    Whisper model that suits this machine best. `sources`: the kinds of places that it can be downloaded from;
    `pulled_from`: the one that it was, and `place` its name. `commercial`: whether results may be used commercially,
    yes, no or ask: find out first. Null: not known, for a model that somebody copied there.
    """

    name: str
    engine: str | None
    here: bool
    state: str
    compared_with: str | None
    path: str
    size: int
    bytes: int | None
    needed: int | None
    licence: str | None
    commercial: Commercial | None
    languages: str | None
    used: bool
    recommended: bool
    sources: list[str]
    pulled_from: str | None
    place: str | None


@dataclass(frozen=True)
class VerifiedModel:
    """A model whose files were all read. `model`: None if it is not in the catalogue."""

    name: str
    model: KnownModel | None
    condition: Condition

    @property
    def is_sound(self) -> bool:
        return self.condition.usable and not self.condition.others


@dataclass(frozen=True)
class Wanted:
    """What a pull would download: `models`. `unknown`: models in use that can only be copied by hand."""

    models: tuple[KnownModel, ...]
    unknown: tuple[Use, ...] = ()


def list_models(root_models: RootModels, *, everything: bool = False) -> list[ModelView]:
    """Return the models that are used, then the others in the folder, then, with `everything`, all known ones."""
    wanted = {use.model: use for use in root_models.uses()}
    models_dir = root_models.models_dir
    names = [*wanted, *_present(models_dir), *((model.name for model in all_models()) if everything else ())]
    best = recommended_model(root_models)
    return [_view(name, models_dir, wanted.get(name), best=best) for name in dict.fromkeys(names)]


def recommended_model(root_models: RootModels) -> str | None:
    """Return the name of the Whisper model that suits this machine best; None if the root uses none."""
    if WHISPER not in {use.engine for use in root_models.uses()}:
        return None
    return recommended(this_machine(root_models.models_dir, device=root_models.config.models.device)).name


def verify(root_models: RootModels, names: Sequence[str] = ()) -> Iterator[VerifiedModel]:
    """Compare every file of these models, or of all downloaded ones, with the catalogue, or with the record if the
    model is not pinned; yield each model as soon as its files have been read.

    Raises UsageError for a name that is neither known nor downloaded.
    """
    for name in names or _present(root_models.models_dir):
        known = find(name)
        folder = root_models.models_dir / (known.name if known else name)
        condition = examine(folder, known if known or folder.is_dir() else named(name), thorough=True)
        yield VerifiedModel(name, known, condition)


def to_pull(root_models: RootModels, names: Sequence[str] = ()) -> Wanted:
    """Return what to download: the named models, or those that the root needs and does not have.

    Raises UsageError for a name that is not known.
    """
    if names:
        return Wanted(tuple({model.name: model for model in map(named, names)}.values()))
    missing = {use.model: use for use in root_models.missing()}
    known = {name: find(name) for name in missing}
    models = tuple(model for model in known.values() if model)
    return Wanted(models, tuple(missing[name] for name in missing if not known[name]))


def terms(model: KnownModel) -> str:
    """Return the sentences that name a model's licence, and whether it allows commercial use."""
    return f"{model.name} is licensed under {model.licence.name}. Commercial use: {model.licence.commercial}."


def consent_needed(model: KnownModel, *, agree_with: str) -> UsageError:
    """Return the error for a model whose licence was not agreed to. `agree_with`: the command that agrees."""
    return UsageError(terms(model), remedy=f"If you agree: {agree_with}")


def pull(
    root_models: RootModels,
    model: KnownModel,
    *,
    choice: Choice | None = None,
    accept_licence: bool = False,
    meter: Meter,
) -> Condition:
    """Download a model, or repair it, and return its condition. `choice`: None for what the settings say.

    Raises UsageError if its licence requires consent and `accept_licence` does not give it, and if none of the chosen
    places can have it; otherwise as the `pull` of one model does.
    """
    if not accept_licence and root_models.needs_consent(model):
        raise consent_needed(model, agree_with=marked("models", "pull", model.name, "--accept-licence"))
    choice = choice or Choice.of(root_models.config.models)
    return download(model, root_models.models_dir, choice.origins(model), meter=meter)


def _present(models_dir: Path) -> list[str]:
    """Return the names of the models in a folder, including interrupted downloads."""
    folders = models_dir.iterdir() if models_dir.is_dir() else ()
    shown = (entry.name for entry in folders if entry.is_dir() and not entry.name.startswith("."))
    return sorted({name.removesuffix(MODEL_PART_SUFFIX) for name in shown})


def _view(name: str, models_dir: Path, use: Use | None, *, best: str | None) -> ModelView:
    known = find(name)
    folder = models_dir / Path(name).expanduser()
    condition = examine(folder, known, thorough=False)
    record = _record(folder)
    return ModelView(
        name=name,
        engine=use.engine if use else known.engine if known else None,
        here=condition.usable,
        state=condition.presence.value,
        compared_with=_compared_with(known, folder),
        path=str(folder),
        size=condition.size,
        bytes=known.download_bytes if known else None,
        needed=known.memory_bytes if known else None,
        licence=known.licence.name if known else None,
        commercial=known.licence.commercial if known else None,
        languages=known.languages if known else None,
        used=use is not None,
        recommended=name == best,
        sources=[place.value for place in known.places()] if known else [],
        pulled_from=record.pulled_from or None if record else None,
        place=record.place or None if record else None,
    )


def _record(folder: Path) -> ModelRecord | None:
    try:
        return read_record(folder)
    except ValueError:  # `examine` reports it
        return None


def _compared_with(known: KnownModel | None, folder: Path) -> str | None:
    if known is not None and known.is_pinned:
        return "catalogue"
    return "record" if (folder / RECORD_NAME).is_file() else None
