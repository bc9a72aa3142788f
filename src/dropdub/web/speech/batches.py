"""Texts that are sent together: each is a job of its own, and fails alone."""

from __future__ import annotations

import uuid
import zipfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from dropdub.files.durable import safe_name
from dropdub.store.states import ENDED, JobState, Priority
from dropdub.store.views.answers import BatchEntry
from dropdub.web.answering.errors import ApiError
from dropdub.web.answering.outgoing import Outgoing
from dropdub.web.site import Site
from dropdub.web.speech.answers import sound_of
from dropdub.web.speech.audio_format import AudioFormat
from dropdub.web.speech.encoding import Encoder
from dropdub.web.speech.pieces import spoken_pieces
from dropdub.web.speech.request import BatchRequest
from dropdub.web.speech.wish import Wish, granted


@dataclass(frozen=True)
class Batch:
    """A batch as it is. `entries` are its jobs in the order of its items."""

    id: str
    entries: Sequence[BatchEntry]

    @property
    def counts(self) -> dict[str, int]:
        """Return the number of jobs in each state."""
        return {state.value: sum(one.state == state for one in self.entries) for state in JobState}

    @property
    def has_ended(self) -> bool:
        return all(one.state in ENDED for one in self.entries)


async def record(site: Site, asked: BatchRequest) -> tuple[str, Sequence[int]]:
    """Record the jobs of a batch in one transaction; return its id and theirs, in order."""
    batch = uuid.uuid4().hex
    wishes = [Wish(one.text, one.voice, one.language, label=one.id) for one in asked.items]
    jobs = await site.run(lambda: [granted(site, wish, batch=batch, priority=Priority.NORMAL).job for wish in wishes])
    return batch, [one.job_id for one in await site.ask(jobs)]


async def find(site: Site, batch: str) -> Batch:
    """Return a batch. Raises ApiError 404."""
    entries = await site.run(site.reader.batch, batch)
    if not entries:
        raise ApiError(404, "There is no such batch, or it was forgotten.", "NoBatch")
    return Batch(batch, entries)


async def joined(site: Site, batch: Batch, kind: AudioFormat) -> AsyncIterator[bytes]:
    """Yield one file with the speech of all items that succeeded, in order, encoded as it is sent."""
    encoder: Encoder | None = None
    try:
        for entry in _succeeded(batch):
            async for piece in spoken_pieces(site, entry.job_id):
                encoder = encoder or Encoder(kind, piece.rate)
                yield await site.run(encoder.write, piece.pcm)
        if encoder is not None:
            yield await site.run(encoder.finish)
    finally:
        if encoder is not None:
            encoder.close()


async def zipped(site: Site, batch: Batch, kind: AudioFormat) -> AsyncIterator[bytes]:
    """Yield a zip archive with one file for each item that succeeded, part by part."""
    buffer = Outgoing()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for number, entry in enumerate(batch.entries, start=1):
            if entry.state == JobState.SUCCEEDED:
                with archive.open(_name(number, entry, kind), "w", force_zip64=True) as file:
                    async for part in sound_of(site, entry.job_id, kind):
                        await site.run(file.write, part)
                        yield buffer.taken()
    yield buffer.taken()


def _succeeded(batch: Batch) -> Sequence[BatchEntry]:
    return [one for one in batch.entries if one.state == JobState.SUCCEEDED]


def _name(number: int, entry: BatchEntry, kind: AudioFormat) -> str:
    """Return the name of an item's file: its number, which keeps the order, and its own name."""
    label = PurePath(safe_name(f"{(entry.label or entry.name).rstrip('.')}.{kind.suffix}")).name
    return f"{number:04d} {label}"
