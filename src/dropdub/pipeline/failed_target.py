"""Targets of a job that could not be made, for the report and the manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class FailedTarget:
    """A target language with the step that failed, and why; `remedy` may be empty."""

    target: str
    step: str
    reason: str
    remedy: str = ""


def message_and_remedy_of(error: Mapping[str, Any] | None) -> tuple[str, str]:
    """Return the two sentences of a step's error, as the database holds it; the remedy may be empty."""
    known = error or {}
    return str(known.get("message", "It failed.")), str(known.get("remedy", ""))
