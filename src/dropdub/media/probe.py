"""Probe a dropped file: its container, length and streams. Only its content counts, never its name."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG
from typing import Any

import av.container
import av.error

from dropdub.errors import (
    DeadlineExceeded,
    DropdubError,
    EmptyFile,
    NotAFile,
    NotMedia,
    TooLarge,
    UnreadableFile,
    UnsupportedCodec,
)
from dropdub.media.containers import RAW_CONTAINERS
from dropdub.media.decoders import MOST_PIXELS
from dropdub.media.open_recording import opened
from dropdub.media.stream_types import AudioStream, CoverPicture, SubtitleStream, VideoStream
from dropdub.media.streams import (
    audio_streams,
    cover_of,
    language_tag,
    picture_of,
    subtitle_streams,
    unlisted_picture,
    unlisted_sound,
)

_MICROSECONDS = 1_000_000
_LONGEST_TITLE = 500
_COUNTED_FROM_ZERO = frozenset({"matroska,webm", "asf", "nut"})
_LATE_S = 0.3
"""If the clock of one of these containers begins later, the length that it states may include the time before that."""


@dataclass(frozen=True)
class MediaInfo:
    """What `probe_media` found. `start_time_s` is where the file's own clock starts; cover art does not count as video.

    `fonts` is the number of attachments: usually fonts for the subtitles.
    """

    container: str
    duration_s: float
    start_time_s: float
    size: int
    bit_rate: int
    title: str | None
    language: str | None
    audio: tuple[AudioStream, ...]
    video: VideoStream | None
    subtitles: tuple[SubtitleStream, ...]
    cover: CoverPicture | None
    fonts: int


def probe_media(path: Path, *, timeout_s: float) -> MediaInfo:
    """Examine the recording at `path`. A file without sound has an empty `audio`.

    If the file does not state its length, or may count it from before its beginning, it is read through; if there is
    not enough time for that, the length is the stated one, or is estimated from the part that was read.
    Raises NotMedia, UnsupportedCodec, TooLarge, EmptyFile, NotAFile, UnreadableFile, DeadlineExceeded, and
    FileNotFoundError.
    """
    ends_at = time.monotonic() + timeout_s
    size = _readable_size(path)
    with _only_our_errors(path, timeout_s), opened(path, timeout_s=timeout_s) as container:
        return _describe(path, container, size, ends_at)


def _readable_size(path: Path) -> int:
    try:
        status = path.stat()
        if not S_ISREG(status.st_mode):
            raise NotAFile(f"{path.name} is not a regular file.")
        if status.st_size == 0:
            raise EmptyFile(f"{path.name} is empty.")
        with path.open("rb") as file:
            file.read(1)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise UnreadableFile(f"{path.name} cannot be read: {error.strerror or error}.") from error
    return status.st_size


@contextmanager
def _only_our_errors(path: Path, timeout_s: float) -> Iterator[None]:
    """Turn whatever the library raises for a hostile file into one of our errors."""
    try:
        yield
    except (DropdubError, FileNotFoundError):
        raise
    except (av.error.ExitError, av.error.TimeoutError) as error:
        raise DeadlineExceeded(f"{path.name} could not be examined within {timeout_s:.0f} s.") from error
    except av.error.PermissionError as error:
        raise UnreadableFile(f"{path.name} cannot be read.") from error
    except Exception as error:
        # The library's parsers get arbitrary bytes here: whichever way they fail, the file is unreadable.
        raise NotMedia(f"{path.name} is not a recording that can be read.") from error


def _describe(path: Path, container: av.container.InputContainer, size: int, ends_at: float) -> MediaInfo:
    streams = container.streams
    audio, video = audio_streams(streams), picture_of(streams)
    _refuse_unread(path, unlisted_picture(streams) or (None if audio else unlisted_sound(streams)))
    _refuse_giant(path, video)
    if not audio and video is None:
        raise NotMedia(f"{path.name} is not a recording: it has neither sound nor picture.")
    return MediaInfo(
        container=container.format.name,
        start_time_s=(container.start_time or 0) / _MICROSECONDS,
        size=size,
        bit_rate=int(container.bit_rate or 0),
        title=_title(container),
        language=language_tag(container.metadata.get("language")),
        audio=audio,
        video=video,
        subtitles=subtitle_streams(streams),
        cover=cover_of(streams),
        fonts=sum(stream.type == "attachment" for stream in streams),
        duration_s=_duration(path, container, size, ends_at),
    )


def _refuse_unread(path: Path, codec: str | None) -> None:
    """Raise UnsupportedCodec if the recording needs a codec whose decoder is not on the list."""
    if codec is not None:
        raise UnsupportedCodec(f"{path.name} uses an unsupported codec ({codec}).")


def _refuse_giant(path: Path, video: VideoStream | None) -> None:
    if video is not None and video.width * video.height > MOST_PIXELS:
        raise TooLarge(
            f"The picture of {path.name} is too large: {video.width} x {video.height}. At most "
            f"{MOST_PIXELS // 1_000_000} million pixels are allowed.",
            remedy="Scale the picture down, or save only the sound, and drop the new file.",
        )


def _title(container: av.container.InputContainer) -> str | None:
    """Return the file's title; Ogg stores it with the audio stream."""
    tagged: list[Any] = [container, *(container.streams.audio[:1] if container.format.name == "ogg" else [])]
    return next((title[:_LONGEST_TITLE] for one in tagged if (title := one.metadata.get("title"))), None)


def _duration(path: Path, container: av.container.InputContainer, size: int, ends_at: float) -> float:
    stated = container.duration / _MICROSECONDS if container.duration and container.duration > 0 else None
    if stated is not None and container.format.name not in RAW_CONTAINERS and not _counts_more(container):
        return stated
    found, whole = _read_through(container, size, ends_at)
    if found <= 0:
        raise NotMedia(f"{path.name} is not a recording: it contains neither sound nor picture.")
    return found if whole or stated is None else stated


def _counts_more(container: av.container.InputContainer) -> bool:
    """Return whether the stated length may be counted from second 0, as a part of a live stream or of a longer film."""
    late_s = (container.start_time or 0) / _MICROSECONDS
    return container.format.name in _COUNTED_FROM_ZERO and late_s > _LATE_S


def _read_through(container: av.container.InputContainer, size: int, ends_at: float) -> tuple[float, bool]:
    """Return the length in seconds, and whether the file was read to its end.

    If time runs out first, the length is extrapolated from the part of the file that was read.
    """
    first, last, position = math.inf, -math.inf, 0
    for packet in _packets(container):
        if packet.pts is not None and packet.time_base is not None:
            start = float(packet.pts * packet.time_base)
            first = min(first, start)
            last = max(last, start + float((packet.duration or 0) * packet.time_base))
            position = max(position, packet.pos or 0)
        if time.monotonic() > ends_at:
            return max(last - first, 0.0) * size / max(position, 1), False
    return max(last - first, 0.0), True


def _packets(container: av.container.InputContainer) -> Iterator[Any]:
    """Yield the packets up to the end of the file, or to the first damage: nothing after it plays."""
    try:
        yield from container.demux()
    except av.error.InvalidDataError:
        return
