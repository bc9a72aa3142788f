"""`dropdub setup`: set up a root as chosen by options or in a dialogue."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import typer

from dropdub.cli import admin, models, service, setup_questions
from dropdub.cli.console import name_root, say, say_json, with_named_root
from dropdub.cli.exit_codes import DONE, FELL_SHORT
from dropdub.config import Config, load_config
from dropdub.engines.models.catalogue import find
from dropdub.engines.offers import installed_offers
from dropdub.errors import DropdubError, UsageError
from dropdub.files.durable import write_whole
from dropdub.files.privacy import private_files
from dropdub.pasting import command, pasteable
from dropdub.root import CONFIG_NAME, Root, find_root
from dropdub.setup import packages
from dropdub.setup.choices import (
    Choices,
    Kit,
    SetupOptions,
    apply_choices,
    configured_kit,
    missing_engines,
    suggested_kit,
)
from dropdub.yaml_edit import with_settings

USUAL_ROOT = "Dropdub"


@dataclass
class Result:
    """What was done, as in `--json`."""

    root: str
    made: bool = False
    settings: dict[str, Any] = field(default_factory=dict)
    engines: Kit = "light"
    installed: bool = False
    pulled: list[str] = field(default_factory=list)
    service: bool = False
    failures: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    next: str = ""


def setup(folder: Path | None, options: SetupOptions, *, yes: bool, as_json: bool) -> int:
    """Set up a root; return 1 if a step failed.

    Every step leaves a usable root, and a finished step is skipped the next time.
    """
    asks = not (yes or as_json) and sys.stdin.isatty()
    root = root_to_set_up(folder)
    name_root(_unless_here(root))
    try:
        with contextlib.redirect_stdout(sys.stderr) if as_json else contextlib.nullcontext():
            result = _set_up(root, options, asks=asks)
    except (KeyboardInterrupt, typer.Abort):
        say(f"\nStopped. Finished steps are kept. To continue:\n  {_command(root, 'setup')}", err=True)
        return FELL_SHORT
    if as_json:
        say_json(result)
    else:
        _say_end(result)
    return FELL_SHORT if result.failures else DONE


def root_to_set_up(folder: Path | None) -> Path:
    """Return the given folder; by default the root that the current folder belongs to, or `~/Dropdub`."""
    if folder is not None:
        return folder.absolute()
    try:
        return find_root(None, os.environ, Path.cwd())
    except UsageError:
        if os.environ.get("JOBS_ROOT") or (Path.cwd() / CONFIG_NAME).exists():
            raise
        return Path.home() / USUAL_ROOT


def _set_up(root: Path, options: SetupOptions, *, asks: bool) -> Result:
    is_root = (root / CONFIG_NAME).is_file()
    config = load_config(root / CONFIG_NAME) if is_root else Config()
    if asks:
        options = setup_questions.ask(root, options, config)
    options = _complete(options, is_root=is_root)
    after = apply_choices(config, options.choices)
    result = Result(str(root), engines=options.choices.engines or configured_kit(after, installed_offers()))
    if not is_root:
        admin.make_root(root, light=False)
        result.made = True
    result.settings = write_choices(root, options.choices, config)
    _install_packages(result, options)
    _pull_models(root, result, options, asks=asks)
    _install_service(root, result, options)
    result.next = _command(root, "status" if result.service else "watch")
    return result


def _complete(options: SetupOptions, *, is_root: bool) -> SetupOptions:
    """Return the options with engines chosen for a new root. An existing root keeps its own."""
    if options.choices.engines is not None or is_root:
        return options
    return replace(options, choices=replace(options.choices, engines=suggested_kit(installed_offers())))


@private_files()
def write_choices(root: Path, choices: Choices, config: Config) -> dict[str, Any]:
    """Write the changed settings, and nothing else, to config.yaml; return them. Raises ConfigError."""
    settings = choices.settings(config)
    if settings:
        file = root / CONFIG_NAME
        write_whole(file, with_settings(file.read_text(encoding="utf-8-sig"), "job", settings).encode())
        load_config(file)
    return settings


def _install_packages(result: Result, options: SetupOptions) -> None:
    kit = result.engines
    missing = missing_engines(kit, installed_offers())
    if not missing:
        return
    if options.install is False:
        commands = "".join(f"\n  {pasteable(words)}" for words in packages.commands(kit))
        result.notes.append(f"Not installed: {', '.join(missing)}. Files wait until you run:{commands}")
        return
    with _recorded(result):
        say(f"Installing {', '.join(missing)} (about {packages.SIZES[kit]}) …")
        packages.install(kit, output=sys.stderr)
        result.installed = True


def _pull_models(root: Path, result: Result, options: SetupOptions, *, asks: bool) -> None:
    root_models = models.RootModels.of(root)
    wanted = [use.model for use in root_models.uses() if root_models.is_missing(use) and find(use.model)]
    if not wanted:
        return
    if options.pull is False:
        pull = _command(root, "models", "pull")
        result.notes.append(f"Not downloaded: {', '.join(wanted)}. Download them with:\n  {pull}")
        return
    unagreed = [] if asks or options.accept_licence else [name for name in wanted if _needs_consent(name)]
    for name in unagreed:
        agree = _command(root, "models", "pull", name, "--accept-licence")
        result.notes.append(f"The licence of {name} requires your consent. If you agree:\n  {agree}")
    for name in (name for name in wanted if name not in unagreed):
        with _recorded(result):
            code = models.pull(root, [name], mirror=None, accept_licence=options.accept_licence)
            if code != DONE and not _needs_consent(name):
                raise typer.Abort  # `pull` handles Ctrl-C itself, and only the return code shows it
    result.pulled = [
        name for name in wanted if name not in [use.model for use in root_models.uses() if root_models.is_missing(use)]
    ]


def _needs_consent(name: str) -> bool:
    known = find(name)
    return known is not None and known.licence.consent


def _install_service(root: Path, result: Result, options: SetupOptions) -> None:
    from dropdub.service.managed import Service

    if options.service:
        with _recorded(result):
            service.install(root, at_boot=False, account=None, dry_run=False)
            result.service = True
        return
    with contextlib.suppress(DropdubError):  # a system without services
        found = Service.of(root).status()
        result.service = found.installed and found.running
        if found.running and result.settings:
            result.notes.append("The daemon reads config.yaml when it starts. Restart it to use the new settings.")


@contextlib.contextmanager
def _recorded(result: Result) -> Iterator[None]:
    """Record the failure of a step, so that the next steps still run."""
    try:
        yield
    except DropdubError as error:
        result.failures.append(with_named_root(error.sentence))
        say(f"error: {error.message}", err=True)


def _say_end(result: Result) -> None:
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


def _command(root: Path, *words: str) -> str:
    return command(_unless_here(root), *words)


def _unless_here(root: Path) -> Path | None:
    """Return the root that commands must name: None if it is the current folder."""
    return None if root == Path.cwd() else root
