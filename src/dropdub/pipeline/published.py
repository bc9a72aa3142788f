"""What a finished job left in its folder of the outbox, read again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dropdub.pipeline.deliverables import MANIFEST


def read_manifest(folder: Path) -> Mapping[str, Any] | None:
    """Return a folder's manifest; None where none is there, or what is there is no manifest."""
    try:
        found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
