"""The program's entry point. Imports little, so that `dropdub status` answers immediately."""

from __future__ import annotations

import os
import sys

from dropdub.cli import exit_codes
from dropdub.cli.console import prepare_streams
from dropdub.cli.invocation import Invocation
from dropdub.cli.plain_status import answer, plain_status
from dropdub.program_search import never_search_current_folder


def main() -> None:
    """Run the command line. Exit with 0 (done), 1 (a job or a check failed) or 2 (wrong usage or configuration)."""
    never_search_current_folder()
    prepare_streams()
    invocation = Invocation()
    try:
        asked = plain_status(sys.argv[1:])
        if asked is None:
            _run(invocation)
        else:
            sys.exit(answer(asked, invocation))
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(exit_codes.FELL_SHORT)
    except Exception as error:  # the boundary: every error is reported as a sentence
        sys.exit(exit_codes.report(error, invocation.logs_dir()))


def _run(invocation: Invocation) -> None:
    from dropdub.cli.commands import PROGRAM, app

    app(obj=invocation, prog_name=PROGRAM)
