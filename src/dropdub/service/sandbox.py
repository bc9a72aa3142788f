"""What a systemd unit is kept from. systemd.exec(5), systemd.resource-control(5), `systemd-analyze security`"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from dropdub.errors import UsageError
from dropdub.process import home_of
from dropdub.service.plan import ServicePlan
from dropdub.service.unit_words import quoted
from dropdub.service.users import user_id

TEMPORARY = (Path("/tmp"), Path("/var/tmp"))
HOMES = (Path("/home"), Path("/root"), Path("/run/user"))
DEVICES = Path("/dev")
SYSTEM_ACCOUNTS_MAX = 999
"""The largest number of an account that is no person's. login.defs(5), `SYS_UID_MAX`"""
CARDS = {"nvidia*": ("char-nvidia*",), "dxg": ("/dev/dxg",), "kfd": ("char-kfd", "char-drm")}
"""What shows that there is a card, and what its programs open. systemd.resource-control(5), `DeviceAllow=`"""

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
"""What any manager can do. AF_NETLINK: glibc asks the kernel by it which addresses a host may be reached from.

A filtered call fails with EPERM instead of ending the process: libraries try to bind their threads to cores
(`sched_setaffinity`), and do without. @chown: without privileges, too, results can be given the group of their
original, if it is one of the account's. No MemoryDenyWriteExecute: torch and numba compile while they run.
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
"""What a user's own manager may not do, or only with user namespaces, which many systems forbid.

- No PrivateUsers: all other accounts would look like one, but a sidecar counts only where its owner is the file's.
- No ProcSubset: how much memory is free stands in /proc/meminfo.
- No IPAddressDeny, no PrivateNetwork: webhooks, models, figures, a database elsewhere.
- No RestrictFileSystems: the folders may be shares of any kind.
"""


def system_hardening(plan: ServicePlan) -> str:
    """Return what only the system's manager can do.

    Libraries keep compiled code in the cache folder, for the home is read-only or hidden.
    """
    cache = f"dropdub/{plan.name}"
    caching = f"CacheDirectory={cache}\nCacheDirectoryMode=0700\nEnvironment=XDG_CACHE_HOME=%C/{cache}\n"
    return f"{SYSTEM_ONLY}{_shared_memory(plan)}{_devices()}{_temporary(plan)}{_homes(plan)}{caching}{_paths(plan)}"


def hides(plan: ServicePlan, file: Path) -> bool:
    """Return whether a service with this plan cannot see a file that others see."""
    hidden = [*(TEMPORARY if "=yes" in _temporary(plan) else ()), *(HOMES if "=yes" in _homes(plan) else ())]
    return plan.at_boot and _any_within([file], hidden)


def _shared_memory(plan: ServicePlan) -> str:
    """Clear at a stop what the account shares with other programs, unless it is a person's: it has others, then."""
    number = user_id(plan.account)
    return "RemoveIPC=yes\n" if number is not None and 0 < number <= SYSTEM_ACCOUNTS_MAX else ""


def _devices() -> str:
    """Let graphics cards through: NVIDIA's, dxg under WSL, AMD's of ROCm; without one, hide all devices of hardware.

    Who builds a card in later installs the service once more.
    """
    allowed = {name: classes for name, classes in CARDS.items() if any(DEVICES.glob(name))}
    return (
        "".join(f"DeviceAllow={one} rw\n" for classes in allowed.values() for one in classes) or "PrivateDevices=yes\n"
    )


def _temporary(plan: ServicePlan) -> str:
    """Give it a /tmp of its own, unless it has something to do in that of all."""
    return f"PrivateTmp={'no' if _any_within(_needed(plan), TEMPORARY) else 'yes'}\n"


def _homes(plan: ServicePlan) -> str:
    """Hide the homes, unless a folder, the program itself or the account's own home is in one: then none is written."""
    home = home_of(plan.account)
    needed = [*_needed(plan), *([home] if home is not None and home.is_dir() else [])]
    return f"ProtectHome={'read-only' if _any_within(needed, HOMES) else 'yes'}\n"


def _paths(plan: ServicePlan) -> str:
    """Say what may be written: the root and the configured folders, but not config.yaml, which names programs to run.

    `-`: a share that is not mounted yet is the daemon's to wait for.
    """
    temporary = [f"-{folder}" for folder in TEMPORARY] if "=no" in _temporary(plan) else []
    writable = [str(plan.root), *(f"-{folder}" for folder in plan.writable), *temporary]
    fixed = {top for path in plan.programs for top in _tops(path, plan)} - {plan.config_file}
    read_only = [*map(str, _tops(plan.config_file, plan)), *(f"-{path}" for path in sorted(fixed))]
    return f"ReadWritePaths={_words(writable)}\nReadOnlyPaths={_words(read_only)}\n"


def _tops(path: Path, plan: ServicePlan) -> list[Path]:
    """Return what must not be written so that nothing can be put in the place of `path`: its topmost folder in each
    folder that the service writes to. Were that not fixed, it could be renamed with all that is in it, and made again.

    Raises UsageError where it is written to, or is a link, which itself cannot be fixed.
    """
    tops = []
    for written in _as_written(path):
        for folder in _as_written(plan.root, *plan.writable):
            if written.is_relative_to(folder):
                top = Path(folder, *written.relative_to(folder).parts[:1])
                used = _as_written(plan.root, *plan.writable, *plan.within)
                if top.is_symlink() or any(one.is_relative_to(top) for one in used):
                    raise _exchangeable(path, top)
                tops.append(top)
    return list(dict.fromkeys(tops))


def _exchangeable(path: Path, top: Path) -> UsageError:
    return UsageError(
        f"A service that was broken into could put something else in the place of {path}: it may exchange {top}.",
        remedy=f"Move {path} to a folder that the service does not write to, without links; see folders, out, "
        "allowed_outputs, database and metrics.file in config.yaml for those it writes to.",
    )


def _needed(plan: ServicePlan) -> list[Path]:
    return [plan.root, *plan.writable, *plan.programs]


def _any_within(paths: Iterable[Path], folders: Iterable[Path]) -> bool:
    known = list(folders)
    return any(path.is_relative_to(folder) for path in _as_written(*paths) for folder in known)


def _as_written(*paths: Path) -> list[Path]:
    return list(dict.fromkeys(one for path in paths for one in (path.absolute(), path.resolve())))


def _words(texts: Iterable[str]) -> str:
    return " ".join(map(quoted, texts))
