"""Limits on how far to trust the length that a file states. Pure."""

from __future__ import annotations

from dataclasses import dataclass

_LEAST_BYTES_A_SECOND = 10
"""The least a file holds per second: silence in the most economical codec, with gaps between packets, takes twice
this."""
_FREE_S = 600.0
_FULL_BYTES_A_SECOND = 400
"""Assumed for sound beyond the end that the file states: less than telephones use for speech."""
_SLACK_SHARE, _SLACK_S = 0.05, 60.0
_ROUNDED_SHARE, _ROUNDED_S = 0.01, 0.5
_VIDEO_SHARE, _VIDEO_S = 0.02, 2.0
_RAW_SHARE = 0.1
"""From 44.1 to 48 kHz it is 0.09."""


def longest_believed_s(size: int) -> float:
    """Return the longest length in seconds that is plausible for a file of `size` bytes."""
    return _FREE_S + size / _LEAST_BYTES_A_SECOND


def longest_read_s(stated_s: float, size: int, *, most_s: float) -> float:
    """Return the second at which to stop reading the sound of a file.

    Recordings that were cut off, joined or broadcast may hold more than they state, up to what fits into their bytes.
    Without a limit, a clock that jumps would turn into hours of silence. Recordings longer than `most_s` are refused,
    so reading goes slightly beyond it.
    """
    return min(max(_with_slack(stated_s), size / _FULL_BYTES_A_SECOND), _with_slack(most_s))


@dataclass(frozen=True)
class Claim:
    """How long a recording is, according to its file: all of it, and its audio track if that states its own length.

    A raw stream of packets (`is_raw`) states nothing: its length is computed from the rate of its first packet.
    """

    whole_s: float
    track_s: float | None = None
    has_video: bool = False
    is_raw: bool = False

    @property
    def has_clock(self) -> bool:
        return not self.is_raw

    @property
    def sound_s(self) -> float:
        """The expected length of the sound."""
        return min(self.whole_s, self.track_s) if self.track_s else self.whole_s

    def fits(self, found_s: float) -> bool:
        """Return whether sound of this length is what the file states, but for rounding and padding."""
        return not self.is_exceeded(found_s) and not self.is_missed(found_s)

    def is_exceeded(self, found_s: float) -> bool:
        """Return whether the sound is longer than the file."""
        share = _RAW_SHARE if self.is_raw else _ROUNDED_SHARE
        return found_s > self.whole_s + max(self.whole_s * share, _ROUNDED_S)

    def is_missed(self, found_s: float) -> bool:
        """Return whether sound is missing. If only the whole file states a length, it may end before the video."""
        if self.is_raw:
            return found_s < self.sound_s - max(self.sound_s * _RAW_SHARE, _VIDEO_S)
        if self.has_video and not self.track_s:
            return found_s < self.sound_s - max(self.sound_s * _VIDEO_SHARE, _VIDEO_S)
        return found_s < self.sound_s - max(self.sound_s * _ROUNDED_SHARE, _ROUNDED_S)


def _with_slack(seconds: float) -> float:
    return seconds * (1 + _SLACK_SHARE) + _SLACK_S
