"""Whether SQLite is safe where a database lies."""

from __future__ import annotations

import os
from pathlib import Path

import psutil

from dropdub.errors import StoreError

_NETWORK = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "afpfs", "ncpfs", "davfs", "webdav", "ceph", "lustre"}
_NETWORK |= {"glusterfs", "beegfs", "fuse.sshfs", "fuse.rclone", "fuse.glusterfs", "fuse.ceph", "fuse.smbnetfs"}


def refuse_network(file: Path) -> None:
    """Raise StoreError where `file` lies on a network file system: SQLite's locks are not kept there."""
    kind = network_kind(file.parent)
    if kind is not None:
        raise StoreError(
            f"{file} lies on a network file system ({kind}), where a database gets damaged.",
            remedy="Keep the root on a local disk; inbox and outbox may lie on the share (folders in config.yaml).",
        )


def network_kind(folder: Path) -> str | None:
    """Return what kind of network file system `folder` lies on, None where it is local."""
    place = os.path.normcase(os.path.realpath(folder))
    if place.startswith("\\\\"):
        return "a Windows share"
    mounts = [part for part in psutil.disk_partitions(all=True) if _within(place, part.mountpoint)]
    if not mounts:
        return None
    mount = max(enumerate(mounts), key=lambda item: (len(item[1].mountpoint), item[0]))[1]
    return mount.fstype or "remote" if _is_network(mount.fstype, mount.opts) else None


def _within(place: str, mountpoint: str) -> bool:
    mountpoint = os.path.normcase(mountpoint)
    return place == mountpoint or place.startswith(mountpoint.rstrip("/\\") + os.sep)


def _is_network(fstype: str, opts: str) -> bool:
    """Judge one mount. `remote` is psutil's word on Windows; `drvfs` is a Windows disk seen from WSL: as bad."""
    return fstype.lower() in _NETWORK or "remote" in opts.split(",") or "drvfs" in opts
