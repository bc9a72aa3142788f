"""The routes about the root itself: its daemon, health, settings, models and metrics."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from dropdub.config.origins import SettingsView, SettingView, Source, settings_view
from dropdub.metrics.exporter import ADDRESS
from dropdub.store import transitions
from dropdub.store.views.at_work import WaitingJob
from dropdub.untrusted.files import read_start
from dropdub.web.answering.errors import ApiError
from dropdub.web.api_document import Responses, errors
from dropdub.web.jobs.shapes import hiding
from dropdub.web.pulls import Pull, pulls_in
from dropdub.web.site import Site

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
MOST_METRICS = 5_000_000
METRICS_WITHIN_S = 5.0
_METRICS: Responses = {200: {"description": "The metrics", "content": {"text/plain": {"schema": {"type": "string"}}}}}


@dataclass(frozen=True)
class Paused:
    """Whether all jobs are paused."""

    paused: bool


@dataclass(frozen=True)
class HealthFinding:
    """What `dropdub doctor` has found: `state` is ok, warning or problem."""

    what: str
    state: str
    text: str
    detail: str = ""
    remedy: str = ""


@dataclass(frozen=True)
class Findings:
    """What `dropdub doctor` has found, and whether there is no problem among it."""

    healthy: bool
    findings: list[HealthFinding]


@dataclass(frozen=True)
class Settings:
    """The settings in force: config.yaml, environment and defaults combined. Secrets are masked.

    `sources`: where those come from that are not defaults. `after_restart`: values in config.yaml that wait for one;
    `problem`: why config.yaml cannot be used now.
    """

    settings: dict[str, Any]
    sources: dict[str, SettingSource]
    after_restart: dict[str, Any]
    problem: str | None


@dataclass(frozen=True)
class SettingSource:
    """`source`: file or environment; with the line of config.yaml, or the name of the variable."""

    source: str
    line: int | None
    variable: str | None


@dataclass(frozen=True)
class Models:
    """The models, with the fields of `dropdub models list --json`, but for the paths.

    `waiting`: the jobs that wait for a model or an engine. `pulls`: the downloads that are not complete.
    """

    models: list[dict[str, Any]]
    waiting: list[WaitingJob]
    pulls: list[Pull]


def administration_router(site: Site) -> APIRouter:
    """Return the routes about the root."""
    router = APIRouter(tags=["Administration"])

    @router.post("/v1/daemon/pause", summary="Pause all jobs: no further step is started")
    async def pause() -> Paused:
        await site.run(transitions.pause_all, site.store)
        return Paused(paused=True)

    @router.post("/v1/daemon/resume", summary="Resume all jobs; those paused by themselves stay so")
    async def resume() -> Paused:
        await site.run(transitions.resume_all, site.store)
        site.nudge()
        return Paused(paused=False)

    @router.get("/v1/doctor", summary="What works, what does not, and what to do", responses=errors(502, 504))
    async def examined() -> Findings:
        return await findings(site)

    @router.get("/v1/settings", summary="The settings in force")
    async def settings() -> Settings:
        view = await settings_in_force(site)
        return Settings(
            site.config.model_dump(mode="json"),
            {one.name: _source(one) for one in view.settings if one.source != Source.DEFAULT},
            dict(view.after_restart),
            view.problem,
        )

    @router.get("/v1/models/status", summary="Which models are here", responses=errors(502, 504))
    async def models_status() -> Models:
        return await models_here(site)

    @router.get(
        "/metrics", summary="The metrics of the daemon", response_class=Response, responses={**_METRICS, **errors(404)}
    )
    async def metrics() -> Response:
        return Response(await site.run(_metrics, site), media_type=METRICS_TYPE)

    return router


async def findings(site: Site, *, with_paths: bool = False) -> Findings:
    """Return what `dropdub doctor` finds. `with_paths`: as it is, so that its commands can be pasted.

    Raises ApiError 502 and 504.
    """
    hide = str if with_paths else hiding(site.place.root)
    found = [_finding({name: hide(str(text)) for name, text in one.items()}) for one in await site.doctor.get()]
    return Findings(all(one.state != "problem" for one in found), found)


async def settings_in_force(site: Site) -> SettingsView:
    """Return the settings of the server and where they come from."""
    return await site.run(settings_view, site.config, site.place.root.config_file, os.environ)


async def models_here(site: Site) -> Models:
    """Return the models that are used or here. Raises ApiError 502 and 504."""
    found = (await site.models.get())["models"]
    waiting = await site.run(site.reader.waiting_for, "model", "engine")
    pulls = await site.run(pulls_in, site.place.root.models_dir(site.config.models.dir))
    models = [{name: value for name, value in one.items() if name != "path"} for one in found]
    return Models(models, waiting, pulls)


def _source(one: SettingView) -> SettingSource:
    return SettingSource(one.source, one.line, one.variable)


def _finding(one: dict[str, Any]) -> HealthFinding:
    return HealthFinding(**{name: value for name, value in one.items() if name in HealthFinding.__dataclass_fields__})


def _metrics(site: Site) -> bytes:
    """Return the metrics as the daemon exports them. Raises ApiError 404 if it does not, 503 if they are not there."""
    settings = site.config.metrics
    if settings.file is None and settings.port is None:
        raise ApiError(404, "No metrics are exported.", "NoMetrics", remedy="Set metrics.port in config.yaml.")
    try:
        if settings.file is not None:
            return read_start(site.place.root.path / Path(settings.file).expanduser(), MOST_METRICS, follow=True)
        return _fetched(settings.port or 0)
    except (OSError, HTTPException):
        raise ApiError(503, "The metrics are not there: the daemon is not running.", "NotRunning") from None


def _fetched(port: int) -> bytes:
    with closing(HTTPConnection(ADDRESS, port, timeout=METRICS_WITHIN_S)) as connection:
        connection.request("GET", "/metrics")
        return connection.getresponse().read(MOST_METRICS)
