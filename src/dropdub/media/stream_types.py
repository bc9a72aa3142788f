"""A recording's streams as values. Imports no library that decodes: the supervisor reads them as well."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class AudioStream:
    """One sound track. `index` counts all streams of the file; `language` is the file's own tag, if any."""

    index: int
    codec: str
    language: str | None
    channels: int
    sample_rate: int
    duration_s: float | None
    start_time_s: float
    default: bool


@dataclass(frozen=True)
class VideoStream:
    """The picture track. `fps` is None where the file does not say."""

    index: int
    codec: str
    width: int
    height: int
    fps: float | None


@dataclass(frozen=True)
class SubtitleStream:
    """One subtitle track of the file's own."""

    index: int
    codec: str


@dataclass(frozen=True)
class CoverPicture:
    """Cover art: a still picture that some containers list among the pictures."""

    index: int
    codec: str
