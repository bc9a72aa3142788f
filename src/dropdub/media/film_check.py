"""Verify a video that ffmpeg wrote before it is published."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dropdub.errors import MediaToolFailed, NotMedia
from dropdub.media.pictures import first_frame
from dropdub.media.probe import MediaInfo, probe_media

TOLERANCE_S = 1.0
"""How much longer or shorter than expected a video may be: encoder padding, the last frame, the last subtitle."""
TOLERANCE_SHARE = 0.01
_NEAR_THE_END = 0.9


@dataclass(frozen=True)
class Expected:
    """What a video must have: its picture codec, its numbers of tracks, and the range of its length in seconds."""

    picture: str
    sounds: int
    subtitles: int
    shortest_s: float
    longest_s: float


def check_film(film: Path, expected: Expected, *, timeout_s: float) -> None:
    """Raise MediaToolFailed if the video is not as expected, or if its first audio track (the dub) does not play."""
    try:
        info = probe_media(film, timeout_s=timeout_s)
    except NotMedia as error:
        raise MediaToolFailed(f"ffmpeg wrote a video that cannot be read: {error.message}") from error
    for fault in _faults(info, expected):
        raise MediaToolFailed(f"ffmpeg wrote a video that is not as expected: {fault}.")
    near_the_end_s = expected.shortest_s * _NEAR_THE_END
    if not all(first_frame(film, "audio", at_s=moment) for moment in (0.0, near_the_end_s)):
        raise MediaToolFailed("ffmpeg wrote a video whose dub does not play.")


def _faults(info: MediaInfo, expected: Expected) -> list[str]:
    picture = info.video.codec if info.video else "none"
    slack_s = max(TOLERANCE_S, expected.longest_s * TOLERANCE_SHARE)
    found = [
        (picture != expected.picture, f"its picture is {picture}, not {expected.picture}"),
        (len(info.audio) != expected.sounds, f"it has {len(info.audio)} audio tracks, not {expected.sounds}"),
        (len(info.subtitles) != expected.subtitles, f"it has {len(info.subtitles)} of {expected.subtitles} subtitles"),
        (info.duration_s < expected.shortest_s - slack_s, f"it ends after {info.duration_s:.1f} s"),
        (info.duration_s > expected.longest_s + slack_s, f"it is {info.duration_s:.1f} s long"),
    ]
    return [sentence for wrong, sentence in found if wrong]


def same_picture(film: Path, source: Path, index: int) -> bool:
    """Return whether a copied picture plays if the source's does, with the same size and rotation."""
    before, after = first_frame(source, index), first_frame(film, "video")
    if before is None or after is None:
        return before is None
    return _look(before) == _look(after)


def _look(frame: Any) -> tuple[int, int, int]:
    return frame.width, frame.height, frame.rotation % 360
