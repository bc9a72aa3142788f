"""launchd: a user's agent, or a system daemon. launchd.plist(5), launchctl(1)"""

from __future__ import annotations

import os
import plistlib
import sys
from pathlib import Path
from typing import Any

from dropdub.pasting import command
from dropdub.process import windowless_python
from dropdub.service.description import STOP_GRACE_S, Command, Registration, ServicePlan, arguments
from dropdub.service.tool import ask

THROTTLE_S = 60
"""Minimum time between two starts: otherwise a mistake in config.yaml would fill the log."""
UMASK = 0o077
"""Makes new files private to the account. The property list contains it in decimal."""


class Launchd:
    """A root's agent or daemon. Stopping unloads it: otherwise launchd would restart it."""

    guards_config = False

    def __init__(self, plan: ServicePlan) -> None:
        self._plan = plan
        self._domain = "system" if plan.at_boot else f"gui/{_user()}"
        self._target = f"{self._domain}/{plan.name}"
        self.kind = "launchd daemon" if plan.at_boot else "launchd agent"

    @property
    def file(self) -> Path:
        return plist_file(self._plan.name, at_boot=self._plan.at_boot)

    def text(self) -> str:
        return self.content().decode()

    def content(self) -> bytes:
        return plistlib.dumps(properties(self._plan), sort_keys=False)

    def install_commands(self) -> list[Command]:
        return [
            Command.of("launchctl", "enable", self._target),
            Command.attempt("launchctl", "bootout", self._target),  # after a clean exit it is still loaded
            Command.of("launchctl", "bootstrap", self._domain, str(self.file)),
        ]

    def start_commands(self) -> list[Command]:
        return self.install_commands()

    def stop_commands(self) -> list[Command]:
        return [
            Command.of("launchctl", "disable", self._target),
            Command.attempt("launchctl", "bootout", self._target),
        ]

    def kill_commands(self) -> list[Command]:
        return [Command.attempt("launchctl", "kill", "SIGKILL", self._target)]

    def unregister_commands(self) -> list[Command]:
        return []

    def cleanup_commands(self) -> list[Command]:
        return []

    def registration(self) -> Registration:
        installed = self.file.exists()
        loaded = installed and ask("launchctl", "print", self._target).code == 0
        return Registration(installed=installed, enabled=loaded, state="loaded" if loaded else "")

    def is_installed(self) -> bool:
        return self.file.exists()

    def advice(self) -> list[str]:
        if self._plan.at_boot:
            return []
        again = command(self._plan.root, "service", "install", "--boot")
        return [f"It stops when you log out. To start it with the machine instead:\n  {again}"]


def plist_file(name: str, *, at_boot: bool) -> Path:
    """Return the path of the property list of a service."""
    folder = Path("/Library/LaunchDaemons") if at_boot else Path.home() / "Library" / "LaunchAgents"
    return folder / f"{name}.plist"


def properties(plan: ServicePlan) -> dict[str, Any]:
    """Return the content of the property list."""
    job: dict[str, Any] = {
        "Label": plan.name,
        "ProgramArguments": [windowless_python(), *arguments(plan, "-X", "faulthandler", "-m", "dropdub")],
        "WorkingDirectory": str(plan.root),
        "EnvironmentVariables": {"PATH": plan.search_path},
        "Umask": UMASK,
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "ThrottleInterval": THROTTLE_S,
        "ExitTimeOut": round(STOP_GRACE_S * 1.5),
        "ProcessType": "Standard",
        "StandardOutPath": "/dev/null",
        "StandardErrorPath": str(plan.log),
    }
    return job | ({"UserName": plan.account} if plan.at_boot else {})


def _user() -> int:
    if sys.platform == "win32":
        return 0
    return os.getuid()
