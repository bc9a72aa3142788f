"""Set up a root as chosen: its folders and settings, packages, models and service.

Every step leaves a usable root, and a finished step is skipped the next time.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any, Protocol

from dropdub.config import Config, load_config
from dropdub.engines.models.catalogue import find, named
from dropdub.engines.models.download.origin import Meter
from dropdub.engines.models.download.record import Condition
from dropdub.engines.models.known import KnownModel
from dropdub.engines.offers import installed_offers
from dropdub.errors import DropdubError, UsageError
from dropdub.files.durable import write_whole
from dropdub.files.privacy import private_files
from dropdub.kits import DEFAULT_KIT, Kit
from dropdub.language_server.server import Server
from dropdub.operations import models
from dropdub.operations.models import RootModels
from dropdub.pasting import command, pasteable, with_commands
from dropdub.root import CONFIG_NAME, current_folder, find_root
from dropdub.service.managed import Service, ServiceStatus
from dropdub.setup import packages
from dropdub.setup.choices import (
    Choices,
    SetupOptions,
    apply_choices,
    configured_kit,
    missing_engines,
    suggested_kit,
)
from dropdub.setup.new_root import make_root
from dropdub.setup.recommendation import with_recommended_model
from dropdub.yaml_edit import with_settings

USUAL_ROOT = "Dropdub"


@dataclass
class SetupResult:
    """What was done, as in `dropdub setup --json`. `failures`: steps that failed, as sentences; the others were done.

    `settings`: what was changed in config.yaml: those of `job` by their names, and `models.use`. `next`: the command to
    run now.
    """

    root: str
    made: bool = False
    settings: dict[str, Any] = field(default_factory=dict)
    engines: Kit = DEFAULT_KIT
    installed: bool = False
    pulled: list[str] = field(default_factory=list)
    service: bool = False
    failures: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    next: str = ""


class Observer(Protocol):
    """Shows what happens while a root is being set up."""

    @property
    def output(self) -> IO[str]:
        """Where pip writes; a file with a descriptor."""

    def say(self, line: str) -> None:
        """Show what begins."""

    def meter(self, root_models: RootModels, model: KnownModel) -> AbstractContextManager[Meter]:
        """Show the progress of a download in the block."""

    def pulled(self, model: KnownModel, condition: Condition) -> None:
        """Show that a model was downloaded."""

    def service_installed(self, status: ServiceStatus, advice: list[str]) -> None:
        """Show that the service was installed, with advice for the user."""

    def failed(self, error: DropdubError) -> None:
        """Show that a step failed. The next ones still run."""


Agrees = Callable[[RootModels, KnownModel], bool]
"""Asks a person whether they agree to a model's licence. May raise UsageError."""


def set_up(
    root: Path, options: SetupOptions, *, named_root: Path | None, observer: Observer, agrees: Agrees | None = None
) -> SetupResult:
    """Create or change the root as the options say, and return what was done; a failed step is one of its `failures`.

    `named_root`: the root that suggested commands must name; None if the shell finds it. `agrees`: None if nobody can
    be asked; then, models whose licence requires consent are left out, unless the options give it. Raises UsageError
    and ConfigError for a root that can be neither created nor read.
    """
    is_root = (root / CONFIG_NAME).is_file()
    config = config_of(root)
    options = _complete(options, is_root=is_root)
    after = with_recommended_model(root, apply_choices(config, options.choices), options.choices.engines or DEFAULT_KIT)
    result = SetupResult(str(root), engines=options.choices.engines or configured_kit(after, installed_offers()))
    setup = _Setup(root, options, result, named_root, observer)
    if not is_root:
        make_root(root)
        result.made = True
    result.settings = write_choices(root, options.choices, config, use=after.models.use)
    _install_packages(setup)
    _pull_models(setup, agrees)
    _install_service(setup)
    if elsewhere := Server.of(config_of(root).models.openai).warning:
        setup.note(f"Warning: {elsewhere}")
    result.next = setup.command("status" if result.service else "watch")
    return result


def config_of(root: Path) -> Config:
    """Return the configuration of a root, or the defaults if it is to be created. Raises ConfigError."""
    file = root / CONFIG_NAME
    return load_config(file) if file.is_file() else Config()


def root_to_set_up(folder: Path | None) -> Path:
    """Return the given folder; by default the root that the current folder belongs to, or `~/Dropdub`."""
    if folder is not None:
        return folder.absolute()
    try:
        return find_root(None, os.environ, current_folder())
    except UsageError:
        if os.environ.get("JOBS_ROOT") or (Path.cwd() / CONFIG_NAME).exists():
            raise
        return Path.home() / USUAL_ROOT


