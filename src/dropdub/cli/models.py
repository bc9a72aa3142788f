"""`jobs models`: which models there are, which are here, and how the others come here."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dropdub.cli.console import console, printing, say, say_json
from dropdub.cli.failures import DONE, FELL_SHORT
from dropdub.config import Config, load_config
from dropdub.engines.catalogue import KnownModel, known_model, known_models, used_models
from dropdub.engines.download import Progress, problems, recorded
from dropdub.engines.download import pull as fetch
from dropdub.engines.hub import Hub
from dropdub.engines.models import size_of
from dropdub.errors import UsageError
from dropdub.quantities import format_size
from dropdub.root import CONFIG_NAME, Root

TIMEOUT_S = 30.0


@dataclass(frozen=True)
class ModelView:
    """A model as it is shown and given as JSON; `bytes` on disk where it is here, else about what a pull fetches."""

    name: str
    engine: str
    used: bool
    here: bool
    path: str
    bytes: int | None
    memory: int | None
    languages: str
    licence: str
    commercial: bool | None


@dataclass(frozen=True)
class _Models:
    """The models of one root: where they belong, and the model of each engine that is used."""

    folder: Path
    used: dict[str, str]
    config: Config


def show_list(root: Path, *, every: bool, as_json: bool) -> int:
    models = _models(root)
    views = [_view(models, name) for name in _names(models, every=every)]
    if as_json:
        say_json(views)
        return DONE
    with printing() as screen:
        screen.print(_table(views))
    say()
    say(f"Models belong into {models.folder}")
    missing = [view.name for view in views if view.used and not view.here]
    if missing:
        say(f"Used and not here: {', '.join(missing)}. Get them with: jobs models pull")
    return DONE


def pull(root: Path, names: Sequence[str], *, mirror: str | None, accepted: bool) -> int:
    models = _models(root)
    wanted = [known_model(name) for name in names or [one for one in models.used.values() if not _is_here(models, one)]]
    if not wanted:
        say("Every model that is used here is here.")
        return DONE
    for model in wanted:
        _agree(model, accepted=accepted)
    hub = Hub(mirror or models.config.models.mirror, timeout_s=TIMEOUT_S)
    for model in wanted:
        say(f"{model.name}: about {format_size(model.download)}, {model.licence}")
        with _progress() as progress:
            folder = fetch(model, models.folder, hub, progress=progress)
        say(f"{model.name} is here: {folder}")
    return DONE


def verify(root: Path, names: Sequence[str]) -> int:
    models = _models(root)
    found = [name for name in names or _names(models, every=False) if names or (models.folder / name).is_dir()]
    if not found:
        say(f"No models are in {models.folder}")
    damaged = [name for name in found if not _verified(models.folder / name)]
    return FELL_SHORT if damaged else DONE


def _verified(folder: Path) -> bool:
    """Say how a model is; return whether it can be used as far as is known."""
    if not folder.is_dir():
        say(f"{folder.name}: is not here. Get it with: jobs models pull {folder.name}")
        return False
    wrong = problems(folder)
    for problem in wrong:
        say(f"{folder.name}: {problem}")
    if wrong:
        say(f"Mend it with: jobs models pull {folder.name}")
    elif recorded(folder):
        say(f"{folder.name}: whole ({format_size(size_of(folder))})")
    else:
        say(f"{folder.name}: put here by hand, without a record to check it by ({format_size(size_of(folder))})")
    return not wrong


def _agree(model: KnownModel, *, accepted: bool) -> None:
    """Have a person agree to a licence that forbids what most programs allow. Raises UsageError."""
    if model.commercial or accepted:
        return
    say(f"{model.name} is under {model.licence}: it may not be used commercially.")
    if not sys.stdin.isatty():
        raise UsageError(f"The licence of {model.name} must be agreed to.", remedy="Agree with: --accept-licence")
    import typer

    if not typer.confirm("Do you agree?"):
        raise UsageError(f"{model.name} was not fetched.", remedy="Other models: jobs models list --all")


@contextmanager
def _progress() -> Iterator[Progress]:
    """Show how far files are: bars on a terminal, a line for each file elsewhere."""
    screen = console()
    if not screen.is_terminal:
        yield _say_when_done
        return
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Bars(*columns, TimeRemainingColumn(), console=screen) as bars:
        tasks: dict[str, Any] = {}

        def show(name: str, done: int, total: int) -> None:
            task = tasks.setdefault(name, None) or bars.add_task(name, total=total)
            tasks[name] = task
            bars.update(task, completed=done)

        yield show


def _say_when_done(name: str, done: int, total: int) -> None:
    if done >= total:
        say(f"  {name} ({format_size(total)})")


def _models(root: Path) -> _Models:
    config = load_config(root / CONFIG_NAME)
    folder = Root.at(root, config.folders.model_dump()).models_dir(config.models.dir)
    job = config.job
    engines = {"transcriber": job.transcriber, "translator": job.translator, "synthesizer": job.synthesizer}
    return _Models(folder, used_models(engines, config.models.use), config)


def _names(models: _Models, *, every: bool) -> list[str]:
    """Return the used models first, then those that are here, then, if `every`, all others that are known."""
    here = sorted(one.name for one in models.folder.iterdir() if _is_model(one)) if models.folder.is_dir() else []
    return list(dict.fromkeys([*models.used.values(), *here, *(known_models() if every else ())]))


def _is_model(folder: Path) -> bool:
    return folder.is_dir() and not folder.name.startswith(".") and folder.suffix != ".part"


def _is_here(models: _Models, name: str) -> bool:
    return (models.folder / name).is_dir()


def _view(models: _Models, name: str) -> ModelView:
    folder, here = models.folder / name, _is_here(models, name)
    try:
        known: KnownModel | None = known_model(name)
    except UsageError:
        known = None
    engine = next((engine for engine, used in models.used.items() if used == name), known.engine if known else "")
    return ModelView(
        name=name,
        engine=engine,
        used=name in models.used.values(),
        here=here,
        path=str(folder),
        bytes=size_of(folder) if here else known.download if known else None,
        memory=known.memory if known else None,
        languages=known.languages if known else "",
        licence=known.licence if known else "",
        commercial=known.commercial if known else None,
    )


def _table(views: Sequence[ModelView]) -> Any:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for heading in ("MODEL", "ENGINE", "SIZE", "", "LICENCE"):
        table.add_column(heading, no_wrap=heading != "LICENCE", justify="right" if heading == "SIZE" else "left")
    for view in views:
        state = Text("here", "green") if view.here else Text("missing" if view.used else "", "yellow")
        size = format_size(view.bytes) if view.bytes is not None else ""
        table.add_row(Text(view.name), view.engine, size, state, view.licence)
    return table
