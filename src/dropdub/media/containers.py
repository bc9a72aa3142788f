"""Restrict what the media libraries may open: local recordings, and nothing that they refer to.

A playlist (HLS, DASH, concat), an image sequence or a subtitle script can make ffmpeg read other files or the
network. The list of recording containers excludes all of those, whatever the file is called.
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
"""Demuxers, by the first of their names. Each exists in ffmpeg 5.1 to 9 and reads a single file only."""

RAW_CONTAINERS = frozenset({"aac", "ac3", "eac3", "dts", "amr", "mp3"})
"""Raw packet streams: they do not state their length, and a little noise can look like one."""

FORMAT_WHITELIST = ",".join(CONTAINERS)

MOST_STREAMS = 500
"""Tracks per file. A film in thirty languages with subtitles in all of them has about a hundred."""

OPEN_OPTIONS = {
    "protocol_whitelist": PROTOCOLS,
    "format_whitelist": FORMAT_WHITELIST,
    "max_streams": str(MOST_STREAMS),
    **DECODING_OPTIONS,
}
"""Options for ffmpeg and PyAV that limit what a dropped file can make them do."""


def file_url(path: Path) -> str:
    """Return `path` as a URL, so that dashes, colons and protocol names in it are read as part of a file name."""
    return f"file:{path.absolute()}"
