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


@dataclass(frozen=True)
class Change:
    """A setting that has another value than before. `is_live`: it needs no restart."""

    name: str
    is_live: bool


def changes(before: BaseModel, after: BaseModel) -> list[Change]:
    """Return the settings that differ, in the order of the file, by their dotted names."""
    return [Change(name, live) for name, live, old, new in _leaves(before, after) if old != new]


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


def _leaves(
    before: BaseModel, after: BaseModel, prefix: str = "", *, live: bool = False
) -> Iterator[tuple[str, bool, Any, Any]]:
    for name, field in type(before).model_fields.items():
        old, new, is_live = getattr(before, name), getattr(after, name), live or _is_live(field)
        if isinstance(old, BaseModel) and isinstance(new, BaseModel):
            yield from _leaves(old, new, f"{prefix}{name}.", live=is_live)
        else:
            yield f"{prefix}{name}", is_live, old, new


def _is_live(field: FieldInfo) -> bool:
    return LIVE in field.metadata
