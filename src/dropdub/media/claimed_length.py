"""How far the length that a file states is believed. Pure."""

from __future__ import annotations

_LEAST_BYTES_A_SECOND = 10
"""Of a file: silence in the thriftiest codec, with gaps between its packets, takes twice as much."""
_FREE_S = 600.0
_FULL_BYTES_A_SECOND = 400
"""Of sound that goes on where the file said that it ends: less than telephones take for speech."""
_SLACK_SHARE, _SLACK_S = 0.05, 60.0


def longest_believed_s(size: int) -> float:
    """Return the longest length in seconds that a file of `size` bytes is believed to have."""
    return _FREE_S + size / _LEAST_BYTES_A_SECOND


def longest_read_s(stated_s: float, size: int, *, most_s: float) -> float:
    """Return up to which second the sound of a file is read.

    Recordings that were cut off, joined or broadcast may hold more than they state: as much as their bytes can hold.
    A clock that jumps makes silence of nothing. What is longer than `most_s` is refused: so a little more is read.
    """
    return min(max(_with_slack(stated_s), size / _FULL_BYTES_A_SECOND), _with_slack(most_s))


def is_longer_than_stated(found_s: float, stated_s: float) -> bool:
    """Return whether there is more than rounding and padding explain."""
    return found_s > _with_slack(stated_s)


def _with_slack(seconds: float) -> float:
    return seconds * (1 + _SLACK_SHARE) + _SLACK_S
