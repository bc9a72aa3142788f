"""Which files the media libraries may open: recordings that lie on this machine, and nothing they point to.

A playlist (HLS, DASH, concat), an image sequence or a subtitle script can make ffmpeg read other files or the
network. Naming the containers that hold recordings keeps all of those out, whatever a file's name says.
"""

from __future__ import annotations

from pathlib import Path

from dropdub.media.decoders import DECODING_OPTIONS

PROTOCOLS = "file,pipe"

CONTAINERS = (
    "mov",  # mp4, m4a, 3gp, 3g2, mj2
    "matroska",  # webm
    "wav",
    "w64",
    "mp3",
    "flac",
    "ogg",  # opus, vorbis, speex
    "avi",
    "mpegts",
    "mpeg",
    "asf",  # wma, wmv
    "flv",
    "aac",
    "ac3",
    "eac3",
    "dts",
    "amr",
    "aiff",
    "au",
    "caf",
    "ape",
    "wv",
    "tta",
    "tak",
    "voc",
    "dv",
    "mxf",
    "gxf",
    "nut",
    "rm",
    "wtv",
)
"""Demuxers by the first of their names; each is in ffmpeg 5.1 to 9 and reads one file only."""

RAW_CONTAINERS = frozenset({"aac", "ac3", "eac3", "dts", "amr", "mp3"})
"""Bare streams of packets: nothing states their length, and a little noise can look like one."""

FORMAT_WHITELIST = ",".join(CONTAINERS)

MOST_STREAMS = 500
"""Tracks of one file. A film in thirty languages, with subtitles in all of them, has a hundred."""

OPEN_OPTIONS = {
    "protocol_whitelist": PROTOCOLS,
    "format_whitelist": FORMAT_WHITELIST,
    "max_streams": str(MOST_STREAMS),
    **DECODING_OPTIONS,
}
"""What a dropped file may make of ffmpeg and of PyAV."""


def file_url(path: Path) -> str:
    """Return `path` so that no dash, colon or protocol name in it is taken for anything but a file's name."""
    return f"file:{path.absolute()}"
