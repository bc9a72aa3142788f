"""Speech as events: each delta holds the next bytes of one file."""

from __future__ import annotations

import base64

from dropdub.web.answering.errors import ApiError
from dropdub.web.answering.event_stream import STILL_WORKING, failure
from dropdub.web.speech.events import delta, done
from tests.web.streams import events_of


def test_the_deltas_together_are_the_file() -> None:
    parts = [b"RIFF\xff\xff", b"", b"\n\n data"]
    events = events_of(b"".join([*map(delta, parts), STILL_WORKING, done()]))
    assert [one["type"] for one in events] == ["speech.audio.delta", "speech.audio.delta", "speech.audio.done"]
    assert b"".join(base64.b64decode(one["audio"]) for one in events[:-1]) == b"".join(parts)
    assert events[-1]["usage"] == {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}


def test_a_stream_that_fails_ends_with_the_error() -> None:
    error = ApiError(503, "The daemon is not running.", remedy="Start it.")
    assert events_of(failure(error)) == [error.body()]
