"""Run the system's tools for services: schtasks, systemctl, loginctl, launchctl."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass

from dropdub.errors import DeadlineExceeded, ServiceError
from dropdub.process import DESKTOP, child_environment, find_program
from dropdub.process.run import Program, output
from dropdub.service.description import Command

PATIENCE_S = 150.0
"""Long, because systemctl waits for a daemon to start or stop."""
_ENCODING = "oem" if sys.platform == "win32" else "utf-8"


@dataclass(frozen=True)
class Answer:
    """The exit code and output of a tool. The output may be in any language."""

    code: int
    text: str


def ask(*arguments: str) -> Answer:
    """Run a tool and return its answer. Raises ServiceError if it does not exist, or does not end in time."""
    program = find_program(arguments[0])
    if program is None:
        raise ServiceError(
            f"There is no {arguments[0]} on this system.",
            remedy="Have your system's own service manager run: `dropdub watch`",
        )
    asked = Program([str(program), *arguments[1:]], environment=child_environment(DESKTOP), encoding=_ENCODING)
    try:
        text, ending = output(asked, deadline_s=PATIENCE_S, errors_too=True)
    except DeadlineExceeded as error:
        raise ServiceError(f"{' '.join(arguments)} did not end within {PATIENCE_S:.0f} s.") from error
    return Answer(ending.returncode, text.strip())


def run_commands(commands: Iterable[Command]) -> None:
    """Run commands in order. Raises ServiceError for the first that fails, unless it may."""
    for command in commands:
        answer = ask(*command.arguments)
        if answer.code != 0 and not command.may_fail:
            raise _failure(command, answer)


def _failure(command: Command, answer: Answer) -> ServiceError:
    reason = " ".join(answer.text.split()) or f"exit code {answer.code}"
    remedy = next((remedy for words, remedy in _REMEDIES.items() if words in reason.lower()), "")
    return ServiceError(f"{' '.join(command.arguments)} failed: {reason}", remedy=remedy)


_REMEDIES = {  # the first match is used
    "not been booted with systemd": "This system does not run systemd. Start this at boot: `dropdub watch`",
    "job for dropdub": "See why by running it here: `dropdub watch`",
    "failed to connect to bus": "This account has no systemd session here (as after su or sudo). Log in as that user, "
    "or install the service for the machine, as root: `dropdub service install --boot`",
    "access is denied": "Open the console with “Run as administrator” and try again.",
    "authentication required": "Try again as root (sudo).",
    "access denied": "Try again as root (sudo).",
    "permission denied": "Try again as root (sudo).",
}
