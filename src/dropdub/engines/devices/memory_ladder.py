"""How much a transcriber takes on at once, and what it lets go of, step by step, where memory runs out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dropdub.engines.base import EngineSettings
from dropdub.engines.devices.precision import SMALLEST_ON_GPU, device_of
from dropdub.engines.models.folders import is_whole, model_folder

GPU_BATCHES = (16, 4, 1)


@dataclass(frozen=True)
class Rung:
    """A model, where and how precisely it computes, and how many windows at once.

    `announcement` says what less than usual that is.
    """

    folder: Path
    device: str
    at_once: int
    compute_type: str
    announcement: str | None = None


def ladder(settings: EngineSettings, engine: str, default: str, files: Sequence[str]) -> Rung:
    """Return the rung to stand on: one lower for each time that memory ran out before, down to the last.

    On a graphics card first fewer windows, then a smaller precision, then the processor; smaller models come last.
    """
    folder, usual = model_folder(settings, engine, default), settings.compute_type
    rungs: list[Rung] = []
    if device_of(settings) == "cuda":
        rungs = [Rung(folder, "cuda", width, usual, _fewer(engine, width)) for width in GPU_BATCHES]
        rungs.append(Rung(folder, "cuda", 1, SMALLEST_ON_GPU, f"Memory ran out: {engine} works as {SMALLEST_ON_GPU}."))
        usual = "auto"
    widths = dict.fromkeys((settings.threads, 1))
    rungs += [Rung(folder, "cpu", width, usual, _on_processor(engine, width, after=bool(rungs))) for width in widths]
    if settings.allow_smaller:
        rungs += [Rung(less, "cpu", 1, usual, _smaller(engine, less)) for less in _smaller_than(folder, files)]
    rungs[0] = replace(rungs[0], announcement=None)
    return rungs[min(settings.squeeze, len(rungs) - 1)]


def _smaller_than(folder: Path, files: Sequence[str]) -> list[Path]:
    """Return the models beside this one that are of its kind and smaller, the largest first."""
    if not is_whole(folder, files):
        return []
    size = (folder / files[0]).stat().st_size
    kind = folder.name.partition("-")[0]
    beside = [one for one in folder.parent.iterdir() if one.name.partition("-")[0] == kind and is_whole(one, files)]
    smaller = [one for one in beside if (one / files[0]).stat().st_size < size]
    return sorted(smaller, key=lambda one: -(one / files[0]).stat().st_size)


def _fewer(engine: str, width: int) -> str:
    return f"Memory ran out: {engine} works on {width} window{'s' if width > 1 else ''} at once."


def _on_processor(engine: str, width: int, *, after: bool) -> str:
    return f"Memory ran out: {engine} works on the processor." if after else _fewer(engine, width)


def _smaller(engine: str, model: Path) -> str:
    return f"Memory ran out: {engine} uses the smaller model '{model.name}'."
