"""Install a root's service, start and stop it, and return its status, on any system."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from dropdub.config import Config, load_config
from dropdub.daemon.start.lock import is_held
from dropdub.errors import ServiceError, StoreError, StoreOutdated, UsageError
from dropdub.files.durable import write_whole
from dropdub.files.removal import remove
from dropdub.pasting import pasted
from dropdub.process import account_for, is_administrator, is_alive
from dropdub.root import CONFIG_NAME, Root
from dropdub.service.accounts import refuse_superuser
from dropdub.service.advice import advice_on
from dropdub.service.description import STOP_GRACE_S, Manager, ServicePlan, plan_for, with_home_of
from dropdub.service.launchd import Launchd
from dropdub.service.sandbox import hides
from dropdub.service.systemd import Systemd
from dropdub.service.tool import run_commands
from dropdub.service.windows import TaskScheduler
from dropdub.store import transitions
from dropdub.store.database import Store
from dropdub.store.location import database_url
from dropdub.store.views import open_reader

UP_WITHIN_S = 90.0
ENDED_WITHIN_S = 15.0
POLL_S = 0.2


@dataclass(frozen=True)
class ServiceStatus:
    """The state of a root's service. `running`: a daemon of this root is running, whoever started it."""

    name: str
    kind: str
    installed: bool
    enabled: bool
    """Whether it starts automatically, with the machine or at log-on."""
    running: bool
    pid: int | None
    at_boot: bool
    file: str
    """The path of its definition, even if it is not installed."""
    state: str
    """The state in the system's own words; empty if it has none."""


def status(path: Path) -> ServiceStatus:
    """Return the state of the service of the root at `path`. Raises ConfigError, StoreError, ServiceError."""
    return Service.of(path).status()


def unseen(path: Path, files: Sequence[Path]) -> list[Path]:
    """Return the files that the running service of the root at `path` cannot see: home folders and /tmp may be hidden.

    Raises ConfigError, StoreError, ServiceError.
    """
    if sys.platform != "linux":
        return []
    service = Service.of(path)
    hidden = [file for file in files if hides(service.plan, file)]
    return hidden if hidden and service.status().state == "active" else []


