"""The program's entry point."""

from __future__ import annotations

import sys

_INTERRUPTED = 1


def main() -> None:
    """Run the command line, and exit with its code.

    Everything is imported here, since on a busy machine that takes long enough for somebody to press Ctrl-C.
    """
    try:
        from dropdub.cli.program import run

        code = run()
    except KeyboardInterrupt:
        code = _INTERRUPTED
    sys.exit(code)
