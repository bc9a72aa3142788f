"""Format names, times and counts for a terminal."""

from __future__ import annotations

import unicodedata
from datetime import datetime, tzinfo
from pathlib import PurePath

_LONGEST_SUFFIX = 12
_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def printable(text: str) -> str:
    """Return `text` on one line, with U+FFFD for characters that would move the cursor, change the text direction
    or cannot be encoded: a file name may contain anything.
    """
    return "".join("\N{REPLACEMENT CHARACTER}" if _is_unsafe(char) else char for char in text)


def _is_unsafe(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") or char in _BIDI_CONTROLS


def shortened(name: str, width: int) -> str:
    """Return `name` in at most `width` columns, leaving out the middle and keeping the suffix.

    Counts columns, not characters: Chinese characters and emoji take two.
    """
    name = printable(name)
    if _columns(name) <= width:
        return name
    suffix = PurePath(name).suffix
    end = suffix if _columns(suffix) <= min(_LONGEST_SUFFIX, width // 2) else ""
    stem = name.removesuffix(suffix) if end else name
    room = width - 1 - _columns(end)
    tail = _first_columns(stem[::-1], room // 3)[::-1]
    return _first_columns(stem, room - _columns(tail)) + "…" + tail + end


def _columns(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(text)


def _first_columns(text: str, width: int) -> str:
    """Return as many of the first characters as fit into `width` columns."""
    kept, used = [], 0
    for char in text:
        used += _columns(char)
        if used > width:
            break
        kept.append(char)
    return "".join(kept)


def moment(iso: str, *, now: float, zone: tzinfo | None = None) -> str:
    """Return a moment in local time: `10:20:33` if it is today, otherwise with the date."""
    time = datetime.fromisoformat(iso).astimezone(zone)
    today = datetime.fromtimestamp(now, zone).date()
    return f"{time:%H:%M:%S}" if time.date() == today else f"{time:%Y-%m-%d %H:%M}"


def seconds_between(start: str | None, end: str | None, *, now: float) -> float | None:
    """Return how long something took, or has taken so far; None if it has not started."""
    if start is None:
        return None
    ended = datetime.fromisoformat(end).timestamp() if end else now
    return max(0.0, ended - datetime.fromisoformat(start).timestamp())


def bar(share: float, width: int = 10) -> str:
    """Return a progress bar of `width` columns. It is full only at 100 %."""
    full = int(share * width) if share < 1 else width
    return "█" * full + "░" * (width - full)


def percent(share: float) -> str:
    return f"{int(share * 100)} %"
