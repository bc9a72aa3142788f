"""Describe a root's service, independently of the operating system."""

from __future__ import annotations

import hashlib
import os
import re
import sys
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from dropdub.config import Config
from dropdub.errors import UsageError
from dropdub.process import home_of
from dropdub.root import CONFIG_NAME, Root
from dropdub.service.search_path import search_path
from dropdub.store.location import database_url, sqlite_file

SLUG_MAX_CHARS = 24
STOP_GRACE_S = 60.0
"""How long a daemon may take to stop. It returns running steps to the queue, which takes seconds."""


@dataclass(frozen=True)
class ServicePlan:
    """A root's service. `at_boot`: starts with the machine, before anybody logs in; otherwise when its user logs on."""

    name: str
    root: Path
    at_boot: bool
    account: str
    """The account that runs it; on Windows `DOMAIN\\NAME`."""
    writable: tuple[Path, ...]
    """Folders outside the root that it writes to."""
    within: tuple[Path, ...]
    """Folders in the root that it writes to."""
    programs: tuple[Path, ...]
    """Paths that it runs or loads and never writes to: Python, Dropdub, models, programs named in config.yaml."""
    log: Path
    """The file for output that nobody would see otherwise: crashes, and errors before its own log is open."""
    search_path: str
    """Its PATH."""
    read: tuple[Path, ...] = ()
    """Folders of files outside the root that it only reads: those of the text monitor."""

    @property
    def config_file(self) -> Path:
        return self.root / CONFIG_NAME


@dataclass(frozen=True)
class Command:
    """A call of the system's tool. `may_fail`: it fails if there is nothing left to do."""

    arguments: tuple[str, ...]
    may_fail: bool = False

    @staticmethod
    def of(*arguments: str) -> Command:
        return Command(arguments)

    @staticmethod
    def attempt(*arguments: str) -> Command:
        return Command(arguments, may_fail=True)


@dataclass(frozen=True)
class Registration:
    """What the system reports about a service."""

    installed: bool
    enabled: bool
    """Whether it starts automatically."""
    state: str
    """The state in the system's own words; empty if it has none."""


class Manager(Protocol):
    """The service manager of a system. Most methods only return the commands to run."""

    kind: str
    guards_config: bool
    """Whether the system keeps the service from writing to config.yaml."""

    @property
    def file(self) -> Path:
        """Return the path of the definition, which depends on `at_boot`."""
        ...

    def text(self) -> str:
        """Return the definition."""
        ...

    def content(self) -> bytes:
        """Return the definition as the bytes of its file."""
        ...

    def install_commands(self) -> list[Command]:
        """Return the commands that register the definition in `file`, enable the service and start it."""
        ...

    def start_commands(self) -> list[Command]:
        """Return the commands that enable and start a registered service."""
        ...

    def stop_commands(self) -> list[Command]:
        """Return the commands that disable the service, and also stop it if the system does that cleanly."""
        ...

    def kill_commands(self) -> list[Command]:
        """Return the commands that kill a daemon that did not stop when asked."""
        ...

    def unregister_commands(self) -> list[Command]:
        """Return the commands that unregister a stopped service, before its file is removed."""
        ...

    def cleanup_commands(self) -> list[Command]:
        """Return the commands to run after the file is removed."""
        ...

    def registration(self) -> Registration:
        """Query the system and return the state of the service. Raises ServiceError."""
        ...

    def is_installed(self) -> bool:
        """Return whether a service of this kind (`at_boot` or not) is installed."""
        ...

    def advice(self) -> list[str]:
        """Return sentences with advice to show after installing."""
        ...


def plan_for(root: Root, config: Config, *, at_boot: bool, account: str) -> ServicePlan:
    """Return the plan for a root. Raises UsageError for a path with control characters, which no definition allows."""
    if any(ord(char) < 32 for char in str(root.path)):
        message = f"{str(root.path)!r} contains a line break or another control character."
        raise UsageError(message, remedy="Rename the folder, then try again.")
    written = _written(root, config)
    return ServicePlan(
        name=service_name(root.path),
        root=root.path,
        at_boot=at_boot,
        account=account,
        writable=tuple(folder for folder in written if not _is_within(folder, root)),
        within=tuple(folder for folder in written if _is_within(folder, root)),
        log=root.logs_dir / "service.log",
        programs=tuple(sorted({*_programs(config), root.models_dir(config.models.dir)})),
        search_path=search_path(account),
        read=tuple(Path(one.file).parent for one in config.monitor.files.values()),
    )


def arguments(plan: ServicePlan, *module: str) -> list[str]:
    """Return the arguments for Python that run a module as the root's daemon.

    The inbox of a service that starts with the machine is treated as shared by several people.
    """
    shared = ["--shared-inbox"] if plan.at_boot else []
    return ["-P", "-X", "utf8", *module, "--root", str(plan.root), "watch", *shared]


def with_home_of(account: str, config: Config) -> Config:
    """Return the settings with `~` expanded for the account that runs the service, which under sudo is not this one."""
    home = home_of(account)
    if home is None:
        return config
    folders = {name: _at_home(place, home) for name, place in config.folders.model_dump().items()}
    models = config.models.model_copy(update={"dir": _at_home(config.models.dir, home)})
    file = config.metrics.file
    metrics = config.metrics.model_copy(update={"file": file and _at_home(file, home)})
    changed = {"folders": config.folders.model_copy(update=folders), "models": models, "metrics": metrics}
    database = config.database and _at_home(config.database, home)
    return config.model_copy(update={**changed, "database": database})


def _at_home(place: str, home: Path) -> str:
    first, *rest = Path(place).parts or (".",)
    return str(home.joinpath(*rest)) if first == "~" else place


def service_name(root: Path) -> str:
    """Return the name of a root's service: the folder's name, for people, and a hash of its path, to make it unique."""
    path = os.path.normcase(root.resolve())
    plain = unicodedata.normalize("NFKD", root.resolve().name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:SLUG_MAX_CHARS].rstrip("-") or "root"
    return f"dropdub-{slug}-{hashlib.sha256(path.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def _written(root: Root, config: Config) -> list[Path]:
    """Return the folders that the daemon writes to."""
    database = sqlite_file(database_url(config.database, root))
    folders = {root.inbox, root.outbox, root.voices, root.work, root.failed, root.archive}
    folders |= {database.parent} if database else set()
    folders |= {(root.path / Path(config.metrics.file).expanduser()).parent} if config.metrics.file else set()
    return sorted(folders | set(map(Path, [*config.all_outputs().values(), *config.allowed_outputs])))


def _is_within(folder: Path, root: Root) -> bool:
    return folder.resolve().is_relative_to(root.path.resolve())


def _programs(config: Config) -> set[Path]:
    """Return the paths of Python and Dropdub, with and without links resolved, and of programs in the settings."""
    commands = (config.notify.on_success, config.notify.on_failure, config.monitor.player)
    named = [config.ffmpeg, *(word for command in commands for word in _programs_of(command))]
    own = {Path(sys.executable).parent, Path(sys.prefix), Path(sys.base_prefix), Path(__file__).parents[1]}
    own |= {Path(sys.executable).resolve().parent}
    return own | {Path(name).expanduser() for name in named if name and Path(name).expanduser().is_absolute()}


def _programs_of(command: Sequence[str]) -> list[str]:
    """Return the program of a command and its first argument that is a file, which may be a script: `sh /opt/tell`."""
    script = next((word for word in command[1:] if Path(word).expanduser().is_file()), None)
    return [*command[:1], *([script] if script else [])]
