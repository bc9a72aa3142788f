"""Send spoken text: whole if it is short, and otherwise piece by piece, so that no long sound is held in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from starlette.responses import JSONResponse, Response, StreamingResponse

from dropdub.web.answering.errors import ApiError
from dropdub.web.answering.event_stream import CONTENT_TYPE, failure
from dropdub.web.answering.outgoing import rejoined
from dropdub.web.jobs.outcome import ended
from dropdub.web.site import Site
from dropdub.web.speech import events
from dropdub.web.speech.audio_format import AudioFormat
from dropdub.web.speech.encoding import Encoder, encoded
from dropdub.web.speech.pieces import Piece, spoken_pieces

MOST_WHOLE = 16_000_000
"""Bytes of samples that are encoded at once, some six minutes."""


@dataclass(frozen=True)
class Delivery:
    """How the sound is sent: its format, as plain sound or as events, and the headers of the answer."""

    kind: AudioFormat
    headers: dict[str, str]
    as_events: bool = False

    @property
    def content_type(self) -> str:
        return CONTENT_TYPE if self.as_events else self.kind.content_type


async def speech_answer(site: Site, job_id: int, delivery: Delivery) -> Response:
    """Return the answer as soon as the first piece is there. Raises ApiError if there will be none."""
    pieces = spoken_pieces(site, job_id)
    try:
        first = await anext(pieces)
    except StopAsyncIteration:
        raise _nothing_to_speak() from None
    if first.is_last and not delivery.as_events:
        await pieces.aclose()
        whole = await site.run(encoded, first.pcm, first.rate, delivery.kind)
        return Response(whole, media_type=delivery.content_type, headers=delivery.headers)
    stream = _stream(site, job_id, first, pieces, delivery)
    return StreamingResponse(stream, media_type=delivery.content_type, headers=delivery.headers)


async def finished_answer(site: Site, job_id: int, delivery: Delivery) -> Response:
    """Return the answer once the whole text is spoken. Raises ApiError."""
    await ended(site, job_id)
    parts = sound_of(site, job_id, delivery.kind)
    first, second = await anext(parts), await anext(parts, None)
    if second is None:
        return Response(first, media_type=delivery.content_type, headers=delivery.headers)
    whole = rejoined((first, second), parts)
    return StreamingResponse(whole, media_type=delivery.content_type, headers=delivery.headers)


def later_answer(job_id: int, kind: AudioFormat, headers: dict[str, str]) -> Response:
    """Return the answer for a text that is not spoken yet: where its sound will be."""
    place = f"/v1/jobs/{job_id}"
    body = {
        "job": job_id,
        "status_url": place,
        "events_url": f"{place}/events",
        "audio_url": f"{place}/audio?format={kind}",
    }
    return JSONResponse(body, 202, headers={**headers, "location": place})


async def sound_of(site: Site, job_id: int, kind: AudioFormat) -> AsyncIterator[bytes]:
    """Yield the file of a job that has spoken its text: a short one at once, which states its length.

    Raises ApiError if there is nothing to hear, and as `spoken_pieces` does.
    """
    pieces, start, size = spoken_pieces(site, job_id), list[Piece](), 0
    while size <= MOST_WHOLE and (piece := await anext(pieces, None)) is not None:
        start.append(piece)
        size += len(piece.pcm)
    if not start:
        raise _nothing_to_speak()
    rate = start[0].rate
    if size <= MOST_WHOLE:
        yield await site.run(encoded, b"".join(piece.pcm for piece in start), rate, kind)
        return
    with Encoder(kind, rate) as encoder:
        async for piece in rejoined(start, pieces):
            yield await site.run(encoder.write, piece.pcm)
        yield await site.run(encoder.finish)


async def _stream(
    site: Site, job_id: int, first: Piece, rest: AsyncIterator[Piece], delivery: Delivery
) -> AsyncIterator[bytes]:
    with site.leaving.present(job_id, linger_s=0.0, spares_begun=True), Encoder(delivery.kind, first.rate) as encoder:
        yield _sent(await site.run(encoder.write, first.pcm), delivery)
        try:
            async for piece in rest:
                yield _sent(await site.run(encoder.write, piece.pcm), delivery)
        except ApiError as error:
            if not delivery.as_events:
                raise  # the connection is cut: the client must not take this for the whole
            yield failure(error)
            return
        yield _sent(await site.run(encoder.finish), delivery) + (events.done() if delivery.as_events else b"")


def _sent(sound: bytes, delivery: Delivery) -> bytes:
    return events.delta(sound) if delivery.as_events else sound


def _nothing_to_speak() -> ApiError:
    return ApiError(422, "The text has nothing to speak.", "NothingToSpeak")
