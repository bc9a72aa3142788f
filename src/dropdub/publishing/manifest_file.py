"""Read a job's manifest in its outbox folder, without trusting it. Imports little, for `dropdub show`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dropdub.untrusted.files import read_whole

MANIFEST = "manifest.json"
MOST_OF_MANIFEST = 5_000_000
NOT_THERE = (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)
"""Raised when a file is missing, or is not what its name says."""


def read_manifest(folder: Path) -> Mapping[str, Any] | None:
    """Return a folder's manifest; None if there is none, or if it is not a JSON object."""
    try:
        found = json.loads(read_whole(folder / MANIFEST, MOST_OF_MANIFEST))
    except NOT_THERE:
        return None
    return found if isinstance(found, dict) else None
