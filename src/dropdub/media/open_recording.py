"""Open a recording with PyAV: local files only, with the allowed decoders only, and with a timeout."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import av.container

from dropdub.media.containers import OPEN_OPTIONS, file_url
from dropdub.media.decoders import DECODING_OPTIONS, may_decode

READ_S = 20.0


@contextmanager
def opened(path: Path, *, timeout_s: float = READ_S) -> Iterator[av.container.InputContainer]:
    """Open the container of `path` and close it at the end. `timeout_s` applies to opening it and to each read.

    Raises PyAV's errors.
    """
    with av.open(file_url(path), options=OPEN_OPTIONS, metadata_errors="replace", timeout=timeout_s) as container:
        yield container


def frames_of(container: av.container.InputContainer, stream: Any) -> Iterator[Any]:
    """Yield a stream's frames; none if its decoder is not on the list. Raises PyAV's errors."""
    context = getattr(stream, "codec_context", None)
    if context is None or not may_decode(context.codec.name):
        return
    context.options = DECODING_OPTIONS
    yield from container.decode(stream)
