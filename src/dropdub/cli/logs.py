"""Show log files, and follow them across rotation."""

from __future__ import annotations

import time

from dropdub.cli.console import say
from dropdub.cli.exit_codes import DONE
from dropdub.cli.streams import has_reader
from dropdub.operations.log_lines import Follower, log_file
from dropdub.operations.place import Place

POLL_S = 0.3


def logs(place: Place, ref: str | None, *, lines: int, follow: bool) -> int:
    """Show the last lines of the daemon's log, or of the log of job `ref`."""
    file = log_file(place, ref)
    if not follow and not file.is_file():
        say(f"Nothing has been logged yet: {file} does not exist.")
        return DONE
    follower = Follower(file)
    for line in follower.last(lines):
        say(line)
    try:
        while follow and has_reader():
            for line in follower.new():
                say(line)
            time.sleep(POLL_S)
    except KeyboardInterrupt:
        pass
    return DONE
