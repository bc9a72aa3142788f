"""List the settings that differ from their defaults, with the values that reveal nothing private."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from dropdub.config import Config
from dropdub.engines.models.catalogue import MODELS
from dropdub.kits import EXTRAS

_PUBLIC = frozenset(["auto", "openai", *EXTRAS, *(model.name for model in MODELS)])
"""Dropdub's own names that may occur in free-text settings."""
WITHHELD = "(set)"


def changed(config: Config) -> dict[str, Any]:
    """Return the settings that differ from the default, by their dotted names.

    Numbers, booleans and words of a fixed choice are shown; of other values only that they are set.
    """
    return dict(_changed(config, Config.model_construct(), ""))


def _changed(given: BaseModel, usual: BaseModel, prefix: str) -> Iterator[tuple[str, Any]]:
    for name, field in type(given).model_fields.items():
        value, default = getattr(given, name), getattr(usual, name)
        if isinstance(value, BaseModel) and isinstance(default, BaseModel):
            yield from _changed(value, default, f"{prefix}{name}.")
        elif value != default:
            yield f"{prefix}{name}", _public(value, _words(field.annotation))


def _words(annotation: Any) -> frozenset[str]:
    """Return the words of a fixed choice (`Literal`)."""
    if get_origin(annotation) is Literal:
        return frozenset(get_args(annotation))
    return frozenset().union(*(_words(part) for part in get_args(annotation)))


def _public(value: Any, words: frozenset[str]) -> Any:
    """Return a value if it reveals nothing private, else `WITHHELD`."""
    if value is None or type(value) in (bool, int, float):
        return value
    if isinstance(value, int):  # a size
        return int(value)
    if isinstance(value, str) and value in words | _PUBLIC:
        return value
    return WITHHELD
