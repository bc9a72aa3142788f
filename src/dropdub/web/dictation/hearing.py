"""Have a dictation heard while it grows, window by window, as long as somebody wants to read it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import asdict
from weakref import WeakValueDictionary

from dropdub.pipeline.plan import first_steps
from dropdub.pipeline.request import Request, Wanted
from dropdub.store.transitions import AskedJob
from dropdub.web.admission import Admission
from dropdub.web.answering.errors import ApiError
from dropdub.web.answering.event_stream import named_event
from dropdub.web.dictation.dictations import Dictations
from dropdub.web.dictation.shapes import Heard
from dropdub.web.dictation.sound import seconds_of
from dropdub.web.jobs.short_work import done
from dropdub.web.site import Site
from dropdub.web.uploads import tus_headers
from dropdub.web.uploads.upload import Upload

LOOK_S = 0.25
"""How often it is looked whether more was recorded."""
LEAST_S = 0.8
"""The least new sound, in seconds, for which a window is heard: with less, it takes about as long."""
MOST_S = 30.0
"""The longest window: that of a transcriber."""
AGAIN_S = 5.0
"""After this time, a window that could not be heard is tried again."""
UNKNOWN = "und"


class Listening:
    """Asks for the windows of dictations: one at a time of each, however many read it. Belongs to the event loop."""

    def __init__(self, site: Site, admission: Admission, dictations: Dictations) -> None:
        self._site, self._admission, self._dictations = site, admission, dictations
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def heard(self, id_: str, *, after: int = 0) -> list[Heard]:
        """Return what was understood of a dictation, in order; only what came after the one with the id `after`."""
        found = await self._site.run(self._site.reader.step_results, id_, after=after)
        return [Heard.of(job, result) for job, result in found]

    async def events(self, id_: str, *, after: int) -> AsyncIterator[bytes]:
        """Yield what is understood, what prevents that, and last the job, until the dictation has ended or is gone."""
        since = await self._last(id_, after)
        while not self._site.feed.is_closed:
            for one in await self.heard(id_, after=since.id if since else 0):
                since = one
                yield named_event("heard", asdict(one), one.id)
            upload = await self._dictations.find(id_)
            if upload.job is not None:
                yield named_event("end", {"job": upload.job})
                return
            try:
                await self._next(upload, since)
            except ApiError as error:
                if (await self._dictations.find(id_)).is_growing:
                    yield named_event("problem", self._site.worded(error).body())
                    await asyncio.sleep(AGAIN_S)

    async def _last(self, id_: str, after: int) -> Heard | None:
        """Return the last of what was understood that the reader has seen."""
        return next((one for one in reversed(await self.heard(id_)) if one.id <= after), None)

    async def _next(self, upload: Upload, since: Heard | None) -> None:
        """Have the next window heard if there is one and nobody else has asked for it; otherwise, wait a moment."""
        turn = self._turns.setdefault(upload.id, asyncio.Lock())
        if turn.locked() or not upload.is_growing or not _has_more(upload, since):
            await asyncio.sleep(LOOK_S)
            return
        async with turn:
            await self._hear(upload, since)

    async def _hear(self, upload: Upload, since: Heard | None) -> None:
        """Have the next window heard, and wait for it. Raises ApiError if it cannot be done now."""
        await self._admission.daemon_runs()
        await done(self._site, await self._site.run(self._window, upload, since))

    def _window(self, upload: Upload, since: Heard | None) -> AskedJob:
        start = since.until if since else 0.0
        options = self._site.config.options_for(upload.metadata.get("profile"), tus_headers.options(upload.metadata))
        language = since.language if since and since.language != UNKNOWN else options.known_language
        end = min(seconds_of(upload), start + MOST_S)
        request = Request(Wanted.DICTATE, {"start": start, "end": round(end, 3), "language": language})
        return AskedJob(
            name=upload.name,
            request=request.to_json(),
            steps=first_steps(request),
            options=options.model_dump(mode="json"),
            source=str(upload.part),
            batch=upload.id,
        )


def _has_more(upload: Upload, since: Heard | None) -> bool:
    """Return whether there is enough new sound for a window."""
    return seconds_of(upload) - (since.end if since else 0.0) >= LEAST_S
