"""Whether the daemon runs, and whether it is installed as a service."""

from __future__ import annotations

import time
from collections.abc import Iterator
from importlib import import_module

from dropdub.doctor.finding import Finding, fine, warning
from dropdub.doctor.subject import Subject
from dropdub.errors import DropdubError, StoreError
from dropdub.root import Root
from dropdub.store.views import open_reader

_START = "Start it with: jobs watch"


def findings(subject: Subject) -> Iterator[Finding]:
    found = _daemon(subject)
    if found is not None:
        yield found
    told = service_text(subject.root)
    if told is not None:
        yield fine("Service", "it is asked for its state", detail=told)


def _daemon(subject: Subject) -> Finding | None:
    try:
        daemon = open_reader(subject.url).status(now=time.time(), limit=0).daemon
    except StoreError:
        return None  # what is wrong with the database, another check says
    if daemon is None:
        return warning("Daemon", "it never ran here", _START)
    if daemon.state == "running":
        return fine("Daemon", "it runs", detail=" ".join(daemon.notes))
    if daemon.state == "gone":
        remedy = f"{_START}. Why it ended may stand in: jobs logs"
        return warning("Daemon", "it ended without a word", remedy, detail=f"last sign of life {daemon.heartbeat_at}")
    return warning("Daemon", "it is stopped", _START, detail=f"since {daemon.heartbeat_at}")


def service_text(root: Root) -> str | None:
    """Return what the service's own module says of it; None where this Dropdub has none, or cannot tell."""
    try:
        return str(import_module("dropdub.service").status(root))
    except (ModuleNotFoundError, AttributeError):
        return None
    except (DropdubError, OSError) as error:
        return str(error)
