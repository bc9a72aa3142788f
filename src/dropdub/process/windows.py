"""Processes on Windows: Job Objects kill all their processes when they are closed. Same functions as `posix.py`."""

from __future__ import annotations

import sys

if sys.platform == "win32":
    import ctypes
    import getpass
    import locale
    import os
    import signal
    import subprocess
    from collections.abc import Callable, Mapping, Sequence
    from ctypes import wintypes
    from dataclasses import dataclass
    from pathlib import Path
    from types import FrameType

    from dropdub.files.durable import write_whole
    from dropdub.process.identity import Identity, identity_of, is_another, same_process
    from dropdub.process.trees import descendants, kill_tree

    LIMIT_INFORMATION = 9
    """JobObjectExtendedLimitInformation."""
    KILL_ON_JOB_CLOSE = 0x2000
    JOB_MEMORY = 0x200
    GENERIC_READ = 0x80000000
    OPEN_EXISTING = 3
    SHARING_VIOLATION = 32
    NAME_SAM_COMPATIBLE = 2
    ACCOUNT_MAX_CHARS = 512
    INVALID_HANDLE = ctypes.c_void_p(-1).value

    class _BasicLimits(ctypes.Structure):
        _fields_ = (
            ("PerProcessUserTimeLimit", ctypes.c_int64),
            ("PerJobUserTimeLimit", ctypes.c_int64),
            ("LimitFlags", wintypes.DWORD),
            ("MinimumWorkingSetSize", ctypes.c_size_t),
            ("MaximumWorkingSetSize", ctypes.c_size_t),
            ("ActiveProcessLimit", wintypes.DWORD),
            ("Affinity", ctypes.c_size_t),
            ("PriorityClass", wintypes.DWORD),
            ("SchedulingClass", wintypes.DWORD),
        )

    class _ExtendedLimits(ctypes.Structure):
        _fields_ = (
            ("BasicLimitInformation", _BasicLimits),
            ("IoInfo", ctypes.c_uint64 * 6),
            ("ProcessMemoryLimit", ctypes.c_size_t),
            ("JobMemoryLimit", ctypes.c_size_t),
            ("PeakProcessMemoryUsed", ctypes.c_size_t),
            ("PeakJobMemoryUsed", ctypes.c_size_t),
        )

    _kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    _kernel.CreateJobObjectW.restype = wintypes.HANDLE
    _kernel.CreateFileW.restype = wintypes.HANDLE
    _kernel.GetCurrentProcess.restype = wintypes.HANDLE
    _kernel.AssignProcessToJobObject.argtypes = (wintypes.HANDLE, wintypes.HANDLE)
    _kernel.SetInformationJobObject.argtypes = (wintypes.HANDLE, ctypes.c_int, ctypes.c_void_p, wintypes.DWORD)
    _kernel.CloseHandle.argtypes = (wintypes.HANDLE,)
    _own_jobs: list[int] = []

    @dataclass(frozen=True)
    class Child:
        """A process we started, with pipes for its standard streams, and the Job Object that holds its tree."""

        process: subprocess.Popen[bytes]
        lock_path: Path
        job: int

        def release(self) -> None:
            """Close the Job Object, which kills the processes left in it."""
            _kernel.CloseHandle(self.job)

    def spawn(
        arguments: Sequence[str],
        *,
        lock_path: Path,
        environment: Mapping[str, str],
        folder: Path | None = None,
        memory_bytes: int | None = None,
    ) -> Child:
        """Start a process in its own Job Object, which kills its tree if this process dies and limits its memory."""
        job = _new_job(memory_bytes)
        process = subprocess.Popen(
            list(arguments),
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(environment),
            creationflags=subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP,
        )
        _kernel.AssignProcessToJobObject(job, int(process._handle))  # type: ignore[attr-defined]
        identity = identity_of(process.pid)
        write_whole(lock_path, identity.to_json().encode() if identity else b"")
        return Child(process, lock_path, job)

    def inherited_fds() -> tuple[int, ...]:
        """Return nothing: on Windows, the Job Object replaces the liveness lock."""
        return ()

    def is_held(lock_path: Path) -> bool:
        """Return whether the process named in the file is alive."""
        try:
            identity = Identity.from_json(lock_path.read_text(encoding="utf-8"))
        except OSError:
            return False
        return identity is not None and same_process(identity)

    def kill_group(identity: Identity) -> None:
        """Kill a process and its descendants; do nothing if the pid belongs to another process now."""
        if not is_another(identity):
            kill_tree(identity.pid)

    def end_self_and_children() -> None:
        """Kill this worker's children; the caller then exits."""
        for child in descendants(os.getpid())[1:]:
            kill_tree(child.pid)

    def contain_self() -> None:
        """Put this process into a Job Object, so that nothing it started survives if it is killed."""
        job = _new_job(None)
        if _kernel.AssignProcessToJobObject(job, _kernel.GetCurrentProcess()):
            _own_jobs.append(job)

    def install_stop_handlers(on_stop: Callable[[], None]) -> None:
        """Call `on_stop` on Ctrl-C, Ctrl-Break and SIGTERM; it must only set a flag."""

        def handle(_number: int, _frame: FrameType | None) -> None:
            on_stop()

        for number in (signal.SIGINT, signal.SIGBREAK, signal.SIGTERM):
            signal.signal(number, handle)

    def is_being_written(path: Path) -> bool | None:
        """Return whether another process has the file open; None if that is unknown.

        Opening it without sharing then fails with error 32.
        """
        handle = _kernel.CreateFileW(str(path), GENERIC_READ, 0, None, OPEN_EXISTING, 0, None)
        if handle == INVALID_HANDLE:
            return True if ctypes.get_last_error() == SHARING_VIOLATION else None
        _kernel.CloseHandle(handle)
        return False

    def notify_service_manager(*states: str) -> None:
        """Do nothing: the Task Scheduler does not listen."""

    def console_python() -> str:
        """Return the interpreter for child processes: one that has standard streams."""
        return _beside_interpreter("python.exe")

    def windowless_python() -> str:
        """Return the interpreter for a background process: one that opens no window."""
        return _beside_interpreter("pythonw.exe")

    def library_file(name: str, version: str) -> str:
        """Return the file name of a shared library."""
        return f"{name}64_{version}.dll"

    def is_administrator() -> bool:
        """Return whether this process has administrator rights: it must be elevated."""
        return bool(ctypes.windll.shell32.IsUserAnAdmin())

    def account_for(path: Path) -> str:
        """Return the account that should run a root's daemon, as `DOMAIN\\NAME`.

        Always the current account: on Windows, `path` may be owned by a group.
        """
        size = wintypes.ULONG(ACCOUNT_MAX_CHARS)
        name = ctypes.create_unicode_buffer(ACCOUNT_MAX_CHARS)
        if not ctypes.windll.secur32.GetUserNameExW(NAME_SAM_COMPATIBLE, name, ctypes.byref(size)):
            return getpass.getuser()
        return name.value

    def home_of(account: str) -> Path | None:
        """Return the home folder of the current account; None for other accounts, whose folders may have any name."""
        return Path.home() if account.rpartition("\\")[2].lower() == getpass.getuser().lower() else None

    def system_languages() -> list[str]:
        """Return the tag of the language in which Windows speaks to this user."""
        name = locale.windows_locale.get(ctypes.windll.kernel32.GetUserDefaultUILanguage())
        return [name.replace("_", "-")] if name else []

    def _beside_interpreter(name: str) -> str:
        found = Path(sys.executable).with_name(name)
        return str(found) if found.is_file() else sys.executable

    def _new_job(memory_bytes: int | None) -> int:
        job = _kernel.CreateJobObjectW(None, None)
        limits = _ExtendedLimits()
        limits.BasicLimitInformation.LimitFlags = KILL_ON_JOB_CLOSE | (JOB_MEMORY if memory_bytes else 0)
        limits.JobMemoryLimit = memory_bytes or 0
        _kernel.SetInformationJobObject(job, LIMIT_INFORMATION, ctypes.byref(limits), ctypes.sizeof(limits))
        return int(job)
