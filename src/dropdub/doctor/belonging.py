"""Check that root, database and folders belong together, and that `work/` holds no originals without a job."""

from __future__ import annotations

from collections.abc import Iterator

from dropdub.doctor.finding import Finding, ok, problem, warning
from dropdub.doctor.subject import Subject
from dropdub.store.standing import troubles


def findings(subject: Subject) -> Iterator[Finding]:
    found = list(troubles(subject.root, subject.url))
    for trouble in found:
        kind = problem if trouble.blocks else warning
        yield kind("Root", "database and folders have changed", trouble.remedy, detail=trouble.message)
    if not found:
        yield ok("Root", "database and folders belong together")
