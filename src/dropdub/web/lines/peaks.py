"""The route of the peaks of a job's sounds: found by ffmpeg in a thread of their own, and kept in the cache."""

from __future__ import annotations

import asyncio
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query

from dropdub.errors import DeadlineExceeded, MediaToolFailed
from dropdub.media.sound.peaks import FULL, PeakLine, peaks_of
from dropdub.pipeline.cache import Cache, CacheKey, from_json, to_json
from dropdub.publishing.deliverables import deliverable_name
from dropdub.report.contents import ORIGINAL
from dropdub.root import Root
from dropdub.store.views import JobView
from dropdub.store.views.films import FilmView
from dropdub.web.answering.downloads import OpenFile
from dropdub.web.answering.errors import ApiError
from dropdub.web.api_document import errors
from dropdub.web.jobs.lookup import film_of, job_of, named_after
from dropdub.web.jobs.outputs import number_of, open_output
from dropdub.web.jobs.parameters import JobNumber
from dropdub.web.jobs.recording import open_recording
from dropdub.web.site import Site

ANSWER_WITHIN_S = 20.0
LEAST_S = 60.0
X_REAL_TIME = 0.2
"""Seconds allowed for each second of sound; decoding three hours takes some seconds on one core."""
SOUND = "m4a"
Track = Annotated[
    str,
    Query(
        pattern=r"^(original|dub\.[A-Za-z0-9-]{1,35})$",
        description="`original`, or `dub.` and the language of a dub: `dub.pt`",
    ),
]


@dataclass(frozen=True)
class Peaks:
    """The loudest moment of each `interval_s` seconds of a sound, from 0 to `full`."""

    track: str
    interval_s: float
    full: int
    peaks: list[int]


@dataclass(frozen=True)
class _PeaksKey(CacheKey, use="peaks", method=1):
    """A file by its SHA-256, or by what else distinguishes it."""

    file: str
    duration_s: float


class PeakFinder:
    """Finds peaks: one sound after another, so that they take one core at most. Belongs to the event loop."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="peaks")
        self._running: dict[str, asyncio.Future[PeakLine]] = {}

    async def of(self, job: JobView, track: str) -> PeakLine:
        """Return the peaks of a job's sound. Whoever asks while they are being found waits for the same search.

        Raises ApiError 404 if there is no such sound, 422 if it cannot be read, 503 if it takes longer.
        """
        name = f"{job.id}/{track}"
        if name not in self._running:
            self._running[name] = asyncio.ensure_future(self._found(job, track))
            self._running[name].add_done_callback(lambda done: self._forget(name, done))
        try:
            return await asyncio.wait_for(asyncio.shield(self._running[name]), ANSWER_WITHIN_S)
        except TimeoutError:
            message = "The peaks are not found yet. Ask again in some seconds."
            raise ApiError(503, message, "NotYet", headers={"retry-after": "5"}) from None

    async def _found(self, job: JobView, track: str) -> PeakLine:
        film = await film_of(self._site, job.id)
        sound = await self._site.run(_open_sound, job, film, track, self._site.place.root)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._kept_or_made, sound, job.duration_s or 0.0)

    def _kept_or_made(self, sound: _Sound, duration_s: float) -> PeakLine:
        settings = self._site.config.cache
        cache = Cache(self._site.place.root.cache_dir if settings.enabled else None, max_bytes=int(settings.max_size))
        with sound.file.reader:
            key = _PeaksKey(sound.identity, round(duration_s, 2))
            kept = cache.get(key, check=lambda value: PeakLine(**from_json(value)))
            if kept is not None:
                return kept
            found = _made(sound, duration_s)
            cache.put(key, to_json(asdict(found)))
            return found

    def _forget(self, name: str, done: asyncio.Future[PeakLine]) -> None:
        del self._running[name]
        if not done.cancelled():
            done.exception()  # its clients may have left


def peak_routes(router: APIRouter, site: Site) -> None:
    """Add the route to a router."""
    finder = PeakFinder(site)

    @router.get(
        "/v1/jobs/{id}/peaks", summary="The peaks of a sound, to draw its waveform", responses=errors(404, 422, 503)
    )
    async def peaks(number: JobNumber, track: Track = "original") -> Peaks:
        found = await finder.of(await job_of(site, number), track)
        return Peaks(track, found.interval_s, FULL, found.peaks)


@dataclass(frozen=True)
class _Sound:
    """A file that is open, and its path."""

    file: OpenFile
    path: Path

    @property
    def through(self) -> Path:
        """Return a path to the file; on Linux, one that leads to it even if its name leads elsewhere meanwhile."""
        opened = Path(f"/proc/{os.getpid()}/fd/{self.file.reader.fileno()}")
        return opened if sys.platform == "linux" and opened.exists() else self.path

    @property
    def identity(self) -> str:
        if self.file.digest:
            return self.file.digest
        info = os.fstat(self.file.reader.fileno())
        return f"{info.st_dev}-{info.st_ino}-{info.st_size}-{info.st_mtime_ns}"


def _open_sound(job: JobView, film: FilmView, track: str, root: Root) -> _Sound:
    """Open the smallest file that has a sound. Raises ApiError 404 if there is none."""
    target, name = track.partition(".")[2], named_after(film)
    suffix = SOUND if target else ORIGINAL
    number = number_of(job, deliverable_name(name, suffix, target=target or None))
    if number is not None:
        return _Sound(open_output(job, root, number), Path(job.outputs[number - 1]))
    if target:
        raise ApiError(404, f"Job {job.id} has no dub into {target!r}, or not yet.", "NoDub")
    return _Sound(open_recording(job.id, film, root), Path(film.path))


def _made(sound: _Sound, duration_s: float) -> PeakLine:
    deadline_s = LEAST_S + X_REAL_TIME * duration_s
    try:
        return peaks_of(sound.through, duration_s=duration_s, deadline_s=deadline_s)
    except (MediaToolFailed, DeadlineExceeded) as error:
        message = f"{sound.file.name} cannot be read: {error.message}"
        raise ApiError(422, message, type(error).__name__) from None
