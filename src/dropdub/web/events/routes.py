"""The routes of streams of events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Query
from starlette.responses import Response, StreamingResponse

from dropdub.web.answering.event_stream import described_stream, stream_answer
from dropdub.web.api_document import errors
from dropdub.web.jobs.bodies import LARGEST_NUMBER
from dropdub.web.jobs.lookup import job_of
from dropdub.web.jobs.parameters import JobNumber
from dropdub.web.site import Site

PING_S = 15.0
"""A comment is sent this often, so that no proxy cuts a connection on which nothing happens."""
_PING = b": ping\n\n"
_RETRY = b"retry: 2000\n\n"
_STREAM = described_stream("`job`, `progress`, `story`, `daemon` and `reset`, until the client leaves")
Seen = Annotated[int | None, Query(ge=0, le=LARGEST_NUMBER, description="The id of the last event that was seen")]
LastSeen = Annotated[str | None, Header(alias="Last-Event-ID", description="The same; it comes before `after`")]


def events_router(site: Site) -> APIRouter:
    """Return the routes `/v1/events` and `/v1/jobs/{id}/events`."""
    router = APIRouter(tags=["Events"])

    @router.get(
        "/v1/events",
        response_class=StreamingResponse,
        summary="What happens to all jobs, while it happens",
        responses=_STREAM,
    )
    async def events(
        after: Seen = None,
        last_event_id: LastSeen = None,
        requests: Annotated[bool, Query(description="Also what only answers a client")] = False,
    ) -> Response:
        return stream_answer(_sent(site, last_seen(last_event_id, after), asked=requests))

    @router.get(
        "/v1/jobs/{id}/events",
        response_class=StreamingResponse,
        summary="What happens to one job, until it has ended",
        responses={
            **_STREAM,
            204: {"description": "The job had ended before the last event that was seen: there is nothing to wait for"},
            **errors(404),
        },
    )
    async def job_events(
        number: JobNumber,
        after: Seen = None,
        last_event_id: LastSeen = None,
    ) -> Response:
        job, last = await job_of(site, number), last_seen(last_event_id, after)
        if job.finished_at is not None and last is not None:
            newer = await site.run(site.reader.events, number, last)
            if not newer:
                return Response(status_code=204)
        return stream_answer(_sent(site, last, job=number))

    return router


async def _sent(site: Site, after: int | None, *, job: int | None = None, asked: bool = False) -> AsyncIterator[bytes]:
    with site.feed.client(job=job, asked=asked) as client:
        yield _RETRY + await client.first(after)
        while not client.is_done:
            try:
                await asyncio.wait_for(client.awake.wait(), PING_S)
            except TimeoutError:
                yield _PING
            if sent := client.take():
                yield sent


def last_seen(header: str | None, after: int | None) -> int | None:
    """Return the id of the last event that a client has seen. A header that is no number is ignored."""
    return int(header) if header and header.isascii() and header.isdigit() and len(header) < 19 else after
