"""`unit_runner.py UNIT ACCOUNT [COMMAND]...`: run the command (else ExecStart) as systemd would run it by this unit.

There is no systemd where tests run. What it would do is done by the kernel's own means for the settings that can
break a program or stop an attacker: mounts, umask, account, capabilities, system call filter. Run as root.
"""

from __future__ import annotations

import ctypes
import os
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

CLONE_NEWNS = 0x20000
PR_SET_NO_NEW_PRIVS, PR_CAPBSET_DROP, LAST_CAP = 38, 24, 40
ALLOW, ERRNO_EPERM = 0x7FFF0000, 0x00050001
CACHE = "/var/cache"
MODE_AT = {"chmod": 1, "fchmod": 1, "fchmodat": 2, "fchmodat2": 2, "mkdir": 1, "mkdirat": 2, "mknod": 1, "mknodat": 2}
"""The calls that set a mode, and which of their arguments it is. RestrictSUIDSGID= looks at that of open(2), too."""
SUID_SGID, MASKED_EQUAL = 0o6000, 7
NAMESPACE_CALLS = {"unshare", "setns"}
"""systemd looks at the flags of clone(2), too."""
_libc = ctypes.CDLL(None, use_errno=True)


class _Comparison(ctypes.Structure):
    """libseccomp's `scmp_arg_cmp`."""

    _fields_ = (("at", ctypes.c_uint), ("how", ctypes.c_int), ("mask", ctypes.c_uint64), ("wanted", ctypes.c_uint64))


class Unit:
    """The settings of a unit; of one that is given several times, all values."""

    def __init__(self, text: str) -> None:
        lines = [line.split("=", 1) for line in text.splitlines() if "=" in line]
        self._settings = [(name, value) for name, value in lines]

    def all(self, name: str) -> list[str]:
        return [value for known, value in self._settings if known == name]

    def one(self, name: str) -> str:
        return (self.all(name) or [""])[-1]

    def command(self) -> list[str]:
        return [word.replace("%%", "%").replace("$$", "$") for word in shlex.split(self.one("ExecStart"))]

    def allowed_calls(self) -> set[str]:
        allowed: set[str] = set()
        for value in self.all("SystemCallFilter"):
            calls = {call for word in value.lstrip("~").split() for call in calls_of(word)}
            allowed = allowed - calls if value.startswith("~") else allowed | calls
        spaces = NAMESPACE_CALLS if self.one("RestrictNamespaces") == "yes" else set()
        return (allowed | calls_of("@default")) - spaces


@cache
def calls_of(group: str) -> frozenset[str]:
    """Return the calls of a group, also of those in it, as this systemd knows them."""
    if not group.startswith("@"):
        return frozenset({group})
    done = subprocess.run(
        ["systemd-analyze", "syscall-filter", "--no-pager", group], capture_output=True, encoding="utf-8", check=True
    )
    words = [line.strip() for line in done.stdout.splitlines()[1:] if line.strip() and "#" not in line]
    return frozenset(call for word in words for call in calls_of(word))


def filter_calls(allowed: set[str], *, is_sxid_restricted: bool) -> None:
    """Let each other call of this process, and of all that it starts, fail with EPERM; also setuid and setgid."""
    seccomp = ctypes.CDLL("libseccomp.so.2")
    seccomp.seccomp_init.restype = ctypes.c_void_p
    rules = ctypes.c_void_p(seccomp.seccomp_init(ERRNO_EPERM))
    modes = MODE_AT if is_sxid_restricted else {}
    for call in allowed:
        number = seccomp.seccomp_syscall_resolve_name(call.encode())
        if number < 0:
            continue
        compared = [_Comparison(MODE_AT[call], MASKED_EQUAL, SUID_SGID, 0)] if call in modes else []
        conditions = (_Comparison * len(compared))(*compared)
        if seccomp.seccomp_rule_add_array(rules, ALLOW, number, len(compared), conditions) != 0:
            sys.exit(f"no rule for {call}")
    if seccomp.seccomp_load(rules) != 0:
        sys.exit("the system call filter was refused")


def mount(*arguments: str | Path) -> None:
    subprocess.run(["mount", *map(str, arguments)], check=True)


def set_up_mounts(unit: Unit, python: Path) -> None:
    """Set up what may be written and what is hidden; Python, which may be in a home, stays runnable."""
    if _libc.unshare(CLONE_NEWNS) != 0:
        sys.exit("no mount namespace can be had")
    mount("--make-rprivate", "/")
    kept = Path("/mnt")
    mount("--bind", python, kept)
    writable = [Path(word.lstrip("-")) for word in shlex.split(unit.one("ReadWritePaths"))]
    for folder in writable:
        if folder.exists():
            mount("--bind", folder, folder)
    for file in shlex.split(unit.one("ReadOnlyPaths")):
        if Path(file.lstrip("-")).exists() or not file.startswith("-"):
            mount("--bind", file.lstrip("-"), file.lstrip("-"))
            mount("-o", "remount,bind,ro", file.lstrip("-"))
    mount("-t", "tmpfs", "-o", "mode=1777", "tmpfs", CACHE)  # CacheDirectory=
    if unit.one("PrivateTmp") == "yes":
        mount("-t", "tmpfs", "-o", "mode=1777", "tmpfs", "/tmp")
        mount("-t", "tmpfs", "-o", "mode=1777", "tmpfs", "/var/tmp")
    mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", "/root")
    if python.is_relative_to("/root"):
        python.mkdir(parents=True)
        mount("--bind", kept, python)
    mount("-o", "remount,bind,ro", "/")  # of this namespace, not of the disk
    mount("-t", "proc", "-o", "hidepid=invisible", "proc", "/proc")


def become(account: str, groups: list[int]) -> None:
    import grp
    import pwd

    known = pwd.getpwnam(account)
    for capability in range(LAST_CAP + 1):
        _libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    os.setgroups([*groups, *(group.gr_gid for group in grp.getgrall() if account in group.gr_mem)])
    os.setgid(known.pw_gid)
    os.setuid(known.pw_uid)
    _libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def main(file: str, account: str, *command: str) -> None:
    unit = Unit(Path(file).read_text("utf-8"))
    allowed = unit.allowed_calls()
    set_up_mounts(unit, Path(sys.base_prefix))
    os.umask(int(unit.one("UMask"), 8))
    os.chdir(unit.one("WorkingDirectory").replace("%%", "%"))
    environment = dict(value.replace("%C", CACHE).split("=", 1) for value in unit.all("Environment"))
    become(account, [int(group) for value in unit.all("SupplementaryGroups") for group in value.split()])
    filter_calls(allowed, is_sxid_restricted=unit.one("RestrictSUIDSGID") == "yes")
    words = list(command) or unit.command()
    os.execve(words[0], words, {**environment, "HOME": "/nonexistent", "LANG": "C.UTF-8", **passed_on()})


def passed_on() -> dict[str, str]:
    return {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}


if __name__ == "__main__":
    main(*sys.argv[1:])
