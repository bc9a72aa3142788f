"""Fallback levels of a transcriber when memory runs out: smaller batches, lower precision, CPU, smaller model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dropdub.engines.base import EngineSettings
from dropdub.engines.devices.precision import SMALLEST_ON_GPU, device_of
from dropdub.engines.models.folders import is_whole, model_folder
from dropdub.units import counted

GPU_BATCHES = (16, 4, 1)


@dataclass(frozen=True)
class Level:
    """A model, its device and precision, and the number of windows at once.

    `announcement` is a sentence about what is reduced compared to the usual level.
    """

    folder: Path
    device: str
    at_once: int
    compute_type: str
    announcement: str | None = None


def ladder(settings: EngineSettings, engine: str, default: str, files: Sequence[str]) -> Level:
    """Return the level to use: one lower for each time that memory ran out before, down to the last.

    On a graphics card: fewer windows first, then a lower precision, then the CPU. Smaller models come last.
    """
    folder, usual = model_folder(settings, engine, default), settings.compute_type
    levels: list[Level] = []
    if device_of(settings) == "cuda":
        levels = [Level(folder, "cuda", width, usual, _fewer(engine, width)) for width in GPU_BATCHES]
        levels.append(
            Level(folder, "cuda", 1, SMALLEST_ON_GPU, f"Memory ran out: {engine} now uses {SMALLEST_ON_GPU}.")
        )
        usual = "auto"
    widths = dict.fromkeys((settings.threads, 1))
    levels += [Level(folder, "cpu", width, usual, _on_processor(engine, width, after=bool(levels))) for width in widths]
    if settings.allow_smaller:
        levels += [Level(less, "cpu", 1, usual, _smaller(engine, less)) for less in _smaller_than(folder, files)]
    levels[0] = replace(levels[0], announcement=None)
    return levels[min(settings.memory_failures, len(levels) - 1)]


def _smaller_than(folder: Path, files: Sequence[str]) -> list[Path]:
    """Return the smaller models of the same kind in the same folder, the largest first."""
    if not is_whole(folder, files):
        return []
    size = (folder / files[0]).stat().st_size
    kind = folder.name.partition("-")[0]
    siblings = [one for one in folder.parent.iterdir() if one.name.partition("-")[0] == kind and is_whole(one, files)]
    smaller = [one for one in siblings if (one / files[0]).stat().st_size < size]
    return sorted(smaller, key=lambda one: -(one / files[0]).stat().st_size)


def _fewer(engine: str, width: int) -> str:
    return f"Memory ran out: {engine} now transcribes {counted(width, 'window')} at a time."


def _on_processor(engine: str, width: int, *, after: bool) -> str:
    return f"Memory ran out: {engine} now runs on the CPU." if after else _fewer(engine, width)


def _smaller(engine: str, model: Path) -> str:
    return f"Memory ran out: {engine} now uses the smaller model '{model.name}'."
