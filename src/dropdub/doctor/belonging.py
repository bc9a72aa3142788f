"""Check that root, database and folders belong together, and that `work/` holds no originals without a job."""

from __future__ import annotations

from collections.abc import Iterator

from dropdub.doctor.examined_root import ExaminedRoot
from dropdub.doctor.finding import Finding, ok, problem, warning
from dropdub.store.root_problems import troubles


def findings(subject: ExaminedRoot) -> Iterator[Finding]:
    found = list(troubles(subject.root, subject.url))
    for trouble in found:
        kind = problem if trouble.blocks else warning
        yield kind("Root", "database and folders have changed", trouble.remedy, detail=trouble.message)
    if not found:
        yield ok("Root", "database and folders belong together")
