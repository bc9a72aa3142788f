"""The streams of a recording: sound, picture, subtitles, cover art. What cannot be decoded is none of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from av.stream import Disposition


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


def audio_streams(streams: Iterable[Any]) -> tuple[AudioStream, ...]:
    """Return the sound tracks, in their order."""
    return tuple(_audio(stream) for stream in _known(streams, "audio") if stream.codec_context.sample_rate)


def picture_of(streams: Iterable[Any]) -> VideoStream | None:
    """Return the first picture that moves."""
    return next((_video(stream) for stream in _known(streams, "video") if not _is_cover(stream)), None)


def cover_of(streams: Iterable[Any]) -> CoverPicture | None:
    """Return the first cover picture."""
    covers = (stream for stream in _known(streams, "video") if _is_cover(stream))
    return next((CoverPicture(stream.index, _codec(stream)) for stream in covers), None)


def subtitle_streams(streams: Iterable[Any]) -> tuple[SubtitleStream, ...]:
    """Return the subtitle tracks, in their order."""
    return tuple(SubtitleStream(stream.index, _codec(stream)) for stream in _known(streams, "subtitle"))


def _known(streams: Iterable[Any], kind: str) -> Iterator[Any]:
    # A stream of a codec nobody knows has no context.
    return (one for one in streams if one.type == kind and getattr(one, "codec_context", None) is not None)


def _audio(stream: Any) -> AudioStream:
    return AudioStream(
        index=stream.index,
        codec=_codec(stream),
        language=_language(stream),
        channels=stream.codec_context.channels,
        sample_rate=stream.codec_context.sample_rate,
        duration_s=_seconds(stream, stream.duration),
        start_time_s=_seconds(stream, stream.start_time) or 0.0,
        default=bool(stream.disposition & Disposition.default),
    )


def _video(stream: Any) -> VideoStream:
    rate = stream.average_rate or stream.base_rate
    return VideoStream(
        index=stream.index,
        codec=_codec(stream),
        width=stream.codec_context.width,
        height=stream.codec_context.height,
        fps=float(rate) if rate else None,
    )


def _codec(stream: Any) -> str:
    codec = stream.codec_context.codec
    return str(getattr(codec, "canonical_name", codec.name))


def _language(stream: Any) -> str | None:
    language = stream.metadata.get("language")
    return None if language in (None, "", "und") else language


def _is_cover(stream: Any) -> bool:
    return bool(stream.disposition & Disposition.attached_pic)


def _seconds(stream: Any, ticks: int | None) -> float | None:
    return None if ticks is None else float(ticks * stream.time_base)
