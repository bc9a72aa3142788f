"""A recording's streams as values. Imports no decoding library, because the supervisor uses this module too."""

from __future__ import annotations

from dataclasses import dataclass

from dropdub.media.sound_purpose import Purpose


@dataclass(frozen=True)
class AudioStream:
    """One audio stream. `index` counts all streams of the file; `language` is the file's own tag, if any.

    `layout` is ffmpeg's name of its channels, such as `5.1(side)`.
    """

    index: int
    codec: str
    language: str | None
    channels: int
    sample_rate: int
    duration_s: float | None
    start_time_s: float
    default: bool
    purpose: Purpose = Purpose.UNSTATED
    layout: str = ""


@dataclass(frozen=True)
class VideoStream:
    """The video stream. `fps` is None if the file does not state it."""

    index: int
    codec: str
    width: int
    height: int
    fps: float | None


@dataclass(frozen=True)
class SubtitleStream:
    """One subtitle stream of the file."""

    index: int
    codec: str


@dataclass(frozen=True)
class CoverPicture:
    """Cover art: a still picture that some containers list among the video streams."""

    index: int
    codec: str
