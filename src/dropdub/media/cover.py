"""Extract cover art from a recording."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import av.error
from av.container import InputContainer

from dropdub.media.open_recording import READ_S, opened

_KINDS = {
    b"\xff\xd8\xff": ("jpg", "image/jpeg"),
    b"\x89PNG": ("png", "image/png"),
    b"BM": ("bmp", "image/bmp"),
    b"GIF8": ("gif", "image/gif"),
    b"RIFF": ("webp", "image/webp"),
}


@dataclass(frozen=True)
class Cover:
    """The file that a cover was saved to, and its MIME type."""

    path: Path
    mimetype: str


def _first_packet(container: InputContainer, index: int) -> bytes:
    """Return the first packet of a stream; empty if it does not turn up within `READ_S` of reading."""
    ends_at = time.monotonic() + READ_S
    for packet in container.demux():
        if packet.stream.index == index:
            return bytes(packet)
        if time.monotonic() > ends_at:
            break
    return b""


def save_cover(source: Path, index: int, folder: Path) -> Cover | None:
    """Write stream `index` of `source` as `cover.jpg`, or with the suffix of its format; None if it is no picture."""
    try:
        with opened(source) as container:
            data = _first_packet(container, index)
    except av.error.FFmpegError:
        return None
    for head, (suffix, mimetype) in _KINDS.items():
        if data.startswith(head):
            path = folder / f"cover.{suffix}"
            path.write_bytes(data)
            return Cover(path, mimetype)
    return None
