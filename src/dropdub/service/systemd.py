"""systemd: a user unit or a system unit. https://www.freedesktop.org/software/systemd/man/systemd.service.html"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from dropdub.errors import ServiceError
from dropdub.process import windowless_python
from dropdub.service.description import STOP_GRACE_S, Command, Registration, ServicePlan, arguments
from dropdub.service.sandbox import EVERYWHERE, system_hardening
from dropdub.service.systemd_quoting import command_line, literal, quoted
from dropdub.service.tool import ask

WATCHDOG_S = 120
"""The daemon sends a heartbeat every two to ten seconds. Its longest wait, for a busy database, ends after a minute."""
START_WITHIN_S = 600
"""Long enough for a database upgrade and for cleaning up after a crash."""

TEMPLATE = """\
[Unit]
Description=Dropdub on {described}
StartLimitIntervalSec=0
{ordering}
[Service]
Type=notify
NotifyAccess=main
ExecStart={command}
WorkingDirectory={folder}
Environment={environment}
{account}Restart=on-failure
RestartSec=5
RestartPreventExitStatus=2
TimeoutStartSec={start_s}
WatchdogSec={watchdog_s}
TimeoutStopSec={stop_s}
KillMode=mixed
OOMPolicy=continue
{hardening}
[Install]
WantedBy={target}
"""
"""Exit code 2 means a mistake in config.yaml, which a restart would not fix."""


class Systemd:
    """A root's unit."""

    def __init__(self, plan: ServicePlan) -> None:
        self._plan = plan
        self._unit = f"{plan.name}.service"
        self._systemctl = ("systemctl",) if plan.at_boot else ("systemctl", "--user")
        self.guards_config = plan.at_boot
        self.kind = "systemd unit" if plan.at_boot else "systemd user unit"

    @property
    def file(self) -> Path:
        return unit_file(self._plan.name, at_boot=self._plan.at_boot)

    def text(self) -> str:
        return unit_text(self._plan)

    def content(self) -> bytes:
        return self.text().encode()

    def install_commands(self) -> list[Command]:
        return [self._command("daemon-reload"), self._command("enable", "--now", self._unit)]

    def start_commands(self) -> list[Command]:
        return self.install_commands()

    def stop_commands(self) -> list[Command]:
        return [self._command("disable", "--now", self._unit)]

    def kill_commands(self) -> list[Command]:
        return [Command.attempt(*self._systemctl, "kill", "--signal=SIGKILL", self._unit)]

    def unregister_commands(self) -> list[Command]:
        """Return the command that removes the cache of compiled code, which systemd can do since version 243."""
        cleaning = Command.attempt(*self._systemctl, "clean", "--what=cache", self._unit)
        return [cleaning] if self._plan.at_boot else []

    def cleanup_commands(self) -> list[Command]:
        return [
            self._command("daemon-reload"),
            Command.attempt(*self._systemctl, "reset-failed", self._unit),
        ]

    def registration(self) -> Registration:
        properties = ("--property=ActiveState", "--property=UnitFileState")
        listing = ask(*self._systemctl, "show", *properties, self._unit).text if self.file.exists() else ""
        values = dict(line.split("=", 1) for line in listing.splitlines() if "=" in line)
        return Registration(
            installed=self.file.exists(),
            enabled=values.get("UnitFileState") == "enabled",
            state=values.get("ActiveState", ""),
        )

    def is_installed(self) -> bool:
        return self.file.exists()

    def advice(self) -> list[str]:
        if self._plan.at_boot or _lingers():
            return []
        text = "It stops when you log out. To keep it running and start it with the machine"
        return [f"{text}:\n  loginctl enable-linger"]

    def _command(self, *arguments: str) -> Command:
        return Command.of(*self._systemctl, *arguments)


def unit_file(name: str, *, at_boot: bool) -> Path:
    """Return the path of a unit file."""
    if at_boot:
        return Path("/etc/systemd/system") / f"{name}.service"
    settings = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(settings) / "systemd" / "user" / f"{name}.service"


def unit_text(plan: ServicePlan) -> str:
    """Return the content of the unit file."""
    command = [windowless_python(), *arguments(plan, "-X", "faulthandler", "-m", "dropdub")]
    return TEMPLATE.format(
        described=literal(str(plan.root)),
        ordering=_ordering(plan) if plan.at_boot else "",
        command=command_line(command),
        folder=literal(str(plan.root)),
        environment=quoted(f"PATH={plan.search_path}"),
        account=f"User={plan.account}\n" if plan.at_boot else "",
        start_s=START_WITHIN_S,
        watchdog_s=WATCHDOG_S,
        stop_s=round(STOP_GRACE_S * 1.5),
        hardening=EVERYWHERE + (system_hardening(plan) if plan.at_boot else ""),
        target="multi-user.target" if plan.at_boot else "default.target",
    )


def _ordering(plan: ServicePlan) -> str:
    """Start the unit after what it needs, including NVIDIA's service: the sandbox keeps the unit from creating the
    device files of a graphics card itself.
    """
    after = "remote-fs.target network.target nvidia-persistenced.service"
    return f"After={after}\nRequiresMountsFor={quoted(str(plan.root))}\n"


def _lingers() -> bool:
    """Return whether this user's services run without a log-on; False if that cannot be determined."""
    if sys.platform == "win32":
        return False
    try:
        answer = ask("loginctl", "show-user", str(os.getuid()), "--property=Linger", "--value")
    except ServiceError:
        return False
    return answer.text == "yes"
