"""The events of speech that is sent as `stream_format: sse`."""

from __future__ import annotations

import base64

from dropdub.web.answering.event_stream import event


def delta(sound: bytes) -> bytes:
    """Return the event with the next bytes of the file; empty if there are none."""
    if not sound:
        return b""
    return event({"type": "speech.audio.delta", "audio": base64.b64encode(sound).decode()})


def done() -> bytes:
    """Return the last event. Its token counts are 0: Dropdub's engines count none, and nothing is charged."""
    usage = {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}
    return event({"type": "speech.audio.done", "usage": usage})
