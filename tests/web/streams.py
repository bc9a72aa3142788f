"""Read streams of events as OpenAI's own client does."""

from __future__ import annotations

from typing import Any

from openai._streaming import SSEDecoder


def events_of(stream: bytes) -> list[dict[str, Any]]:
    """Return the data of the events, in order; the stream comes in pieces of seven bytes."""
    cut = (stream[at : at + 7] for at in range(0, len(stream), 7))
    return [event.json() for event in SSEDecoder().iter_bytes(cut)]
