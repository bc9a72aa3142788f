"""Error messages and exit codes."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TypeGuard

from dropdub.cli.console import say
from dropdub.cli.streams import lost_output
from dropdub.errors import DropdubError, UsageError
from dropdub.masking import masked

DONE, FELL_SHORT, MISUSED = 0, 1, 2
SHOWING = frozenset(["status", "show", "logs", "doctor", "config", None])
"""The commands that only show something, and none, as in `dropdub --help`: without output, nothing was achieved."""


def report(error: Exception, logs_dir: Path | None) -> int:
    """Print on stderr what went wrong and what to do; return the exit code."""
    if os.environ.get("DROPDUB_DEBUG"):
        import traceback

        traceback.print_exception(error)
    if not isinstance(error, DropdubError):
        return _report_defect(error, logs_dir)
    say(f"error: {masked(error.message)}", err=True)
    if error.remedy:
        say(masked(error.remedy), err=True)
    return MISUSED if isinstance(error, UsageError) else FELL_SHORT


def with_lost_output(code: int, command: str | None) -> int:
    """Report on stderr that output could not be written, if so; return the exit code, given the one without that.

    The work that a command has done is done. A reader who has left, such as `head`, has seen enough.
    """
    lost = lost_output()
    if lost is None:
        return code
    say(f"error: The output could not be written: {lost.strerror}.", err=True)
    return FELL_SHORT if code == DONE and command in SHOWING else code


def _report_defect(error: Exception, logs_dir: Path | None) -> int:
    say(f"error: {_describe(error)} {_save_details(error, logs_dir)}", err=True)
    if not _is_from_system(error):
        say("This is a bug in Dropdub. Please report it, and attach these details.", err=True)
    return FELL_SHORT


def _is_from_system(error: Exception) -> TypeGuard[OSError]:
    return isinstance(error, OSError) and bool(error.strerror)


def _describe(error: Exception) -> str:
    if _is_from_system(error):
        place = f"{error.filename}: " if error.filename else ""
        return f"The operating system reported an error: {place}{error.strerror}."
    return f"Unexpected error ({type(error).__name__}: {masked(str(error))})."


def _save_details(error: Exception, logs_dir: Path | None) -> str:
    """Write the traceback next to the logs, replacing the previous one, and return a sentence that says where.

    If that is not possible, write it into the system's folder for temporary files.
    """
    import traceback

    text = masked("".join(traceback.format_exception(error))).encode("utf-8", "replace")
    if logs_dir is not None and logs_dir.is_dir():
        from dropdub.files.durable import write_whole

        file = logs_dir / "dropdub-last-error.txt"
        with contextlib.suppress(OSError):
            write_whole(file, text)
            return f"The details are in {file}"
    with contextlib.suppress(OSError):
        return f"The details are in {_write_temporary(text)}"
    return "Set DROPDUB_DEBUG=1 to see the details."


def _write_temporary(text: bytes) -> str:
    """Write a new file and return its path. Its name is random, because everyone may write to that folder."""
    import tempfile

    handle, name = tempfile.mkstemp(prefix="dropdub-error-", suffix=".txt")
    with os.fdopen(handle, "wb") as writer:
        writer.write(text)
    return name
