"""What the result of any step may have, whatever its stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Deliverable:
    """A file that a step published. `size` in bytes."""

    name: str
    size: int = 0
    sha256: str = ""


@dataclass(frozen=True)
class StepResult:
    """`engine`: name, version and details of the engine that did the work, if any; `cached`: its result was reused.

    `seconds`: how long the step took, None if unknown. Only `extract` has a `content_hash`, which identifies the
    content of the dropped file, and only publish steps have `deliverables`.
    """

    seconds: float | None = None
    engine: Mapping[str, Any] | None = None
    cached: bool = False
    warnings: tuple[str, ...] = ()
    content_hash: str | None = None
    deliverables: tuple[Deliverable, ...] = ()

    @staticmethod
    def from_json(found: Mapping[str, Any]) -> StepResult:
        """Return the result of a step as it is recorded. Raises KeyError for a deliverable without a name."""
        return StepResult(
            seconds=found.get("seconds"),
            engine=found.get("engine") or None,
            cached=bool(found.get("cached")),
            warnings=tuple(found.get("warnings", ())),
            content_hash=found.get("content_hash"),
            deliverables=tuple(map(_deliverable, found.get("deliverables", ()))),
        )


def _deliverable(item: Mapping[str, Any]) -> Deliverable:
    return Deliverable(item["name"], item.get("size", 0), item.get("sha256", ""))
