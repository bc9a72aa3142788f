"""Descriptions of exit codes."""

from __future__ import annotations

import signal
import sys

from dropdub.errors import OutOfMemory, WorkerDied

CRASH = 0xC0000000
WINDOWS_CODES = {
    0xC0000005: "it accessed invalid memory (access violation)",
    0xC0000017: "the system had no memory left for it",
    0xC000001D: "the processor does not support one of its instructions (illegal instruction)",
    0xC00000FD: "its stack overflowed",
    0xC000012D: "the system's commit limit was reached: out of memory",
    0xC000013A: "it was ended by Ctrl-C or by closing its window",
    0xC0000135: "a library (DLL) that it needs was not found",
    0xC0000142: "a library (DLL) that it needs failed to start",
    0xC0000374: "its heap was corrupted",
    0xC0000409: "it stopped because its stack was corrupted (a known bug of GPU libraries at exit)",
}
OUT_OF_MEMORY_CODES = {0xC0000017, 0xC000012D}


def describe_exit(code: int) -> str:
    """Return a clause that explains an exit code of subprocess (negative: a POSIX signal)."""
    if code < 0 and sys.platform != "win32":
        return _describe_signal(-code)
    unsigned = code & 0xFFFFFFFF
    if unsigned in WINDOWS_CODES:
        return f"{WINDOWS_CODES[unsigned]} (0x{unsigned:08X})"
    if unsigned >= CRASH:
        return f"it crashed (0x{unsigned:08X})"
    return "it exited without a result" if code == 0 else f"it exited with code {code}"


def error_for_exit(code: int, *, worker: str = "worker", shortage: str | None = None) -> WorkerDied:
    """Return the error for a worker that exited with `code` and left no result.

    `shortage` is the evidence that memory ran out, if any: Linux then kills the largest process with SIGKILL, but any
    user may send that too.
    """
    if sys.platform != "win32" and code == -signal.SIGKILL:
        return _error_for_kill(f"The {worker} was killed (SIGKILL)", shortage)
    text = f"The worker died: {describe_exit(code)}."
    return OutOfMemory(text) if (code & 0xFFFFFFFF) in OUT_OF_MEMORY_CODES else WorkerDied(text)


def _error_for_kill(killed: str, shortage: str | None) -> WorkerDied:
    if shortage is not None:
        return OutOfMemory(f"{killed}, most likely because memory ran out: {shortage}.")
    return WorkerDied(
        f"{killed}: by another program, by a person, or by the system.",
        remedy="If this was not intended, look in the system's log for what killed it, then run: `dropdub retry JOB`.",
    )


def _describe_signal(number: int) -> str:
    if number == getattr(signal, "SIGKILL", None):
        return "it was killed (SIGKILL)"
    if number == signal.SIGSEGV:
        return "it accessed invalid memory (SIGSEGV)"
    try:
        return f"it was ended by {signal.Signals(number).name}"
    except ValueError:
        return f"it was ended by signal {number}"
