"""What is to run for years on one root, in no system's words yet."""

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
"""How long a daemon may take to end once it was asked: it gives back what runs, which takes seconds."""


@dataclass(frozen=True)
class ServicePlan:
    """One root's daemon. `at_boot`: for the whole machine, before anybody logs in; else for one person's log-on."""

    name: str
    root: Path
    at_boot: bool
    account: str
    """Who runs it; on Windows `DOMAIN\\NAME`."""
    writable: tuple[Path, ...]
    """Folders outside the root that it writes to."""
    within: tuple[Path, ...]
    """Folders in the root that it writes to."""
    programs: tuple[Path, ...]
    """Where what it runs or loads lies, which it never writes to: Python, Dropdub, models, what config.yaml names."""
    log: Path
    """Where it writes what nobody would see: errors from before its own log is open, and crashes."""
    search_path: str
    """Its PATH."""

    @property
    def config_file(self) -> Path:
        return self.root / CONFIG_NAME


@dataclass(frozen=True)
class Command:
    """One call of the system's tool. `may_fail`: it fails where what it is to do is done already."""

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
    """What the system knows of a service."""

    installed: bool
    enabled: bool
    """Whether it starts by itself."""
    state: str
    """The system's own word; empty where it has none."""


class Manager(Protocol):
    """One system's way to run a service: pure lists of commands, and one question."""

    kind: str
    guards_config: bool
    """Whether the system keeps config.yaml from being written by the service."""

    @property
    def file(self) -> Path:
        """Return where the definition is kept: another file for the machine than for one person."""
        ...

    def text(self) -> str:
        """Return the definition."""
        ...

    def content(self) -> bytes:
        """Return the definition as the file holds it."""
        ...

    def starting(self) -> list[Command]:
        """Register the definition that lies in `file` if need be, and start it, now and from now on."""
        ...

    def reviving(self) -> list[Command]:
        """Start one that is registered, now and from now on."""
        ...

    def stopping(self) -> list[Command]:
        """Keep it from starting by itself; where the system ends a daemon gently, that too."""
        ...

    def ending(self) -> list[Command]:
        """End at once what did not end when it was asked."""
        ...

    def forgetting(self) -> list[Command]:
        """Take a stopped service out of the system's books, before its file is removed."""
        ...

    def forgotten(self) -> list[Command]:
        """Let the system see that the file is gone."""
        ...

    def registration(self) -> Registration:
        """Ask the system."""
        ...

    def is_installed(self) -> bool:
        """Return whether there is one of this kind: for the machine, or for one person."""
        ...

    def advice(self) -> list[str]:
        """Return sentences about what an administrator should know after installing."""
        ...


def plan_for(root: Root, config: Config, *, at_boot: bool, account: str) -> ServicePlan:
    """Return the plan for a root. Raises UsageError for a path that no definition can carry."""
    if any(ord(char) < 32 for char in str(root.path)):
        raise UsageError(f"{str(root.path)!r} has a line break or another control character in it.")
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
    )


def arguments(plan: ServicePlan, *module: str) -> list[str]:
    """Return the arguments of Python that run a module as the daemon of the root.

    A machine's inbox is one that several people may write to.
    """
    shared = ["--shared-inbox"] if plan.at_boot else []
    return ["-P", "-X", "utf8", *module, "--root", str(plan.root), "watch", *shared]


def as_read_by(account: str, config: Config) -> Config:
    """Return the settings with `~` as it is for the account that runs the service: under sudo, another than here."""
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
    """Return the name of a root's service: the folder's name to know it by, a hash of its path to tell it apart."""
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
    return sorted(folders | set(map(Path, [*config.named_outputs().values(), *config.allowed_outputs])))


def _is_within(folder: Path, root: Root) -> bool:
    return folder.resolve().is_relative_to(root.path.resolve())


def _programs(config: Config) -> set[Path]:
    """Return where Python and Dropdub lie, also behind links, and the programs that the settings name."""
    named = [config.ffmpeg, *_run_by(config.notify.on_success), *_run_by(config.notify.on_failure)]
    own = {Path(sys.executable).parent, Path(sys.prefix), Path(sys.base_prefix), Path(__file__).parents[1]}
    own |= {Path(sys.executable).resolve().parent}
    return own | {Path(name).expanduser() for name in named if name and Path(name).expanduser().is_absolute()}


def _run_by(command: Sequence[str]) -> list[str]:
    """Return the program of a command, and the first file that it is given, which may be the script: `sh /opt/tell`."""
    script = next((word for word in command[1:] if Path(word).expanduser().is_file()), None)
    return [*command[:1], *([script] if script else [])]
