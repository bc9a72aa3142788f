"""Whether SQLite is safe where a database lies."""

from __future__ import annotations

from pathlib import Path

from dropdub.errors import StoreError
from dropdub.mounts import network_kind


def refuse_network(file: Path) -> None:
    """Raise StoreError if `file` lies on a network file system: SQLite's locks are not kept there."""
    kind = network_kind(file.parent)
    if kind is not None:
        raise StoreError(
            f"{file} lies on a network file system ({kind}), where a database gets damaged.",
            remedy="Keep the root on a local disk; inbox and outbox may lie on the share (folders in config.yaml).",
        )
