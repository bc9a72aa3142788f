"""The result of a check."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How serious a finding is."""

    OK = "ok"
    WARNING = "warning"
    """Dropdub works, but worse than it could, or not for long."""
    PROBLEM = "problem"
    """Dropdub does not work, or not safely."""


@dataclass(frozen=True)
class Finding:
    """The result of a check.

    `what` and `text` contain only Dropdub's own words and numbers. `remedy` says what to do. Private information, such
    as a path, may be only in `remedy` and `detail`, which reports omit.
    """

    what: str
    state: Verdict
    text: str
    remedy: str = ""
    detail: str = ""


def ok(what: str, text: str, *, detail: str = "") -> Finding:
    return Finding(what, Verdict.OK, text, detail=detail)


def warning(what: str, text: str, remedy: str, *, detail: str = "") -> Finding:
    return Finding(what, Verdict.WARNING, text, remedy, detail)


def problem(what: str, text: str, remedy: str, *, detail: str = "") -> Finding:
    return Finding(what, Verdict.PROBLEM, text, remedy, detail)
