"""Numbers, durations and sizes as people write them: `2 jobs`, `40 min`, `1h30m`, `500 MB`."""

from __future__ import annotations

import math
import re
from typing import Any

_UNIT_S = {
    "ms": 0.001,
    "s": 1.0,
    "sec": 1.0,
    "m": 60.0,
    "min": 60.0,
    "h": 3600.0,
    "d": 86400.0,
    "w": 604800.0,
}
_PART = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([a-z]*)")


def parse_duration_s(value: Any) -> float:
    """Return the seconds of a number, or of a text such as `90`, `40 min`, `1h30m`, `30d`.

    Raises ValueError, which gives examples of valid durations.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("expected a duration such as 30s, 12 min, 6h or 30d")
    if not isinstance(value, str):
        if not math.isfinite(value):
            raise ValueError("expected a finite duration")
        return float(value)
    text, position, total = value.strip().lower(), 0, 0.0
    while position < len(text):
        part = _PART.match(text, position)
        if part is None or (part[2] or "s") not in _UNIT_S:
            break
        total += float(part[1]) * _UNIT_S[part[2] or "s"]
        position = part.end()
    if not text or position < len(text):
        raise ValueError(f"{value!r} is not a duration: write for example 30s, 12 min, 6h or 30d")
    return total


def format_duration(seconds: float) -> str:
    """Return a duration as a short text: `8 s`, `12 min`, `1 h 30 min`."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 100:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours < 48 else f"{hours // 24} d {hours % 24} h"


def format_moment(seconds: float) -> str:
    """Return a position in a recording as text: `0:07`, `1:02:03`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def format_size(size_bytes: float) -> str:
    """Return a size as a short text, in powers of 1000: `1.4 GB`."""
    for unit in ("B", "kB", "MB", "GB"):
        if size_bytes < 1000:
            return f"{size_bytes:.0f} {unit}" if unit in ("B", "kB") else f"{size_bytes:.1f} {unit}"
        size_bytes /= 1000
    return f"{size_bytes:.1f} TB"


def counted(number: int, noun: str) -> str:
    """Return `1 job`, `2 jobs`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def too_large(name: str, size: int, most: int) -> str:
    """Return the message for a file that exceeds the maximum size."""
    return f"{name} is too large: {format_size(size)}, and at most {format_size(most)} is allowed."
