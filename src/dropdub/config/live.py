"""Which settings a running daemon takes over from a changed `config.yaml`: those marked `LIVE`, and what is in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel
from pydantic.fields import FieldInfo

Settings = TypeVar("Settings", bound=BaseModel)


@dataclass(frozen=True)
class Live:
    """Marks a setting that is read each time that it is needed, so that no restart is necessary."""


LIVE = Live()


def changes(before: BaseModel, after: BaseModel) -> list[str]:
    """Return the dotted names of the settings that differ, in the order of the file."""
    return [name for name, old, new in _leaves(before, after) if old != new]


def taken_over(before: Settings, after: Settings) -> Settings:
    """Return `before` with the live settings of `after`."""
    merged: Settings = _merged(before, after, live=False)
    return merged


def live_settings(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Yield the names of the live settings; of a section that is live as a whole, only its own."""
    for name, field in model.model_fields.items():
        if _is_live(field):
            yield f"{prefix}{name}"
        elif isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from live_settings(field.annotation, f"{prefix}{name}.")


def _merged(before: Any, after: Any, *, live: bool) -> Any:
    if live or not isinstance(before, BaseModel):
        return after if live else before
    merged = {
        name: _merged(getattr(before, name), getattr(after, name), live=_is_live(field))
        for name, field in type(before).model_fields.items()
    }
    return before.model_copy(update=merged)


def _leaves(before: BaseModel, after: BaseModel, prefix: str = "") -> Iterator[tuple[str, Any, Any]]:
    for name in type(before).model_fields:
        old, new = getattr(before, name), getattr(after, name)
        if isinstance(old, BaseModel) and isinstance(new, BaseModel):
            yield from _leaves(old, new, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", old, new


def _is_live(field: FieldInfo) -> bool:
    return LIVE in field.metadata
