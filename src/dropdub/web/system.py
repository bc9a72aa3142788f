"""What runs on this machine for the root: the daemon, its workers and what they do, the server, the disk."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
from fastapi import APIRouter

from dropdub.config.settings import Pools
from dropdub.files.durable import free_bytes
from dropdub.process.family import Relative, children, relative
from dropdub.store.views.at_work import RunningStep, RunView
from dropdub.store.views.progress import iso_time
from dropdub.store.views.shapes import DaemonView
from dropdub.web.jobs.shapes import hiding
from dropdub.web.site import Site

RUNS = 10
WORKER = "dropdub.worker"
"""The module that a worker is started as; the word after it is the name of its pool."""


@dataclass(frozen=True)
class Process:
    """A process of this machine. `memory`: bytes, with that of the processes it has started."""

    pid: int
    memory: int
    started_at: str
    age_s: float


@dataclass(frozen=True)
class PoolAtWork:
    """The workers of a pool, and the steps that they run. `workers`: null if they cannot be looked at from here."""

    pool: str
    workers: list[Process] | None
    steps: list[RunningStep]


@dataclass(frozen=True)
class OwnFigures:
    """The server itself: its process, its threads, the streams of events that it feeds, and the uploads under way."""

    process: Process
    threads: int
    streams: int
    uploads: int


@dataclass(frozen=True)
class Room:
    """Free bytes of the disk that a folder of the root is on; null if it is not there."""

    folder: str
    free: int | None


@dataclass(frozen=True)
class Machine:
    """Memory of the machine in bytes, and the share of time in which its processors are busy, 0 to 1."""

    memory: int
    available: int
    busy: float


@dataclass(frozen=True)
class System:
    """What runs for the root. `process`: that of the daemon; null if it does not run, or on another machine.

    `runs`: those of the daemon, the newest first.
    """

    daemon: DaemonView | None
    process: Process | None
    pools: list[PoolAtWork]
    runs: list[RunView]
    server: OwnFigures
    disk: list[Room]
    machine: Machine


def system_router(site: Site) -> APIRouter:
    """Return the route `/v1/system`."""
    router = APIRouter(tags=["Administration"])

    @router.get("/v1/system", summary="What runs: daemon, workers and their steps, server, disk, memory")
    async def system() -> System:
        return _without_paths(await system_of(site), site)

    return router


async def system_of(site: Site) -> System:
    """Return what runs now."""
    return await site.run(_system, site, site.feed.clients)


def _without_paths(found: System, site: Site) -> System:
    """Return what runs as a program gets it: answers name no path of this machine."""
    if found.daemon is None:
        return found
    hide = hiding(site.place.root)
    return replace(found, daemon=replace(found.daemon, notes=[str(hide(note)) for note in found.daemon.notes]))


def _system(site: Site, streams: int) -> System:
    now = time.time()
    daemon = site.reader.status(now=now, limit=0).daemon
    steps, past = site.reader.running_steps(), site.reader.runs(now=now, most=RUNS)
    is_on = daemon is not None and daemon.state == "running"
    pid = daemon.pid if daemon is not None and is_on and daemon.host == socket.gethostname() else None
    workers = children(pid) if pid is not None else None
    return System(
        daemon=daemon,
        process=_process(relative(pid), now) if pid is not None else None,
        pools=[_pool(name, workers, steps if is_on else [], now) for name in Pools.model_fields],
        runs=past,
        server=_own(site, streams, now),
        disk=[Room(name, _free(folder)) for name, folder in _folders(site)],
        machine=_machine(),
    )


def _pool(name: str, found: Sequence[Relative] | None, steps: Sequence[RunningStep], now: float) -> PoolAtWork:
    workers = None if found is None else [_shown(one, now) for one in _workers(found, name)]
    return PoolAtWork(name, workers, [step for step in steps if step.pool == name])


def _workers(found: Sequence[Relative], pool: str) -> list[Relative]:
    """Return the workers of a pool. The launcher of a virtual environment, on Windows, has the words of its child."""
    named = [one for one in found if one.after(WORKER) == pool]
    launchers = {one.parent for one in named}
    return [one for one in named if one.pid not in launchers]


def _own(site: Site, streams: int, now: float) -> OwnFigures:
    mine = relative(os.getpid()) or Relative(os.getpid(), 0, now, 0, ())
    return OwnFigures(_shown(mine, now), threading.active_count(), streams, site.uploads.under_way())


def _process(found: Relative | None, now: float) -> Process | None:
    return None if found is None else _shown(found, now)


def _shown(found: Relative, now: float) -> Process:
    return Process(found.pid, found.memory, iso_time(found.started_at), max(0.0, round(now - found.started_at, 1)))


def _folders(site: Site) -> list[tuple[str, Path]]:
    root = site.place.root
    return [("work", root.work), ("outbox", root.outbox), ("models", root.models_dir(site.config.models.dir))]


def _free(folder: Path) -> int | None:
    """Return the free bytes where a folder is, or would be."""
    return free_bytes(next((one for one in (folder, *folder.parents) if one.exists()), folder))


def _machine() -> Machine:
    memory = psutil.virtual_memory()
    return Machine(int(memory.total), int(memory.available), psutil.cpu_percent(None) / 100)
