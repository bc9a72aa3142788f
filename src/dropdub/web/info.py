"""What the server is, and whether it is well."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter

from dropdub import __version__
from dropdub.pipeline.described_engines import described_engines, engine_in_use
from dropdub.stage_table import ENGINE_POOLS
from dropdub.store.states import JobState
from dropdub.web.admission import MOST_WAITING
from dropdub.web.site import Site
from dropdub.web.speech.request import LONGEST_TEXT

FEATURES = ("speech", "speech-stream", "synthesize", "batch", "idempotency", "voices", "clone-voice")


def info_router(site: Site) -> APIRouter:
    """Return the routes that anybody may ask, and `/v1/info`."""
    router = APIRouter(tags=["Information"])

    @router.get("/v1/health", summary="Whether the server answers")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @router.get("/status", summary="The version, as Bazarr asks for it")
    async def status() -> dict[str, str]:
        return {"version": f"Dropdub {__version__}"}

    @router.get("/v1/info", summary="What runs here, and how much waits")
    async def info() -> dict[str, Any]:
        now = time.time()
        status, load, used = await asyncio.gather(
            site.run(site.reader.status, now=now, limit=0), site.run(site.reader.load), site.run(site.reader.engines)
        )
        daemon, limits = status.daemon, site.config.limits
        engines = await site.run(_engines, site, used)
        return {
            "name": "Dropdub",
            "version": __version__,
            "api": "1",
            "daemon": {
                "state": daemon.state if daemon else "stopped",
                "heartbeat_at": daemon.heartbeat_at if daemon else None,
                "paused": status.paused,
                "notes": len(daemon.notes) if daemon else 0,
            },
            "engines": engines,
            "queue": {
                "waiting": status.counts[JobState.WAITING] + status.counts[JobState.QUEUED],
                "running": status.counts[JobState.RUNNING],
                "interactive_waiting": load.waiting,
            },
            "limits": {
                "max_size": int(limits.max_size),
                "max_duration_s": limits.max_duration,
                "max_characters": LONGEST_TEXT,
                "interactive_waiting": MOST_WAITING,
            },
            "features": list(FEATURES),
        }

    return router


def _engines(site: Site, used: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the engine of each role: the one that was used last, else the one that would be.

    With its languages, if they are known.
    """
    state_dir, found = site.place.root.state_dir, {}
    for role in (pool.role for pool in ENGINE_POOLS.values()):
        last = used.get(role, {})
        one = engine_in_use(described_engines(state_dir, role), last.get("name") or getattr(site.config.job, role))
        described = {"name": one.name, "languages": list(one.languages)} if one else {}
        found[role] = {**described, **last}
    return {role: engine for role, engine in found.items() if engine}
