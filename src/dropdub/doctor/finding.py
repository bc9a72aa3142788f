"""What one look found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How a thing stands."""

    OK = "ok"
    WARNING = "warning"
    """Work goes on, but not as well as it could, or not for long."""
    PROBLEM = "problem"
    """Work cannot go on, or not safely."""


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `text` and `what` are Dropdub's own words and numbers; all else is in `detail`.

    `remedy` says what to do now; it may name a person's own things, as `detail` may.
    """

    what: str
    state: Verdict
    text: str
    remedy: str = ""
    detail: str = ""


def fine(what: str, text: str, *, detail: str = "") -> Finding:
    return Finding(what, Verdict.OK, text, detail=detail)


def warning(what: str, text: str, remedy: str, *, detail: str = "") -> Finding:
    return Finding(what, Verdict.WARNING, text, remedy, detail)


def problem(what: str, text: str, remedy: str, *, detail: str = "") -> Finding:
    return Finding(what, Verdict.PROBLEM, text, remedy, detail)
