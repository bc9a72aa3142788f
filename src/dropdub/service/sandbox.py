"""The sandbox of a systemd unit. systemd.exec(5), systemd.resource-control(5), `systemd-analyze security`"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from dropdub.errors import UsageError
from dropdub.process import home_of
from dropdub.service.description import ServicePlan
from dropdub.service.systemd_quoting import quoted
from dropdub.service.users import user_id

TEMPORARY = (Path("/tmp"), Path("/var/tmp"))
HOMES = (Path("/home"), Path("/root"), Path("/run/user"))
DEVICES = Path("/dev")
SYSTEM_ACCOUNTS_MAX = 999
"""The largest user id of a system account. login.defs(5), `SYS_UID_MAX`"""
CARDS = {"nvidia*": ("char-nvidia*",), "dxg": ("/dev/dxg",), "kfd": ("char-kfd", "char-drm")}
"""Device files that reveal a graphics card, and the devices that its programs open.
systemd.resource-control(5), `DeviceAllow=`
"""

EVERYWHERE = """\
UMask=0077
NoNewPrivileges=yes
LockPersonality=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallFilter=@chown
SystemCallErrorNumber=EPERM
"""
"""Restrictions that any manager can apply.

- AF_NETLINK: glibc uses it to ask the kernel for the machine's addresses.
- A filtered call fails with EPERM instead of killing the process: libraries try to bind their threads to cores
  (`sched_setaffinity`), and work without.
- @chown: even without privileges, results can get the group of their original if the account is in it.
- No MemoryDenyWriteExecute: torch and numba compile code at run time.
"""

SYSTEM_ONLY = """\
CapabilityBoundingSet=
AmbientCapabilities=
PrivateMounts=yes
PrivateIPC=yes
DevicePolicy=closed
ProtectSystem=strict
ProtectProc=invisible
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
"""
"""Restrictions that a user's manager cannot apply, or only with user namespaces, which many systems forbid.

- No PrivateUsers: all other accounts would look the same, but a sidecar counts only if it has the file's owner.
- No ProcSubset: free memory is read from /proc/meminfo.
- No IPAddressDeny, no PrivateNetwork: webhooks, model downloads, metrics and a remote database need the network.
- No RestrictFileSystems: the folders may be on network shares of any kind.
"""


def system_hardening(plan: ServicePlan) -> str:
    """Return the restrictions that only the system's manager can apply.

    Includes a cache folder, in which libraries keep compiled code: the home folder is read-only or hidden.
    """
    cache = f"dropdub/{plan.name}"
    caching = f"CacheDirectory={cache}\nCacheDirectoryMode=0700\nEnvironment=XDG_CACHE_HOME=%C/{cache}\n"
    return f"{SYSTEM_ONLY}{_shared_memory(plan)}{_devices()}{_temporary(plan)}{_homes(plan)}{caching}{_paths(plan)}"


def hides(plan: ServicePlan, file: Path) -> bool:
    """Return whether the sandbox hides an existing file from the service."""
    hidden = [*(TEMPORARY if "=yes" in _temporary(plan) else ()), *(HOMES if "=yes" in _homes(plan) else ())]
    return plan.at_boot and _any_within([file], hidden)


def _shared_memory(plan: ServicePlan) -> str:
    """Clear the account's shared memory when the service stops, but only for a system account: the shared memory of a
    person's account may belong to other programs.
    """
    number = user_id(plan.account)
    return "RemoveIPC=yes\n" if number is not None and 0 < number <= SYSTEM_ACCOUNTS_MAX else ""


def _devices() -> str:
    """Allow access to graphics cards (NVIDIA, dxg under WSL, AMD with ROCm). Without one, hide all hardware devices.

    After adding a card, the service must be installed again.
    """
    allowed = {name: classes for name, classes in CARDS.items() if any(DEVICES.glob(name))}
    return (
        "".join(f"DeviceAllow={one} rw\n" for classes in allowed.values() for one in classes) or "PrivateDevices=yes\n"
    )


def _temporary(plan: ServicePlan) -> str:
    """Give the service a private /tmp, unless it needs paths in the shared one."""
    return f"PrivateTmp={'no' if _any_within(_needed(plan), TEMPORARY) else 'yes'}\n"


def _homes(plan: ServicePlan) -> str:
    """Hide home folders, or make them read-only if a folder, a program or the account's own home is in one."""
    home = home_of(plan.account)
    needed = [*_needed(plan), *([home] if home is not None and home.is_dir() else [])]
    return f"ProtectHome={'read-only' if _any_within(needed, HOMES) else 'yes'}\n"


def _paths(plan: ServicePlan) -> str:
    """Allow writing to the root and the configured folders, but not to config.yaml, which names programs to run.

    `-` ignores a missing path: the daemon itself waits for a share that is not mounted yet.
    """
    temporary = [f"-{folder}" for folder in TEMPORARY] if "=no" in _temporary(plan) else []
    writable = [str(plan.root), *(f"-{folder}" for folder in plan.writable), *temporary]
    fixed = {top for path in plan.programs for top in _topmost(path, plan)} - {plan.config_file}
    read_only = [*map(str, _topmost(plan.config_file, plan)), *(f"-{path}" for path in sorted(fixed))]
    return f"ReadWritePaths={_words(writable)}\nReadOnlyPaths={_words(read_only)}\n"


def _topmost(path: Path, plan: ServicePlan) -> list[Path]:
    """Return the paths to make read-only so that `path` cannot be replaced: its topmost parent within each folder that
    the service writes to. Otherwise that parent could be renamed with its content, and created again.

    Raises UsageError if the service must write to that parent, or if it is a link, which cannot be made read-only.
    """
    tops = []
    for written in _as_written(path):
        for folder in _as_written(plan.root, *plan.writable):
            if written.is_relative_to(folder):
                top = Path(folder, *written.relative_to(folder).parts[:1])
                used = _as_written(plan.root, *plan.writable, *plan.within)
                if top.is_symlink() or any(one.is_relative_to(top) for one in used):
                    raise _replaceable(path, top)
                tops.append(top)
    return list(dict.fromkeys(tops))


def _replaceable(path: Path, top: Path) -> UsageError:
    return UsageError(
        f"A compromised service could replace {path}, because it can replace {top}.",
        remedy=f"Move {path} to a folder that the service does not write to, without links. It writes to the folders "
        "set by folders, out, allowed_outputs, database, metrics.file and monitor.files in config.yaml.",
    )


def _needed(plan: ServicePlan) -> list[Path]:
    return [plan.root, *plan.writable, *plan.programs, *plan.read]


def _any_within(paths: Iterable[Path], folders: Iterable[Path]) -> bool:
    known = list(folders)
    return any(path.is_relative_to(folder) for path in _as_written(*paths) for folder in known)


def _as_written(*paths: Path) -> list[Path]:
    return list(dict.fromkeys(one for path in paths for one in (path.absolute(), path.resolve())))


def _words(texts: Iterable[str]) -> str:
    return " ".join(map(quoted, texts))
