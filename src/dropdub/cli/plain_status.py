"""Answer `[--root DIR] status [--json]` without the libraries that parse command lines: they take longer than the rest.

People and scripts ask for the status again and again. With any other option, or a mistake, the command line is parsed
as usual (`commands.py`), with the same result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dropdub.cli.console import name_root
from dropdub.cli.invocation import Invocation

JOBS_SHOWN = 20
COMMAND = "status"


@dataclass(frozen=True)
class PlainStatus:
    """A status that was asked for without any option that needs parsing."""

    root: Path | None
    as_json: bool


def plain_status(arguments: Sequence[str]) -> PlainStatus | None:
    """Return what a command line asks for; None if it asks for anything else."""
    match list(arguments):
        case ["--root", root, *rest]:
            folder: Path | None = Path(root)
        case rest:
            folder = None
    if rest not in ([COMMAND], [COMMAND, "--json"]):
        return None
    return PlainStatus(folder, as_json=len(rest) > 1)


def answer(asked: PlainStatus, invocation: Invocation) -> int:
    """Print the status and return the exit code. Raises what the operation raises."""
    from dropdub.cli import jobs

    invocation.root = asked.root
    name_root(invocation.root_to_name(COMMAND))
    return jobs.status(invocation.place(), jobs.Wanted(), as_json=asked.as_json)
