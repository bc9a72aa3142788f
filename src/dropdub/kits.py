"""The two kits of engines that setup offers, and the extras of this package that install the libraries of engines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

Kit = Literal["compact", "quality"]
DEFAULT_KIT: Kit = "compact"
"""The kit of a new installation: it runs on any processor, and understands 99 languages."""
EXTRAS_OF_KITS: Mapping[Kit, tuple[str, ...]] = {
    "compact": ("compact",),
    "quality": ("compact", "parakeet", "pocket", "quality", "quickmt", "separate", "speakers"),
}
"""The extras that are installed for a kit."""
MODELS_OF_KITS: Mapping[Kit, Mapping[str, str]] = {
    "compact": {"faster-whisper": "whisper-base"},
    "quality": {},
}
"""The entries of `models.use` that belong to a kit: its engines use these models instead of their usual ones."""
_ENGINES: Mapping[str, tuple[str, ...]] = {
    "compact": ("faster-whisper", "bergamot", "hibari", "kokoro", "espeak-ng", "campplus", "dnsmos", "spleeter"),
    "quality": ("faster-whisper", "nllb", "transformers", "xtts"),
    "parakeet": ("parakeet",),
    "pocket": ("pocket-tts",),
    "quickmt": ("quickmt",),
    "separate": ("demucs",),
    "speakers": ("resemblyzer",),
}
"""The engines, and the measure `dnsmos`, whose libraries an extra installs."""


def kit_of(extra: str) -> Kit:
    """Return the kit for which an extra is installed: of several, the first of the table."""
    return next(kit for kit, extras in EXTRAS_OF_KITS.items() if extra in extras)


EXTRAS: Mapping[str, str] = {engine: extra for extra, engines in reversed(list(_ENGINES.items())) for engine in engines}
"""The extra that installs an engine's libraries: of several, the first of the table."""
KITS: Mapping[Kit, tuple[str, ...]] = {
    kit: tuple(engine for extra in extras if kit_of(extra) == kit for engine in _ENGINES[extra])
    for kit, extras in EXTRAS_OF_KITS.items()
}
"""The engines of each kit that are installed as Python packages; not those of another kit that come with it."""


def alternatives(kits: Iterable[Kit]) -> str:
    """Return the names of kits as a choice in a sentence."""
    *first, last = kits
    return f"{', '.join(first)} or {last}"
