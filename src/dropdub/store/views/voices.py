"""Which jobs need a voice."""

from __future__ import annotations

from collections.abc import Iterator

from dropdub.store.states import UNFINISHED
from dropdub.store.views.progress import Row
from dropdub.store.views.rows import Rows, decoded, listed


def jobs_with_voice(rows: Rows, name: str) -> list[int]:
    """Return the unfinished jobs whose options or request name a voice, in order."""
    states, values = listed(UNFINISHED, "s")
    found = rows(f"SELECT id, options, request FROM job WHERE state IN {states} ORDER BY id", **values)
    return [job["id"] for job in found if name in _voices_of(job)]


def _voices_of(job: Row) -> Iterator[str | None]:
    request = decoded(job["request"]) or {}
    yield (request.get("params") or {}).get("voice")
    if not request:  # a request for one step has its own voice, whatever the options say
        options = decoded(job["options"]) or {}
        yield options.get("voice")
        yield from (options.get("voices") or {}).values()
