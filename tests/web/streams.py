"""Read streams of events: as OpenAI's own client does, or with their names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx2
from openai._streaming import SSEDecoder


def events_of(stream: bytes) -> list[dict[str, Any]]:
    """Return the data of the events, in order; the stream comes in pieces of seven bytes."""
    cut = (stream[at : at + 7] for at in range(0, len(stream), 7))
    return [event.json() for event in SSEDecoder().iter_bytes(cut)]


def named_events(answer: httpx2.Response) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the events of an answer as they come, each with its name."""
    kind = ""
    for line in answer.iter_lines():
        name, _, value = line.partition(": ")
        kind = value if name == "event" else kind
        if name == "data":
            yield kind, json.loads(value)
