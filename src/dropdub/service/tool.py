"""The system's own programs: schtasks, systemctl, loginctl, launchctl."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass

from dropdub.errors import DeadlineExceeded, ServiceError
from dropdub.process import DESKTOP, child_environment, find_program
from dropdub.process.run import Program, output
from dropdub.service.plan import Command

PATIENCE_S = 150.0
"""systemctl waits for a daemon to come up or to end."""
_ENCODING = "oem" if sys.platform == "win32" else "utf-8"


@dataclass(frozen=True)
class Answer:
    """What a program said; its words may be in any language, its exit code is not."""

    code: int
    text: str


def ask(*arguments: str) -> Answer:
    """Run a program and return its answer. Raises ServiceError if it is not there, or does not end."""
    program = find_program(arguments[0])
    if program is None:
        raise ServiceError(
            f"There is no {arguments[0]} on this system.",
            remedy="Let what starts programs here run: `dropdub watch`",
        )
    asked = Program([str(program), *arguments[1:]], environment=child_environment(DESKTOP), encoding=_ENCODING)
    try:
        said, ending = output(asked, deadline_s=PATIENCE_S, errors_too=True)
    except DeadlineExceeded as error:
        raise ServiceError(f"{' '.join(arguments)} did not end within {PATIENCE_S:.0f} s.") from error
    return Answer(ending.returncode, said.strip())


def carry_out(commands: Iterable[Command]) -> None:
    """Run commands one after the other. Raises ServiceError for the first that fails and may not."""
    for command in commands:
        answer = ask(*command.arguments)
        if answer.code != 0 and not command.may_fail:
            raise _refused(command, answer)


def _refused(command: Command, answer: Answer) -> ServiceError:
    said = " ".join(answer.text.split()) or f"exit code {answer.code}"
    remedy = next((remedy for words, remedy in _REMEDIES.items() if words in said.lower()), "")
    return ServiceError(f"{' '.join(command.arguments)} was refused: {said}", remedy=remedy)


_REMEDIES = {  # the first that is found holds
    "not been booted with systemd": "This system does not run systemd. Start this at boot: `dropdub watch`",
    "job for dropdub": "See why by running it here: `dropdub watch`",
    "failed to connect to bus": "This account has no systemd of its own here (as after su or sudo): log in as that "
    "person, or as root install it for the machine with --boot.",
    "access is denied": "Open the console with “Run as administrator” and try it again.",
    "authentication required": "Try it again with the rights of root (sudo).",
    "access denied": "Try it again with the rights of root (sudo).",
    "permission denied": "Try it again with the rights of root (sudo).",
}
