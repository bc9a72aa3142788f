"""Commands that run the daemon as a system service."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dropdub.cli.console import say, say_json
from dropdub.cli.exit_codes import DONE, FELL_SHORT
from dropdub.errors import UsageError
from dropdub.service.managed import Service, ServiceStatus


def install(root: Path, *, at_boot: bool, account: str | None, dry_run: bool) -> int:
    if account and not at_boot:
        raise UsageError("--account requires --boot: a service that starts when you log on runs as you.")
    service = Service.of(root, at_boot=at_boot, account=account)
    if dry_run:
        for line in service.preview():
            say(line)
        return DONE
    advice = service.install()
    say_installed(service.status(), advice)
    return DONE


def say_installed(status: ServiceStatus, advice: Sequence[str]) -> None:
    say(f"Installed {status.name}, a {status.kind}: {status.file}")
    say(f"It is running (process {status.pid}), starts {_when(status)} and restarts if it crashes.")
    for sentence in advice:
        say(sentence)


def uninstall(root: Path) -> int:
    service = Service.of(root)
    service.uninstall()
    say(f"Removed {service.plan.name}. Nothing in {root} was changed.")
    return DONE


def start(root: Path) -> int:
    service = Service.of(root)
    service.start()
    status = service.status()
    say(f"{status.name} is running (process {status.pid}) and starts {_when(status)}.")
    return DONE


def stop(root: Path) -> int:
    service = Service.of(root)
    service.stop()
    say(
        f"{service.plan.name} is stopped. It stays off, even after a reboot. To start it again: `dropdub service start`"
    )
    return DONE


def status(root: Path, *, as_json: bool) -> int:
    """Show the state of the service; return 1 if it is not installed or not running."""
    found = Service.of(root).status()
    if as_json:
        say_json(found)
    else:
        for line in _described(found):
            say(line)
    return DONE if found.installed and found.running else FELL_SHORT


def _described(status: ServiceStatus) -> list[str]:
    daemon = f"The daemon is running: process {status.pid}." if status.running else "The daemon is not running."
    if not status.installed:
        return [f"No service is installed ({status.name}). {daemon}", "Install it with: `dropdub service install`"]
    word = f" ({status.state})" if status.state else ""
    starts = f"It starts {_when(status)}." if status.enabled else "It is off. Turn it on with: `dropdub service start`"
    return [f"{status.name} is installed as a {status.kind}{word}. {starts} {daemon}", status.file]


def _when(status: ServiceStatus) -> str:
    return "with the machine" if status.at_boot else "when you log on"
