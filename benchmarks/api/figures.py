"""Percentiles, and the table of results."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from side import show

HEAD = "| measure | goal | found | on |\n| --- | --- | --- | --- |"


def show_row(measure: str, goal: str, found: str, on: str) -> None:
    """Print a line of the table, with the machine's load now."""
    show(f"| {measure} | {goal} | {found} | {on}; load {os.getloadavg()[0]:.1f} |")


def percentile(values: Iterable[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def in_ms(values: Sequence[float], *shares: float) -> str:
    """Return percentiles of seconds in milliseconds: `p50 12.1, p95 30.4 ms`."""
    return ", ".join(f"p{100 * share:g} {1000 * percentile(values, share):.1f}" for share in shares) + " ms"
