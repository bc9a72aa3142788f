"""`pythonw -m dropdub.windowless LOG --root ROOT watch`: run `dropdub` as a process without standard streams.

Errors before the daemon's own log is open, and crashes of native code, are written to LOG.
"""

from __future__ import annotations

import faulthandler
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from dropdub.files.removal import remove
from dropdub.program_search import never_search_current_folder

LOG_MAX_BYTES = 1_000_000


def main() -> None:
    """Redirect the streams before anything that may write to them is imported, then run `dropdub`."""
    log = _opened(Path(sys.argv.pop(1)))
    sys.stdout, sys.stderr = _null_stream(), log
    faulthandler.enable(log)
    never_search_current_folder()
    log.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} started as process {os.getpid()}\n")
    from dropdub.cli.app import main as run_dropdub  # noqa: PLC0415 - so that its import errors are logged

    run_dropdub()


def _opened(path: Path) -> TextIO:
    """Return the opened log, emptied if it is too large. If it cannot be written, its output is discarded."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > LOG_MAX_BYTES:
            remove(path)
        return open(path, "a", encoding="utf-8", errors="replace", buffering=1)  # noqa: PTH123
    except OSError:
        return _null_stream()


def _null_stream() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123


if __name__ == "__main__":
    main()