class Service:
    """The service of one root."""

    def __init__(
        self, manager: Manager, plan: ServicePlan, database_url: str, daemon_lock: Path, *, account_named: bool = False
    ) -> None:
        self._manager = manager
        self.plan = plan
        self._url = database_url
        self._lock = daemon_lock
        self._account_named = account_named

    @staticmethod
    def of(path: Path, *, at_boot: bool | None = None, account: str | None = None) -> Service:
        """Return the service of the root at `path`. If `at_boot` is None, the installed kind.

        The root need not exist any more: its path is enough to identify the service. Raises ConfigError.
        """
        gone = not (path / CONFIG_NAME).is_file()
        config = Config() if gone else load_config(path / CONFIG_NAME)
        chosen = account or ("" if gone else account_for(path / CONFIG_NAME))
        settings = [config, with_home_of(chosen, config)]
        roots = [Root.at(path, one.folders.model_dump()) for one in settings]
        plans = [plan_for(roots[boot], settings[boot], at_boot=boot, account=chosen) for boot in (False, True)]
        if at_boot is None:
            at_boot = make_manager(plans[True]).is_installed() and not make_manager(plans[False]).is_installed()
        plan, root = plans[at_boot], roots[at_boot]
        url, named = database_url(config.database, root), account is not None
        return Service(make_manager(plan), plan, url, root.daemon_lock, account_named=named)

    def preview(self) -> Iterator[str]:
        """Yield the lines that `install` would write, and the commands it would run."""
        yield f"# {self._manager.kind} {self.plan.name}, in {self._manager.file}:"
        yield self._manager.text().rstrip()
        yield "# then:"
        for command in self._manager.install_commands():
            yield " ".join(command.arguments)

    def install(self) -> list[str]:
        """Write the definition and start the service, replacing an installed one; return advice for the user.

        Raises UsageError, ServiceError. If the system refuses, an installed service is restored.
        """
        self._refuse_impossible()
        new, before = self._manager.content(), self._manager.registration()
        old = self._manager.file.read_bytes() if before.installed and self._manager.file.exists() else None
        if before.installed:
            self.stop()
        self._refuse_other_daemon()
        try:
            self._register(new)
        except ServiceError:
            if old is not None:
                self._restore(old, is_on=before.enabled)
            raise
        self._await_daemon()
        guarded = self._manager.guards_config
        return [*self._manager.advice(), *advice_on(self.plan, config_is_guarded=guarded)]

    def uninstall(self) -> None:
        """Stop the service and remove its definition. Nothing in the root is changed. Raises ServiceError."""
        self._refuse_uninstalled()
        self.stop()
        run_commands(self._manager.unregister_commands())
        remove(self._manager.file)
        run_commands(self._manager.cleanup_commands())

    def start(self) -> None:
        """Start the service and enable it; return when its daemon is running. Raises ServiceError."""
        self._refuse_uninstalled()
        if self._manager.registration().enabled and self._pid() is not None:
            return
        self._refuse_other_daemon()
        run_commands(self._manager.start_commands())
        self._await_daemon()

    def stop(self) -> None:
        """Stop the service cleanly and disable it, even across a reboot. Raises ServiceError if its daemon survives."""
        self._refuse_uninstalled()
        run_commands(self._manager.stop_commands())
        if self.plan.root.is_dir() and self._stops_when_asked():
            return
        run_commands(self._manager.kill_commands())
        if not _await(self._is_stopped, ENDED_WITHIN_S):
            raise ServiceError(
                f"The daemon of {self.plan.root} did not stop: process {self._pid() or 'unknown'}.",
                remedy="Kill that process. No work is lost.",
            )

    def status(self) -> ServiceStatus:
        registration, pid = self._manager.registration(), self._pid()
        return ServiceStatus(
            name=self.plan.name,
            kind=self._manager.kind,
            installed=registration.installed,
            enabled=registration.enabled,
            running=pid is not None,
            pid=pid,
            at_boot=self.plan.at_boot,
            file=str(self._manager.file),
            state=registration.state,
        )

    def _register(self, definition: bytes) -> None:
        """Write the definition and register it. If the system refuses it, undo that. Raises ServiceError."""
        file = self._manager.file
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(file, definition)
            run_commands(self._manager.install_commands())
        except PermissionError as error:
            raise _not_permitted(file) from error
        except ServiceError:
            self._unregister()
            raise

    def _unregister(self) -> None:
        """Undo a registration, however far it got."""
        done = [*self._manager.stop_commands(), *self._manager.kill_commands(), *self._manager.unregister_commands()]
        with suppress(ServiceError):  # the system's tool may not exist
            run_commands(replace(command, may_fail=True) for command in done)
        remove(self._manager.file)
        with suppress(ServiceError):
            run_commands(replace(command, may_fail=True) for command in self._manager.cleanup_commands())

    def _restore(self, definition: bytes, *, is_on: bool) -> None:
        """Register the previous definition again, if possible, and start it if it was enabled."""
        with suppress(PermissionError):  # then the old file was never overwritten
            write_whole(self._manager.file, definition)
        with suppress(ServiceError):
            run_commands(self._manager.install_commands())
            if not is_on:
                self.stop()

    def _await_daemon(self) -> None:
        if not _await(self._is_up, UP_WITHIN_S):
            raise ServiceError(
                f"{self.plan.name} was started, but its daemon was not running after {UP_WITHIN_S:.0f} s.",
                remedy=f"See why in {self.plan.log}, or with: `dropdub watch`",
            )

    def _stops_when_asked(self) -> bool:
        """Ask the daemon to stop and return whether it did. It is asked through the database: False if that fails."""
        try:
            pid = self._pid()
            if pid is None:
                return _await(lambda: not self._is_held(), ENDED_WITHIN_S)  # it is ending, or it hangs
            with closing(Store.open(self._url, migrate=False)) as store:
                transitions.request_stop(store, pid=pid)
            return _await(lambda: not is_alive(pid), STOP_GRACE_S)  # its record says stopped before the process ends
        except StoreError:
            return False

    def _is_stopped(self) -> bool:
        with suppress(StoreOutdated):  # a process holds the root
            return self._pid() is None and not self._is_held()
        return False

    def _is_held(self) -> bool:
        """Return whether a process holds the root's lock, even one that no longer sends heartbeats."""
        return self._lock.exists() and is_held(self._lock)

    def _is_up(self) -> bool:
        with suppress(StoreOutdated):  # it is upgrading the database
            return self._pid() is not None
        return False

    def _pid(self) -> int | None:
        """Return the process id of this root's daemon; None if there is none.

        Raises StoreOutdated while a process holds a root whose database is of an earlier version.
        """
        try:
            daemon = open_reader(self._url).status(now=time.time(), limit=0).daemon
        except StoreOutdated:
            if is_held(self._lock):
                raise
            return None  # this version has never run here: its first start upgrades the database
        alive = daemon is not None and daemon.state == "running" and is_alive(daemon.pid)
        return daemon.pid if daemon is not None and alive else None

    def _refuse_impossible(self) -> None:
        if self.plan.at_boot and not is_administrator():
            raise _needs_administrator(self.plan)
        refuse_superuser(self.plan, named=self._account_named)
        other = make_manager(replace(self.plan, at_boot=not self.plan.at_boot))
        if other.is_installed():
            raise UsageError(
                f"{self.plan.root} already has a {other.kind}: {other.file}.",
                remedy="Remove it first: `dropdub service uninstall`",
            )

    def _refuse_other_daemon(self) -> None:
        if (pid := self._pid()) is not None:
            raise UsageError(
                f"A daemon is already running on {self.plan.root}: process {pid}.",
                remedy="Stop it (Ctrl-C in its window), then try again.",
            )

    def _refuse_uninstalled(self) -> None:
        if not self._manager.registration().installed:
            raise ServiceError(
                f"No service is installed for {self.plan.root}.",
                remedy="Install it with: `dropdub service install`",
            )


def make_manager(plan: ServicePlan) -> Manager:
    """Return the service manager of this system."""
    if sys.platform == "win32":
        return TaskScheduler(plan)
    return Launchd(plan) if sys.platform == "darwin" else Systemd(plan)


def _await(condition: Callable[[], bool], within_s: float) -> bool:
    ends_at = time.monotonic() + within_s
    while not (met := condition()) and time.monotonic() < ends_at:
        time.sleep(POLL_S)
    return met


def _needs_administrator(plan: ServicePlan) -> UsageError:
    command = f"-m dropdub --root {pasted(plan.root)} service install --boot"
    remedy = (
        "Open the console with “Run as administrator” and try again, or omit --boot: then it starts when you log on."
        if sys.platform == "win32"
        else f"Run it as root:\n  sudo {pasted(sys.executable)} {command}"
    )
    return UsageError("A service that starts with the machine needs administrator rights to install.", remedy=remedy)


def _not_permitted(file: Path) -> ServiceError:
    return ServiceError(f"{file} cannot be written: permission denied.", remedy="Try again as root.")
