"""Run all checks, family by family."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dropdub.doctor import (
    belonging,
    clock,
    database,
    engines,
    folders,
    graphics,
    guide,
    inbox,
    language_model,
    machine,
    monitors,
    notices,
    recommendation,
    service,
    software,
)
from dropdub.doctor.examined_root import ExaminedRoot
from dropdub.doctor.finding import Finding, problem

Family = Callable[[ExaminedRoot], Iterator[Finding]]
FAMILIES: dict[str, Family] = {
    "software": software.findings,
    "machine": machine.findings,
    "graphics": graphics.findings,
    "folders": folders.findings,
    "watching": inbox.findings,
    "engines": engines.findings,
    "language model": language_model.findings,
    "recommendation": recommendation.findings,
    "guide": guide.findings,
    "database": database.findings,
    "root": belonging.findings,
    "service": service.findings,
    "notices": notices.findings,
    "monitors": monitors.findings,
    "clock": clock.findings,
}


def examine(subject: ExaminedRoot) -> Iterator[Finding]:
    """Yield the findings of all checks. A family that raises is a finding of its own, and the others still run."""
    for name, family in FAMILIES.items():
        try:
            yield from family(subject)
        except Exception as error:  # the boundary: a failing check must not hide the findings of the others
            remedy = "Please report this, and attach the file from: `dropdub doctor --report`"
            yield problem(name, f"check failed ({type(error).__name__})", remedy, detail=str(error))
