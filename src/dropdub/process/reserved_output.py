"""Keep a process's standard output for its protocol, whatever libraries print."""

from __future__ import annotations

import os
import sys
from typing import IO


def reserved_output() -> IO[bytes]:
    """Return standard output for messages only; what is printed from now on goes to standard error."""
    pipe = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return pipe
