"""The fastest precision on this machine: measured once, then stored."""

from __future__ import annotations

import json
from pathlib import Path

from dropdub.files.durable import write_whole

FILE = "precision.json"


def chosen_compute_type(state_dir: Path | None, model: Path, *, device: str) -> str | None:
    """Return the compute type that was measured to be fastest for a model; None if nothing was measured."""
    found = _read(state_dir).get(_key(model, device))
    return found if isinstance(found, str) else None


def keep_choice(state_dir: Path, model: Path, *, device: str, compute_type: str) -> None:
    """Store the fastest compute type of a model on a device."""
    state_dir.mkdir(parents=True, exist_ok=True)
    content = {**_read(state_dir), _key(model, device): compute_type}
    write_whole(state_dir / FILE, json.dumps(content, indent=1).encode())


def _key(model: Path, device: str) -> str:
    return f"{model.name} on {device}"


def _read(state_dir: Path | None) -> dict[str, object]:
    """Return the stored measurements; empty if the file cannot be read."""
    if state_dir is None:
        return {}
    try:
        found = json.loads((state_dir / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
