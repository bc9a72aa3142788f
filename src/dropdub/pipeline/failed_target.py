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

    @staticmethod
    def of_error(target: str, step: str, error: Mapping[str, Any]) -> FailedTarget:
        """Return it for the error of a step, as the database holds it."""
        return FailedTarget(target, step, str(error.get("message", "It failed.")), str(error.get("remedy", "")))
