"""The route of the timeline: the lines of a recording and of a dub, and what was done to each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from fastapi import APIRouter

from dropdub.dubbing.published_timing import Fit, FittedUtterance
from dropdub.report.remarks import NOTICED_S
from dropdub.report.timeline import kind_of, originals_of
from dropdub.store.views import JobView
from dropdub.web.answering.errors import ApiError
from dropdub.web.api_document import errors
from dropdub.web.jobs.lookup import job_of
from dropdub.web.jobs.parameters import JobNumber, Target
from dropdub.web.lines.dub_results import DubResults, dub_results
from dropdub.web.lines.transcripts import transcript_of
from dropdub.web.site import Site


@dataclass(frozen=True)
class TimelineLine:
    """A line of the recording, or of the dub; times in seconds. `lines`: the numbers of its lines, from 1.

    `kind`, of a line of the dub: clean, unverified (nobody has checked its words), sped, slowed, unclear (it may be
    unintelligible), overlap (the part of it in which the next line begins). `rate`: how fast it is, compared with the
    usual pace; `shortened`: in fewer words than the subtitles; `retaken`: spoken again, since it was not understood.
    """

    start: float
    end: float
    kind: str = "original"
    lines: list[int] = field(default_factory=list)
    rate: float = 1.0
    shortened: bool = False
    retaken: bool = False


@dataclass(frozen=True)
class TimelineSuspect:
    """What the transcriber may have invented; times in seconds. `fate`: dropped, collapsed (a loop) or kept."""

    start: float
    end: float
    text: str
    fate: str


@dataclass(frozen=True)
class JobTimeline:
    """The lines of the recording, and those of a dub: none without a `target`, and if its times are not known."""

    target: str | None
    duration_s: float | None
    original: list[TimelineLine]
    dub: list[TimelineLine]
    suspects: list[TimelineSuspect]


def timeline_routes(router: APIRouter, site: Site) -> None:
    """Add the route to a router."""

    @router.get(
        "/v1/jobs/{id}/timeline",
        summary="When each line is said in the recording and in a dub, and what was done to it",
        responses=errors(404),
    )
    async def timeline(number: JobNumber, target: Target = None) -> JobTimeline:
        return await site.run(_timeline, site, await job_of(site, number), target)


def _timeline(site: Site, job: JobView, target: str | None) -> JobTimeline:
    """Return the timeline of a job. Raises ApiError 404 if it has no transcript, or no such dub."""
    found = dub_results(site, job)
    if target is not None and target not in found.facts.translated:
        raise ApiError(404, f"Job {job.id} has no dub into {target!r}, or not yet.", "NoDub")
    said = transcript_of(job, site.place.root, None).lines
    original = [TimelineLine(one.start, one.end, lines=[number]) for number, one in enumerate(said, start=1)]
    spans = {number: (one.start, one.end) for number, one in enumerate(said)}
    fit = found.fits.get(target) if target is not None else None
    dub = list(_dubbed(fit, found, target)) if fit and target is not None else []
    if fit is not None and any(line not in spans for one in fit.utterances for line in one.segments):
        # The user's own translation, which has lines of its own: the slots are those of what it is spoken over.
        original = [TimelineLine(*span) for one in fit.utterances for span in originals_of(one, spans)]
    suspects = [TimelineSuspect(one.start, one.end, one.text, one.fate) for one in found.suspects]
    return JobTimeline(target, job.duration_s, original, dub, suspects)


def _dubbed(fit: Fit, found: DubResults, target: str) -> Iterator[TimelineLine]:
    understood, retaken = found.understood(target), found.facts.retaken(target)
    for one in fit.utterances:
        kind = kind_of(one, understood)
        again = not retaken.isdisjoint(one.segments)
        yield TimelineLine(one.start, one.end, kind, _numbers(one), round(one.stretch, 3), one.shortened, again)
    yield from (_overlap(one, other) for one, other in pairwise(fit.utterances) if _overlaps(one, other))


def _overlaps(one: FittedUtterance, other: FittedUtterance) -> bool:
    return one.end > other.start + NOTICED_S


def _overlap(one: FittedUtterance, other: FittedUtterance) -> TimelineLine:
    return TimelineLine(other.start, min(one.end, other.end), "overlap", _numbers(other))


def _numbers(one: FittedUtterance) -> list[int]:
    return [line + 1 for line in one.segments]
