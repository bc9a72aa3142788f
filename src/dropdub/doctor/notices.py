"""Check that notifications are delivered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dropdub.config.settings import Notify
from dropdub.doctor.examined_root import ExaminedRoot
from dropdub.doctor.finding import Finding, ok, problem, warning
from dropdub.errors import StoreError
from dropdub.notify.routing import open_channels
from dropdub.process import find_program
from dropdub.store.states import NoticeState
from dropdub.store.views.rows import snapshot

_TRIED = "SELECT count(*) AS number, max(error) AS error FROM notice WHERE state = :state AND attempts > 0"
_REMEDY = "Check that the receiver is running, and the notify settings in config.yaml. The daemon retries the delivery."


def findings(subject: ExaminedRoot) -> Iterator[Finding]:
    channels = open_channels(subject.config.notify)
    if not channels:
        return
    yield from _missing_programs(subject.config.notify)
    number, error = _tried(subject.url)
    names = ", ".join(channels)
    if number:
        yield warning("Notifications", f"{number} not delivered yet (by {names})", _REMEDY, detail=error)
    else:
        yield ok("Notifications", f"delivered by {names}; no backlog")


def _missing_programs(settings: Notify) -> Iterator[Finding]:
    for name in ("on_success", "on_failure"):
        program = next(iter(getattr(settings, name)), None)
        if program is not None and find_program(program) is None and not Path(program).is_file():
            text = f"the program of notify.{name} is not there, or may not be run"
            yield problem("Notifications", text, f"Correct notify.{name} in config.yaml.", detail=program)


def _tried(url: str) -> tuple[int, str]:
    """Return the number of waiting notifications whose delivery has failed, and one of the errors."""
    try:
        with snapshot(url) as rows:
            found = list(rows(_TRIED, state=NoticeState.QUEUED.value)) if rows is not None else []
    except StoreError:
        return 0, ""  # another check reports a bad database
    return (int(found[0]["number"]), str(found[0]["error"] or "")) if found else (0, "")
