"""Which folders count as lying on a network file system."""

from __future__ import annotations

from pathlib import Path

import pytest

from dropdub.mounts import Mount, _of_mounts, network_kind


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/srv/inbox", None),
        ("/srv/share/inbox", "cifs"),
        ("/srv/share", "cifs"),
        ("/srv/shared", None),
        ("/srv/share/local/inbox", None),
        ("/home/me/inbox", "fuse.sshfs"),
        ("/mnt/c/inbox", "9p"),
    ],
)
def test_the_innermost_and_latest_mount_says_whether_events_come(folder: str, kind: str | None) -> None:
    table = [
        ("/", "ext4"),
        ("/srv/share", "cifs"),
        ("/srv/share/local", "xfs"),
        ("/home", "ext4"),
        ("/home", "fuse.sshfs"),
        ("/mnt/c", "9p"),
    ]
    assert _of_mounts(Path(folder), [Mount(Path(place), fs) for place, fs in table]) == kind


def test_a_temporary_folder_of_this_machine_is_local(tmp_path: Path) -> None:
    assert network_kind(tmp_path) is None


@pytest.mark.parametrize("kind", ["9p", "virtiofs"])
def test_a_containers_root_is_local_and_a_folder_shared_by_its_host_is_not(kind: str) -> None:
    table = [Mount(Path("/"), kind), Mount(Path("/shared"), kind)]
    assert (_of_mounts(Path("/root"), table), _of_mounts(Path("/shared/root"), table)) == (None, kind)


def test_a_root_from_a_server_is_on_the_network() -> None:
    assert _of_mounts(Path("/root"), [Mount(Path("/"), "nfs4")]) == "nfs4"
