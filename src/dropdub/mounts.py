"""Detect network file systems, which send no events for changes made elsewhere, and on which SQLite is not safe."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import psutil

_OF_A_HOST = frozenset(["9p", "virtiofs"])
NETWORK_KINDS = _OF_A_HOST.union(
    [
        *("nfs", "nfs4", "cifs", "smb2", "smb3", "smbfs", "ncpfs", "afs", "afpfs", "webdav", "davfs", "drvfs"),
        *("ceph", "glusterfs", "lustre", "beegfs", "gpfs", "vboxsf", "prl_fs", "vmhgfs"),
        *("fuse.sshfs", "fuse.rclone", "fuse.s3fs", "fuse.davfs2", "fuse.glusterfs", "fuse.ceph", "fuse.gcsfuse"),
        *("fuse.vmhgfs-fuse", "fuse.grpcfuse", "fuse.osxfs", "fuse.gvfsd-fuse", "fuse.curlftpfs", "fuse.smbnetfs"),
    ]
)
"""Network shares, and folders of a host machine in a guest, such as a Windows disk in WSL.

Writes by another machine send no events here, and neither locks nor mapped memory are shared.
"""


class Mount(NamedTuple):
    """An entry of the system's mount table."""

    place: Path
    kind: str

    @property
    def is_network(self) -> bool:
        """Return whether other machines may write to it. A root that a host provides to a container counts as local."""
        is_root = self.place == Path(self.place.anchor)
        return self.kind in NETWORK_KINDS and not (is_root and self.kind in _OF_A_HOST)


def network_kind(folder: Path) -> str | None:
    """Return the kind of network file system that contains `folder`; None if it is local or unknown."""
    return _of_windows(folder) if sys.platform == "win32" else _of_mounts(folder.resolve(), _mounts())


def _of_mounts(folder: Path, mounts: Iterable[Mount]) -> str | None:
    """Return the kind of the innermost mount that contains `folder`; if several have the same path, the last."""
    over = [mount for mount in mounts if folder.is_relative_to(mount.place)]
    if not over:
        return None
    deepest = max(len(mount.place.parts) for mount in over)
    mount = [mount for mount in over if len(mount.place.parts) == deepest][-1]
    return mount.kind if mount.is_network else None


def _mounts() -> list[Mount]:
    try:
        return [Mount(Path(part.mountpoint), part.fstype.lower()) for part in psutil.disk_partitions(all=True)]
    except OSError:  # no /proc, as in some containers
        return []


def _of_windows(folder: Path) -> str | None:
    """Check the path as written, then the path that it resolves to: a link may lead to a share."""
    remote = {_drive(part.device) for part in psutil.disk_partitions(all=True) if "remote" in part.opts.split(",")}
    for place in (Path.absolute, Path.resolve):
        drive = _drive(place(folder).drive)
        if drive.startswith("\\\\"):
            return "network share"
        if drive in remote:
            return "network drive"
    return None


def _drive(name: str) -> str:
    return name.rstrip("\\").lower()
