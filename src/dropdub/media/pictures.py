"""Single frames of a recording, and the size at which its picture is shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av.error

from dropdub.media.open_recording import frames_of, opened


def first_frame(path: Path, stream: str | int, *, at_s: float = 0.0) -> Any:
    """Return the first frame at or after `at_s`, of the first stream of a kind (`audio`) or of the stream of an index.

    None if no frame can be decoded.
    """
    try:
        with opened(path) as container:
            chosen: Any = container.streams[stream] if isinstance(stream, int) else None
            chosen = chosen or getattr(container.streams, str(stream))[0]
            if at_s:
                container.seek(round(at_s * 1_000_000))
            return next(frames_of(container, chosen), None)
    except (av.error.FFmpegError, IndexError):
        return None


def shown_size(path: Path, index: int) -> tuple[int, int] | None:
    """Return width and height of a picture as a player shows it: rotated, with square pixels, rounded to even numbers.

    None if the picture cannot be decoded.
    """
    frame = first_frame(path, index)
    if frame is None:
        return None
    with opened(path) as container:
        stream: Any = container.streams[index]
        aspect = stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio or 1
    width, height = _even(float(frame.width * aspect)), _even(frame.height)
    return (height, width) if frame.rotation % 180 else (width, height)


def _even(length: float) -> int:
    return max(round(length / 2) * 2, 2)
