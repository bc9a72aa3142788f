"""All checks, family by family."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dropdub.doctor import (
    belonging,
    clock,
    database,
    engines,
    folders,
    graphics,
    inbox,
    machine,
    notices,
    service,
    software,
)
from dropdub.doctor.finding import Finding, problem
from dropdub.doctor.subject import Subject

Family = Callable[[Subject], Iterator[Finding]]
FAMILIES: dict[str, Family] = {
    "software": software.findings,
    "machine": machine.findings,
    "graphics": graphics.findings,
    "folders": folders.findings,
    "watching": inbox.findings,
    "engines": engines.findings,
    "database": database.findings,
    "root": belonging.findings,
    "service": service.findings,
    "notices": notices.findings,
    "clock": clock.findings,
}


def examine(subject: Subject) -> Iterator[Finding]:
    """Look at everything. A family that cannot be examined is a finding, and keeps no other from being looked at."""
    for name, family in FAMILIES.items():
        try:
            yield from family(subject)
        except Exception as error:  # the boundary: one odd system must not hide what else is wrong
            remedy = "Please report this, with the file of: `dropdub doctor --report`"
            yield problem(name, f"could not be looked at ({type(error).__name__})", remedy, detail=str(error))
