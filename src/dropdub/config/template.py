"""The `config.yaml` of a new root, and what its comments say about each setting."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources

from pydantic import BaseModel

from dropdub.config.settings import Config

_SETTING = re.compile(r"( *)(?:# )?([a-z][a-z_0-9]*):(?: .*)?")
_COMMENT = re.compile(r" *# ?(.*)")
_INDENT = 2


@cache
def template() -> str:
    """Return the text in which every setting is a comment with its default, below one that describes it."""
    return resources.files("dropdub").joinpath("setup/templates/config.yaml").read_text(encoding="utf-8")


@cache
def descriptions() -> Mapping[str, str]:
    """Return what the comment above each setting, or above its group, says: by dotted names, with those of sections."""
    known, found = frozenset(_names(Config)), {}
    place: list[str] = []
    comment: list[str] = []
    has_settings = False
    for line in template().splitlines():
        name = _named(line, place, known)
        if name is not None:
            place, has_settings = name.split("."), True
            found[name] = " ".join(comment)
        elif (said := _COMMENT.fullmatch(line)) is not None:
            comment = [said[1]] if has_settings else [*comment, said[1]]
            has_settings = False
        else:
            comment, has_settings = [], False
    return found


def _named(line: str, place: list[str], known: frozenset[str]) -> str | None:
    """Return the full name of the setting or section that a line sets; None if it is not one."""
    found = _SETTING.fullmatch(line)
    if found is None:
        return None
    name = ".".join([*place[: len(found[1]) // _INDENT], found[2]])
    return name if name in known else None


def _names(model: type[BaseModel], before: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield f"{before}{name}"
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from _names(inner, f"{before}{name}.")
