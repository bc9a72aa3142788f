"""Cover art taken out of a recording."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av.error

from dropdub.media.opening import opened

_KINDS = {
    b"\xff\xd8\xff": ("jpg", "image/jpeg"),
    b"\x89PNG": ("png", "image/png"),
    b"BM": ("bmp", "image/bmp"),
    b"GIF8": ("gif", "image/gif"),
    b"RIFF": ("webp", "image/webp"),
}


@dataclass(frozen=True)
class Cover:
    """A cover's own file, and its MIME type."""

    path: Path
    mimetype: str


def save_cover(source: Path, index: int, folder: Path) -> Cover | None:
    """Write stream `index` of `source` as `cover.jpg` (or as what it is); None where it holds no picture."""
    try:
        with opened(source) as container:
            packet = next(container.demux(container.streams[index]), None)
            data = bytes(packet) if packet is not None else b""
    except av.error.FFmpegError:
        return None
    for head, (suffix, mimetype) in _KINDS.items():
        if data.startswith(head):
            path = folder / f"cover.{suffix}"
            path.write_bytes(data)
            return Cover(path, mimetype)
    return None
