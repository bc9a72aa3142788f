"""From the arguments of the program to its exit code. Imports little, so that `dropdub status` answers immediately."""

from __future__ import annotations

import sys

from dropdub.cli import exit_codes
from dropdub.cli.invocation import Invocation
from dropdub.cli.plain_status import COMMAND, answer, plain_status
from dropdub.cli.streams import prepare_streams
from dropdub.cli.utf8_mode import ensure_utf8_mode
from dropdub.program_search import never_search_current_folder


def run() -> int:
    """Run the command line; return 0 (done), 1 (a job or a check failed) or 2 (wrong usage or configuration)."""
    ensure_utf8_mode()
    never_search_current_folder()
    prepare_streams()
    invocation = Invocation()
    try:
        code = _run(invocation)
    except KeyboardInterrupt:
        code = exit_codes.FELL_SHORT
    except Exception as error:  # the boundary: every error is reported as a sentence
        code = exit_codes.report(error, invocation.logs_dir())
    return exit_codes.with_lost_output(code, invocation.command)


def _run(invocation: Invocation) -> int:
    asked = plain_status(sys.argv[1:])
    if asked is not None:
        invocation.command = COMMAND
        return answer(asked, invocation)
    from dropdub.cli.commands import PROGRAM, app

    try:
        app(obj=invocation, prog_name=PROGRAM)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else exit_codes.DONE
    return exit_codes.DONE
