"""`dropdub setup`: set up a root as chosen by options or in a dialogue."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import typer

from dropdub.cli import models, service, setup_questions
from dropdub.cli.console import name_root, say, say_json
from dropdub.cli.download_meter import progress_meter
from dropdub.cli.exit_codes import DONE, FELL_SHORT
from dropdub.config import load_config
from dropdub.engines.models.download.origin import Meter
from dropdub.engines.models.download.record import Condition
from dropdub.engines.models.known import KnownModel
from dropdub.errors import DropdubError
from dropdub.operations.models import RootModels
from dropdub.pasting import command, marked
from dropdub.root import CONFIG_NAME, Root, is_current
from dropdub.service.managed import ServiceStatus
from dropdub.setup.choices import SetupOptions
from dropdub.setup.procedure import SetupResult, config_of, root_to_set_up, set_up


def setup(folder: Path | None, options: SetupOptions, *, yes: bool, as_json: bool) -> int:
    """Set up a root; return 1 if a step failed."""
    asks = not (yes or as_json) and sys.stdin.isatty()
    root = root_to_set_up(folder)
    named_root = None if is_current(root) else root
    name_root(named_root)
    try:
        with contextlib.redirect_stdout(sys.stderr) if as_json else contextlib.nullcontext():
            if asks:
                options = setup_questions.ask(root, options, config_of(root))
            agrees = _agrees if asks else None
            result = set_up(root, options, named_root=named_root, observer=_Terminal(), agrees=agrees)
    except (KeyboardInterrupt, typer.Abort):
        say(f"\nStopped. Finished steps are kept. To continue:\n  {command(named_root, 'setup')}", err=True)
        return FELL_SHORT
    if as_json:
        say_json(result)
    else:
        _say_end(result)
    return FELL_SHORT if result.failures else DONE


class _Terminal:
    """Prints what happens while a root is being set up."""

    @property
    def output(self) -> IO[str]:
        return sys.stderr

    def say(self, line: str) -> None:
        say(line)

    @contextlib.contextmanager
    def meter(self, root_models: RootModels, model: KnownModel) -> Iterator[Meter]:
        with models.saying_what_is_kept(root_models.models_dir), progress_meter(model.name) as meter:
            yield meter

    def pulled(self, model: KnownModel, condition: Condition) -> None:
        models.say_pulled(model, condition)

    def service_installed(self, status: ServiceStatus, advice: list[str]) -> None:
        service.say_installed(status, advice)

    def failed(self, error: DropdubError) -> None:
        say(f"error: {error.message}", err=True)


def _agrees(root_models: RootModels, model: KnownModel) -> bool:
    consent = marked("models", "pull", model.name, "--accept-licence")
    return models.is_agreed(root_models, model, agree_with=consent)


def _say_end(result: SetupResult) -> None:
    root = Root.at(Path(result.root), load_config(Path(result.root) / CONFIG_NAME).folders.model_dump())
    say()
    for failure in result.failures:
        say(f"Not done: {failure}")
    for note in result.notes:
        say(note)
    say(f"Drop recordings and texts into   {root.inbox}")
    say(f"The results appear in            {root.outbox}")
    say(f"The settings are in              {root.config_file}")
    say(f"{'It is running. Show progress:' if result.service else 'Start it with:'}\n  {result.next}")
