"""Check cores, memory and disk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil

from dropdub.doctor.examined_root import ExaminedRoot
from dropdub.doctor.finding import Finding, ok, problem, warning
from dropdub.engines.models.catalogue import find
from dropdub.engines.models.uses import uses
from dropdub.engines.offers import installed_offers
from dropdub.files.durable import free_bytes
from dropdub.units import format_size


def findings(subject: ExaminedRoot) -> Iterator[Finding]:
    memory = psutil.virtual_memory()
    yield ok("Cores", f"{psutil.cpu_count(logical=False) or psutil.cpu_count() or 1}")
    least = int(subject.config.limits.min_free_memory)
    yield memory_finding(memory.total, memory.available, least=least, models=_needs(subject))
    for name in ("work", "outbox"):
        folder: Path = getattr(subject.root, name)
        free = free_bytes(folder)
        if free is not None:  # another check reports a missing folder
            yield disk_finding(name, free, least=int(subject.config.limits.min_free_disk), folder=folder)


def memory_finding(total: int, available: int, *, least: int, models: Mapping[str, int]) -> Finding:
    """Judge the memory, all in bytes: the total, what is free, the minimum to start work, and what each model takes."""
    text = f"{format_size(available)} of {format_size(total)} free"
    if available < least:
        remedy = "Jobs wait. Close other programs, or lower limits.min_free_memory."
        return problem("Memory", f"{text}; at least {format_size(least)} is required", remedy)
    large = {name: size for name, size in models.items() if size > available}
    if large:
        name, size = max(large.items(), key=lambda item: item[1])
        remedy = "Close other programs, or set a smaller model in models.use."
        return warning("Memory", f"{text}; the largest model needs about {format_size(size)}", remedy, detail=name)
    return ok("Memory", text)


def disk_finding(name: str, free: int, *, least: int, folder: Path) -> Finding:
    """Judge the free bytes on the disk of a folder."""
    text = f"{format_size(free)} free on the disk of {name}"
    if free < least:
        remedy = "Jobs wait. Free some space, or lower limits.min_free_disk."
        return problem("Disk", f"{text}; at least {format_size(least)} is required", remedy, detail=str(folder))
    return ok("Disk", text, detail=str(folder))


def _needs(subject: ExaminedRoot) -> dict[str, int]:
    here = subject.root.models_dir(subject.config.models.dir)
    used = [
        use for use in uses(subject.config, installed_offers().values(), models_dir=here) if use.folder(here).is_dir()
    ]
    known = [model for use in used if (model := find(use.model)) is not None]
    return {model.name: model.memory_bytes for model in known}
