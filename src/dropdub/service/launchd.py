"""launchd: an agent of one person, or a daemon of the machine. launchd.plist(5), launchctl(1)"""

from __future__ import annotations

import os
import plistlib
import sys
from pathlib import Path
from typing import Any

from dropdub.process import windowless_python
from dropdub.service.plan import STOP_GRACE_S, Command, Registration, ServicePlan, arguments
from dropdub.service.tool import ask

THROTTLE_S = 60
"""The least time between two starts: a mistake in config.yaml would else fill the log."""
UMASK = 0o077
"""What it makes is its account's alone: launchd takes the number in decimal."""


class Launchd:
    """A root's agent or daemon. It is loaded as long as it is started: launchd would revive it otherwise."""

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

    def starting(self) -> list[Command]:
        return [
            Command.of("launchctl", "enable", self._target),
            Command.attempt("launchctl", "bootout", self._target),  # what ended in good order stays loaded
            Command.of("launchctl", "bootstrap", self._domain, str(self.file)),
        ]

    def reviving(self) -> list[Command]:
        return self.starting()

    def stopping(self) -> list[Command]:
        return [
            Command.of("launchctl", "disable", self._target),
            Command.attempt("launchctl", "bootout", self._target),
        ]

    def ending(self) -> list[Command]:
        return [Command.attempt("launchctl", "kill", "SIGKILL", self._target)]

    def forgetting(self) -> list[Command]:
        return []

    def forgotten(self) -> list[Command]:
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
        return ["It ends when you log out. To have it start with the machine, install it with: --boot"]


def plist_file(name: str, *, at_boot: bool) -> Path:
    """Return where the property list of this name lies."""
    folder = Path("/Library/LaunchDaemons") if at_boot else Path.home() / "Library" / "LaunchAgents"
    return folder / f"{name}.plist"


def properties(plan: ServicePlan) -> dict[str, Any]:
    """Return the job as launchd reads it."""
    command = [windowless_python(), *arguments(plan, "-X", "faulthandler", "-m", "dropdub")]
    job: dict[str, Any] = {
        "Label": plan.name,
        "ProgramArguments": command,
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
