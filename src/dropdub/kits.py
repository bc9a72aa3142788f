"""The two kits of engines that setup offers, and the extra of this package that installs each engine's libraries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Kit = Literal["light", "quality"]
LIGHT: Mapping[str, str] = {"transcriber": "pocketsphinx", "translator": "apertium", "synthesizer": "espeak-ng"}
"""The light engine of each role. Each uses one core, regardless of settings."""
EXTRAS: Mapping[str, str] = {
    "pocketsphinx": "light",
    "espeak-ng": "light",
    "bergamot": "compact",
    "hibari": "compact",
    "kokoro": "compact",
    "faster-whisper": "quality",
    "parakeet": "parakeet",
    "nllb": "quality",
    "transformers": "quality",
    "xtts": "quality",
    "resemblyzer": "speakers",
}
"""The extra that installs an engine's libraries. Apertium has none: it is a program of the operating system."""


def kit_of(extra: str) -> Kit:
    """Return the kit that an extra belongs to."""
    return "light" if extra in ("light", "compact") else "quality"


KITS: Mapping[Kit, tuple[str, ...]] = {
    kit: tuple(engine for engine, extra in EXTRAS.items() if kit_of(extra) == kit) for kit in ("light", "quality")
}
"""The engines of each kit that are installed as Python packages."""
