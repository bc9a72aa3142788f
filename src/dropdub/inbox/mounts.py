"""Whether a folder lies on a file system whose changes the operating system does not tell of."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import psutil

SILENT_KINDS = frozenset(
    [
        *("nfs", "nfs4", "cifs", "smb2", "smb3", "smbfs", "ncpfs", "afs", "afpfs", "webdav", "davfs", "9p", "virtiofs"),
        *("ceph", "glusterfs", "lustre", "beegfs", "gpfs", "vboxsf", "prl_fs", "vmhgfs"),
        *("fuse.sshfs", "fuse.rclone", "fuse.s3fs", "fuse.davfs2", "fuse.glusterfs", "fuse.ceph", "fuse.gcsfuse"),
        *("fuse.vmhgfs-fuse", "fuse.grpcfuse", "fuse.osxfs", "fuse.gvfsd-fuse", "fuse.curlftpfs", "fuse.smbnetfs"),
    ]
)
"""Shares and folders of a host machine: what another machine writes there raises no event here."""


class Mount(NamedTuple):
    """One line of the system's table of mounts."""

    place: Path
    kind: str


def network_kind(folder: Path) -> str | None:
    """Return the kind of network file system that `folder` lies on; None where it is a local one, or unknown."""
    return _of_windows(folder) if sys.platform == "win32" else _of_mounts(folder.resolve(), _mounts())


def _of_mounts(folder: Path, mounts: Iterable[Mount]) -> str | None:
    """Return the kind of the innermost mount over `folder`, the last where several lie on one place."""
    over = [mount for mount in mounts if folder.is_relative_to(mount.place)]
    if not over:
        return None
    deepest = max(len(mount.place.parts) for mount in over)
    kind = [mount.kind for mount in over if len(mount.place.parts) == deepest][-1]
    return kind if kind in SILENT_KINDS else None


def _mounts() -> list[Mount]:
    try:
        return [Mount(Path(part.mountpoint), part.fstype.lower()) for part in psutil.disk_partitions(all=True)]
    except OSError:  # no /proc, as in some containers
        return []


def _of_windows(folder: Path) -> str | None:
    drive = folder.absolute().drive
    if drive.startswith("\\\\"):
        return "network share"
    drives = {part.device.rstrip("\\").lower(): part.opts.split(",") for part in psutil.disk_partitions(all=True)}
    return "network drive" if "remote" in drives.get(drive.lower(), ()) else None
