"""Require a local disk for a database: SQLite's locks are not reliable on a network file system."""

from __future__ import annotations

from pathlib import Path

from dropdub.errors import StoreError
from dropdub.mounts import network_kind


def refuse_network(file: Path) -> None:
    """Raise StoreError if `file` is on a network file system, where SQLite's locks are not reliable."""
    kind = network_kind(file.parent)
    if kind is not None:
        raise StoreError(
            f"{file} is on a network file system ({kind}), where a database gets damaged.",
            remedy="Keep the root on a local disk; inbox and outbox may be on the share (folders in config.yaml).",
        )
