"""The streams of a recording: sound, video, subtitles, cover art. Streams that cannot be decoded are left out.

Streams with numbers that no real recording has are left out too: resampling from one sample per second, or from four
thousand million, would take endless memory and time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from av.stream import Disposition

from dropdub.language_names import tag_named
from dropdub.media.decoders import may_decode
from dropdub.media.sound_purpose import Purpose, is_language, purpose_of
from dropdub.media.stream_types import AudioStream, CoverPicture, SubtitleStream, VideoStream

SLOWEST_HZ, FASTEST_HZ = 1_000, 1_000_000
"""Samples per second: telephones use 8,000, the best recorders 768,000."""
MOST_CHANNELS = 64
"""Cinema has 24; 64 is seventh-order ambisonics."""
_FASTEST_FPS = 10_000
_LONGEST_LANGUAGE = 35
"""Characters of a language tag (RFC 5646, section 4.4.1)."""


def audio_streams(streams: Iterable[Any]) -> tuple[AudioStream, ...]:
    """Return the audio streams in order."""
    found = [stream for stream in _known(streams, "audio") if _is_sound(stream)]
    return tuple(_audio(stream, alone=len(found) == 1) for stream in found)


def picture_of(streams: Iterable[Any]) -> VideoStream | None:
    """Return the first video stream that is not cover art."""
    return next((_video(stream) for stream in _known(streams, "video") if not _is_cover(stream)), None)


def cover_of(streams: Iterable[Any]) -> CoverPicture | None:
    """Return the first cover picture that is within the size limit."""
    covers = (stream for stream in _known(streams, "video") if _is_cover(stream) and _is_shown(stream))
    return next((CoverPicture(stream.index, _codec(stream)) for stream in covers), None)


def subtitle_streams(streams: Iterable[Any]) -> tuple[SubtitleStream, ...]:
    """Return the subtitle streams in order."""
    return tuple(SubtitleStream(stream.index, _codec(stream)) for stream in _known(streams, "subtitle"))


def unlisted_sound(streams: Iterable[Any]) -> str | None:
    """Return the codec of the first audio stream whose decoder is not on the list; None if there is none."""
    return next((_codec(one) for one in _known(streams, "audio") if not may_decode(_decoder(one))), None)


def unlisted_picture(streams: Iterable[Any]) -> str | None:
    """Return the codec of the first video stream that is not cover art, if its decoder is not on the list."""
    first = next((one for one in _known(streams, "video") if not _is_cover(one)), None)
    return None if first is None or may_decode(_decoder(first)) else _codec(first)


def _is_sound(stream: Any) -> bool:
    context = stream.codec_context
    within = SLOWEST_HZ <= context.sample_rate <= FASTEST_HZ and 1 <= context.channels <= MOST_CHANNELS
    return within and may_decode(_decoder(stream))


def _is_shown(cover: Any) -> bool:
    """Return whether a cover can be decoded and has a known size: pictures over the decoders' limit have none."""
    return cover.codec_context.width > 0 and may_decode(_decoder(cover))


def _known(streams: Iterable[Any], kind: str) -> Iterator[Any]:
    # A stream with an unknown codec has no context.
    return (one for one in streams if one.type == kind and getattr(one, "codec_context", None) is not None)


def _audio(stream: Any, *, alone: bool) -> AudioStream:
    return AudioStream(
        index=stream.index,
        codec=_codec(stream),
        language=_language(stream),
        channels=stream.codec_context.channels,
        sample_rate=stream.codec_context.sample_rate,
        duration_s=_seconds(stream, stream.duration),
        start_time_s=_seconds(stream, stream.start_time) or 0.0,
        default=bool(stream.disposition & Disposition.default),
        purpose=_purpose(stream, alone=alone),
        layout=stream.codec_context.layout.name,
    )


def _purpose(stream: Any, *, alone: bool) -> Purpose:
    flags = {flag.name for flag in Disposition if flag.name and stream.disposition & flag}
    tags = stream.metadata
    # MP4 has no titles of tracks: programs write them as the handler's name. The title of the only track is that of the
    # recording: "Commentary on Romans" is a sermon.
    title = None if alone else tags.get("title") or tags.get("handler_name")
    return purpose_of(flags, title=title, language=tags.get("language"))


def _video(stream: Any) -> VideoStream:
    rate = stream.average_rate or stream.base_rate
    return VideoStream(
        index=stream.index,
        codec=_codec(stream),
        width=stream.codec_context.width,
        height=stream.codec_context.height,
        fps=float(rate) if rate and 0 < rate <= _FASTEST_FPS else None,
    )


def _codec(stream: Any) -> str:
    codec = stream.codec_context.codec
    return str(getattr(codec, "canonical_name", codec.name))


def _decoder(stream: Any) -> str:
    return str(stream.codec_context.codec.name)


def _language(stream: Any) -> str | None:
    return language_tag(stream.metadata.get("language"))


def language_tag(tag: str | None) -> str | None:
    """Return a file's language tag; None if it is missing, too long, or names no language.

    Some programs write the language's name in place of a tag.
    """
    if not tag or not is_language(tag) or len(tag) > _LONGEST_LANGUAGE:
        return None
    return tag_named(tag.split()) or tag


def _is_cover(stream: Any) -> bool:
    return bool(stream.disposition & Disposition.attached_pic)


def _seconds(stream: Any, ticks: int | None) -> float | None:
    return None if ticks is None else float(ticks * stream.time_base)
