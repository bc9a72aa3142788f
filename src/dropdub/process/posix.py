"""Processes on Linux and macOS: own session, killed by group, known to be alive by an inherited lock."""

from __future__ import annotations

import sys

if sys.platform != "win32":
    import contextlib
    import fcntl
    import os
    import plistlib
    import pwd
    import signal
    import socket
    import subprocess
    from collections.abc import Callable, Mapping, Sequence
    from dataclasses import dataclass
    from pathlib import Path
    from types import FrameType
    from xml.parsers.expat import ExpatError

    from dropdub.process.identity import Identity, identity_of, is_another
    from dropdub.process.trees import kill_tree

    LOCK_VARIABLE = "DROPDUB_LIVENESS_FD"
    NOTIFY_WITHIN_S = 1.0
    _MAC_SETTINGS = Path("Library/Preferences/.GlobalPreferences.plist")

    @dataclass(frozen=True)
    class Child:
        """A process we started, with pipes for its standard streams, and the file that is locked while it is alive."""

        process: subprocess.Popen[bytes]
        lock_path: Path

        def release(self) -> None:
            """Release the system resources of a process that has ended; there are none here."""

    def spawn(
        arguments: Sequence[str],
        *,
        lock_path: Path,
        environment: Mapping[str, str],
        folder: Path | None = None,
        memory_bytes: int | None = None,
    ) -> Child:
        """Start a process in its own session; it and all its descendants hold the lock on `lock_path`.

        The lock is free if and only if all of them are dead, including grandchildren of a killed parent.
        """
        fd = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            process = subprocess.Popen(
                list(arguments),
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**environment, LOCK_VARIABLE: str(fd)},
                pass_fds=(fd,),
                start_new_session=True,
            )
            identity = identity_of(process.pid)
            os.write(fd, identity.to_json().encode() if identity else b"")
        finally:
            os.close(fd)
        return Child(process, lock_path)

    def inherited_fds() -> tuple[int, ...]:
        """Return the descriptors that every child of a worker must inherit (`pass_fds`): the liveness lock."""
        value = os.environ.get(LOCK_VARIABLE, "")
        return (int(value),) if value.isdigit() and _is_open(int(value)) else ()

    def is_held(lock_path: Path) -> bool:
        """Return whether a process that inherited the lock is alive."""
        try:
            fd = os.open(lock_path, os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(fd)
        return False

    def kill_group(identity: Identity) -> None:
        """Kill a process that leads its own session, with its group and all its descendants.

        The group is killed even if its leader is dead: its pid is not reused while the group exists. If the pid belongs
        to another process now, nothing is done.
        """
        if is_another(identity):
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(identity.pid, signal.SIGKILL)
        kill_tree(identity.pid)

    def end_self_and_children() -> None:
        """Kill this worker's process group, including this process."""
        os.killpg(os.getpgid(0), signal.SIGKILL)

    def contain_self() -> None:
        """Do nothing: on POSIX, workers end when their standard input does."""

    def install_stop_handlers(on_stop: Callable[[], None]) -> None:
        """Call `on_stop` on SIGINT, SIGTERM and SIGHUP; it must only set a flag."""

        def handle(_number: int, _frame: FrameType | None) -> None:
            on_stop()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, handle)

    def is_being_written(path: Path) -> bool | None:
        """Return whether a process has the file open for writing; None if that is unknown.

        Linux grants a read lease only on a file that nobody has open for writing (fcntl(2), "Leases"). The lease is
        released at once. If a writer opens the file in between, the kernel's signal must not kill this process, so it
        is set to SIGURG, which is ignored by default, instead of SIGIO.
        """
        if sys.platform != "linux":
            return None
        try:
            fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            return None
        try:
            fcntl.fcntl(fd, fcntl.F_SETSIG, signal.SIGURG)
            fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_RDLCK)
            fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        except BlockingIOError:
            return True
        except OSError:
            return None
        finally:
            os.close(fd)
        return False

    def notify_service_manager(*states: str) -> None:
        """Send states (`READY=1`, `WATCHDOG=1` …) to systemd, as sd_notify(3) does.

        Does nothing if systemd did not start this process; errors are ignored.
        """
        address = os.environ.get("NOTIFY_SOCKET", "")
        if not address:
            return
        if address.startswith("@"):
            address = "\0" + address[1:]
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.settimeout(NOTIFY_WITHIN_S)
            line.sendto("\n".join(states).encode(), address)

    def console_python() -> str:
        """Return the interpreter for child processes."""
        return sys.executable

    def windowless_python() -> str:
        """Return the interpreter for a background process."""
        return sys.executable

    def library_file(name: str, version: str) -> str:
        """Return the file name of a shared library."""
        return f"lib{name}.so.{version}"

    def is_administrator() -> bool:
        """Return whether this process has administrator rights."""
        return os.geteuid() == 0

    def account_for(path: Path) -> str:
        """Return the account that should run a root's daemon: the owner of `path`."""
        number = path.stat().st_uid
        try:
            return pwd.getpwuid(number).pw_name
        except KeyError:
            return str(number)

    def home_of(account: str) -> Path | None:
        """Return an account's home folder; None if the account is unknown."""
        try:
            return Path(pwd.getpwnam(account).pw_dir)
        except KeyError:
            return None

    def system_languages(settings: Path = _MAC_SETTINGS) -> list[str]:
        """Return the tags of the languages that the user prefers, from the settings of macOS; none on other systems.

        Only Terminal passes them on in the environment; launchd does not.
        """
        try:
            found = plistlib.loads((Path.home() / settings).read_bytes())["AppleLanguages"]
        except (OSError, RuntimeError, ValueError, KeyError, TypeError, ExpatError):
            return []
        return [str(tag) for tag in found] if isinstance(found, list) else []

    def _is_open(fd: int) -> bool:
        try:
            os.fstat(fd)
        except OSError:
            return False
        return True
