"""What the engines of this machine can do: for processes that must not import them.

One file a role, `work/machine/engines/ROLE.json`. `dropdub.describe` writes it, in a process that the daemon starts:
at its own start, after models or packages were installed, and every hour. Until then, the last one is valid.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dropdub.files.durable import write_whole

FOLDER = "engines"
AUTO = "auto"


@dataclass(frozen=True)
class EngineVoice:
    """A voice of an engine's own, and the tag of the language that it speaks."""

    name: str
    language: str


@dataclass(frozen=True)
class DescribedEngine:
    """An engine that can be used here; `is_ready`: its model is installed, too.

    `languages`: primary tags that it understands or speaks; of a translator, those that it translates from or into
    English. `clones` and `voices` are those of a synthesizer.
    """

    name: str
    is_ready: bool
    languages: tuple[str, ...]
    clones: bool = False
    voices: tuple[EngineVoice, ...] = ()

    @staticmethod
    def of_json(found: Mapping[str, Any]) -> DescribedEngine:
        """Return an engine from its JSON. Raises LookupError and TypeError if it is none."""
        voices = tuple(EngineVoice(**voice) for voice in found["voices"])
        return DescribedEngine(**{**found, "languages": tuple(found["languages"]), "voices": voices})


def save_engines(state_dir: Path, role: str, engines: Sequence[DescribedEngine]) -> None:
    """Replace the description of a role's engines, the best first, if it has changed."""
    if not is_described(state_dir, role) or described_engines(state_dir, role) != tuple(engines):
        file = _file(state_dir, role)
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, json.dumps([asdict(one) for one in engines], ensure_ascii=False).encode())


def is_described(state_dir: Path, role: str) -> bool:
    """Return whether it was found out what engines a role has, even if it has none."""
    return _file(state_dir, role).is_file()


def described_engines(state_dir: Path, role: str) -> tuple[DescribedEngine, ...]:
    """Return the engines of a role, the best first; empty if they were never described."""
    with contextlib.suppress(OSError, ValueError, LookupError, TypeError):
        return tuple(map(DescribedEngine.of_json, json.loads(_file(state_dir, role).read_bytes())))
    return ()


def chosen_engines(engines: Sequence[DescribedEngine], name: str) -> list[DescribedEngine]:
    """Return the engine that the settings name; for `auto`, all of them."""
    return [one for one in engines if name in (AUTO, one.name)]


def engine_in_use(engines: Sequence[DescribedEngine], name: str) -> DescribedEngine | None:
    """Return the engine that the settings name; for `auto`, the best one whose model is installed."""
    return next((one for one in chosen_engines(engines, name) if one.is_ready or name != AUTO), None)


def _file(state_dir: Path, role: str) -> Path:
    return state_dir / FOLDER / f"{role}.json"