@private_files()
def write_choices(
    root: Path, choices: Choices, config: Config, *, use: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Write the changed settings, and nothing else, to config.yaml; return them. Raises ConfigError.

    `use`: the setting `models.use` as it is to be; None if it follows from the choices.
    """
    settings, models = choices.settings(config), dict(choices.models_in_use(config) if use is None else use)
    changed_models = {"use": models} if models != config.models.use else {}
    if settings or changed_models:
        file = root / CONFIG_NAME
        text = with_settings(file.read_text(encoding="utf-8-sig"), "job", settings)
        write_whole(file, with_settings(text, "models", changed_models).encode())
        load_config(file)
    return settings | {f"models.{name}": value for name, value in changed_models.items()}


@dataclass(frozen=True)
class _Setup:
    """The setup of a root, to which each step adds its result."""

    root: Path
    options: SetupOptions
    result: SetupResult
    named_root: Path | None
    observer: Observer

    def command(self, *words: str) -> str:
        return command(self.named_root, *words)

    def note(self, line: str) -> None:
        self.result.notes.append(line)

    @contextlib.contextmanager
    def recorded(self) -> Iterator[None]:
        """Record the failure of a step, so that the next steps still run."""
        try:
            yield
        except DropdubError as error:
            self.result.failures.append(with_commands(error.sentence, root=self.named_root))
            self.observer.failed(error)


def _complete(options: SetupOptions, *, is_root: bool) -> SetupOptions:
    """Return the options with engines chosen for a new root. An existing root keeps its own."""
    if options.choices.engines is not None or is_root:
        return options
    return replace(options, choices=replace(options.choices, engines=suggested_kit(installed_offers())))


def _install_packages(setup: _Setup) -> None:
    kit = setup.result.engines
    missing = missing_engines(kit, installed_offers())
    if not missing:
        return
    if setup.options.install is False:
        commands = "".join(f"\n  {pasteable(words)}" for words in packages.commands(kit))
        setup.note(f"Not installed: {', '.join(missing)}. Files wait until you run:{commands}")
        return
    with setup.recorded():
        setup.observer.say(f"Installing {', '.join(missing)} (about {packages.SIZES[kit]}) …")
        packages.install(kit, output=setup.observer.output)
        setup.result.installed = True


def _pull_models(setup: _Setup, agrees: Agrees | None) -> None:
    root_models = RootModels.of(setup.root)
    wanted = [use.model for use in root_models.missing() if find(use.model)]
    if not wanted:
        return
    if setup.options.pull is False:
        pull = setup.command("models", "pull")
        setup.note(f"Not downloaded: {', '.join(wanted)}. Download them with:\n  {pull}")
        return
    unagreed = [name for name in wanted if named(name).licence.consent]
    if agrees or setup.options.accept_licence:
        unagreed = []
    for name in unagreed:
        agree = setup.command("models", "pull", name, "--accept-licence")
        setup.note(f"The licence of {name} requires your consent. If you agree:\n  {agree}")
    for name in (name for name in wanted if name not in unagreed):
        with setup.recorded():
            _pull(setup, root_models, named(name), agrees)
    missing = [use.model for use in root_models.missing()]
    setup.result.pulled = [name for name in wanted if name not in missing]


def _pull(setup: _Setup, root_models: RootModels, model: KnownModel, agrees: Agrees | None) -> None:
    """Download a model, unless its licence requires consent that nobody gives."""
    must_agree = not setup.options.accept_licence and root_models.needs_consent(model)
    if must_agree and not (agrees and agrees(root_models, model)):
        return
    with setup.observer.meter(root_models, model) as meter:
        condition = models.pull(root_models, model, accept_licence=True, meter=meter)
    setup.observer.pulled(model, condition)


def _install_service(setup: _Setup) -> None:
    result = setup.result
    if setup.options.service:
        with setup.recorded():
            service = Service.of(setup.root, at_boot=False)
            advice = service.install()
            setup.observer.service_installed(service.status(), advice)
            result.service = True
        return
    with contextlib.suppress(DropdubError):  # a system without services
        found = Service.of(setup.root).status()
        result.service = found.installed and found.running
        if found.running and result.settings:
            setup.note("The daemon uses the new options for files dropped from now on. Other settings need a restart.")
