"""Whether those who are to be told of ended jobs are told."""

from __future__ import annotations

from collections.abc import Iterator

from dropdub.doctor.finding import Finding, fine, warning
from dropdub.doctor.subject import Subject
from dropdub.errors import StoreError
from dropdub.notify.channels import open_channels
from dropdub.store.states import NoticeState
from dropdub.store.views.rows import snapshot

_TRIED = "SELECT count(*) AS number, max(error) AS error FROM notice WHERE state = :state AND attempts > 0"
_REMEDY = "See that the receiver runs, and notify in config.yaml. What waits is tried again by the daemon."


def findings(subject: Subject) -> Iterator[Finding]:
    channels = open_channels(subject.config.notify)
    if not channels:
        return
    number, error = _tried(subject.url)
    told = ", ".join(channels)
    if number:
        yield warning("Notices", f"{number} could not be delivered so far (by {told})", _REMEDY, detail=error)
    else:
        yield fine("Notices", f"told by {told}; none is held up")


def _tried(url: str) -> tuple[int, str]:
    """Return how many notices wait that were tried in vain, and why one of them."""
    try:
        with snapshot(url) as rows:
            found = list(rows(_TRIED, state=NoticeState.QUEUED.value)) if rows is not None else []
    except StoreError:
        return 0, ""  # what is wrong with the database, another check says
    return (int(found[0]["number"]), str(found[0]["error"] or "")) if found else (0, "")
