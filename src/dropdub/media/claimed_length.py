"""Limits on how far to trust the length that a file states. Pure."""

from __future__ import annotations

_LEAST_BYTES_A_SECOND = 10
"""The least a file holds per second: silence in the most economical codec, with gaps between packets, takes twice
this."""
_FREE_S = 600.0
_FULL_BYTES_A_SECOND = 400
"""Assumed for sound beyond the end that the file states: less than telephones use for speech."""
_SLACK_SHARE, _SLACK_S = 0.05, 60.0


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


def is_longer_than_stated(found_s: float, stated_s: float) -> bool:
    """Return whether the length found exceeds the stated one by more than rounding and padding explain."""
    return found_s > _with_slack(stated_s)


def _with_slack(seconds: float) -> float:
    return seconds * (1 + _SLACK_SHARE) + _SLACK_S
