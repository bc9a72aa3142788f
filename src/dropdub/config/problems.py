"""Describe mistakes in settings: the line, the name, what is allowed."""

from __future__ import annotations

import os
import reprlib
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError

from dropdub.yaml_file import line_of

ENV_PREFIX = "DROPDUB_"
NO_SUCH_SETTING = "there is no such setting"
MOST_SHOWN = 20
LONGEST_SHOWN = 60
LONGEST_MESSAGE = 300
_SECRETS = ("url", "secret", "mirror", "database", "password", "key", "address")
_EXPECTED = {
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
}
"""What a setting must be, by the first word of the types of pydantic's errors: `bool_parsing`, `int_from_float` …"""
_OF_A_NAME = "[key]"
"""How pydantic places a mistake in a name of a map, after that name."""


def problems(
    path: Path, node: yaml.Node | None, error: ValidationError, model: type[BaseModel], *, quotes: bool = True
) -> str:
    """Return a line for each mistake in settings that were read as `model` from a file with this YAML tree.

    `quotes`: whether to show values. Not those of a dropped file, which may be any file, even a secret one.
    """
    found = _by_setting(error, model)
    lines = [_problem(path, node, details, model, quotes=quotes) for details in found[:MOST_SHOWN]]
    return "\n".join([*lines, *([f"… and {len(found) - MOST_SHOWN} more"] if found[MOST_SHOWN:] else [])])


def shortened(value: object) -> str:
    """Return a value for a message: on one line, without control characters, truncated.

    Plain `repr` is not safe: a YAML list of a few lines can contain itself a billion times.
    """
    shown = repr(value[: LONGEST_SHOWN + 1]) if isinstance(value, str) else reprlib.repr(value)
    return shown if len(shown) <= LONGEST_SHOWN else f"{shown[:LONGEST_SHOWN]}…"


def first_problem(error: ValidationError) -> str:
    """Return what is wrong with the first of the invalid values, without their names."""
    return _message(error.errors()[0])


def _message(detail: Any) -> str:
    """Return the message of a mistake without pydantic's prefix."""
    return str(detail["msg"]).removeprefix("Value error, ")


def _by_setting(error: ValidationError, model: type[BaseModel]) -> list[list[Any]]:
    """Return the errors of each setting: there are several if it accepts different kinds of values."""
    found: dict[tuple[int | str, ...], list[Any]] = {}
    for detail in error.errors():
        place = _place(model, detail["loc"])
        found.setdefault(place, []).append({**detail, "loc": place})
    return list(found.values())


def _place(model: type[BaseModel], location: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """Return the place of a setting, without pydantic's names for the kinds of values that it accepts."""
    if location[:1] == ("profiles",):
        return (*location[:2], *_place(_section_at(model, ("job", "")), location[2:]))
    for depth, part in enumerate(location, start=1):
        section = _section_named(model, str(part))
        if section is None:
            values = [one for one in location[depth:] if isinstance(one, int) or _is_map(model, part)]
            values = [one for one in values if one != _OF_A_NAME]
            return (*location[:depth], *values)
        model = section
    return location


def _is_map(model: type[BaseModel], name: int | str) -> bool:
    field = model.model_fields.get(str(name))
    return field is not None and get_origin(field.annotation) is dict


def _problem(path: Path, node: yaml.Node | None, details: list[Any], model: type[BaseModel], *, quotes: bool) -> str:
    words = [detail["ctx"]["expected"] for detail in details if detail["type"] == "literal_error"]
    others = [detail for detail in details if detail["type"] != "literal_error"]
    detail = {**others[0], "or": words} if others else details[0]
    name = ".".join(_named(part) for part in detail["loc"])
    return f"{_where(path, node, detail['loc'])}: {name + ': ' if name else ''}{describe(detail, model, quotes=quotes)}"


def _named(part: int | str) -> str:
    """Return a setting's name; if it cannot be one, perhaps a line of another kind of file, only its beginning."""
    text = str(part)
    return text if text.isidentifier() and len(text) <= LONGEST_SHOWN else shortened(part)


def _section_at(model: type[BaseModel], location: tuple[int | str, ...]) -> type[BaseModel]:
    """Return the section that the last name of `location` would be in. A profile has the settings of `job`."""
    if location[:1] == ("profiles",):
        location = ("job", *location[2:])
    parts = iter(location[:-1])
    for part in parts:
        section = _section_named(model, str(part)) or _section_in_map(model, part)
        if section is None:
            break
        if _is_map(model, part):
            next(parts, None)  # a name in the map, given by the user
        model = section
    return model


def _section_named(model: type[BaseModel], name: str) -> type[BaseModel] | None:
    field = model.model_fields.get(name)
    annotation = field.annotation if field is not None else None
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _section_in_map(model: type[BaseModel], name: int | str) -> type[BaseModel] | None:
    """Return the kind of section that a map of sections holds; None for another setting."""
    field = model.model_fields.get(str(name))
    of = get_args(field.annotation)[-1:] if field is not None and _is_map(model, name) else ()
    return next((one for one in of if isinstance(one, type) and issubclass(one, BaseModel)), None)


def _no_such(model: type[BaseModel], location: tuple[int | str, ...]) -> str:
    """Return what to say of a name that no setting has: which are like it, and all that could be there."""
    section, name = _section_at(model, location), str(location[-1])
    similar = _similar(section, name.lower())
    meant = f" Did you mean {' or '.join(similar)}?" if similar else ""
    return f"{NO_SUCH_SETTING}.{meant} The settings are: {', '.join(section.model_fields)}"


def _similar(section: type[BaseModel], name: str) -> list[str]:
    """Return the settings with this name in a section of `section`, else those of `section` with a similar name."""
    inner = [one for one in section.model_fields if name in getattr(_section_named(section, one), "model_fields", ())]
    return [f"{one}.{name}" for one in inner] or get_close_matches(name, section.model_fields, n=1)


def _where(path: Path, node: yaml.Node | None, location: tuple[int | str, ...]) -> str:
    variable = (ENV_PREFIX + "__".join(str(part) for part in location)).upper()
    if any(name.upper() == variable for name in os.environ):
        return f"environment variable {variable}"
    line = line_of(node, location)
    return f"{path}, line {line}" if line else str(path)


def describe(detail: Any, model: type[BaseModel], *, quotes: bool = True) -> str:
    """Return what is wrong with a setting and what is allowed; `quotes` as in `problems`."""
    given = detail.get("input")
    if detail["type"] == "extra_forbidden":
        return _no_such(model, detail["loc"])
    if detail["type"] == "missing":
        return "this has to be set"
    if detail["type"] == "tuple_type":
        return "expected a list such as [pt, es]"
    if detail["type"].startswith("byte_size"):
        return f"{shortened(given) if quotes else 'the value'} is not a size: use for example 500 MB or 4 GB"
    if detail["type"] in ("model_type", "dict_type"):
        return "expected settings as `name: value` lines below it"
    message = _without(given, _expected(detail["type"]) or _message(detail))
    message = ", or ".join([message, *detail.get("or", ())])
    if not quotes:
        return _without_any_of(given, message)
    is_public = isinstance(given, str | int | float | bool) and detail["loc"][-1:] not in [(name,) for name in _SECRETS]
    shown = f" (found {shortened(given)})" if is_public else ""
    return message if shown and shortened(given) in message else message + shown


def _expected(kind: str) -> str | None:
    """Return the message for a value of the wrong kind, in place of pydantic's."""
    if kind == "string_type":
        return "expected text: put the value between quotes"
    expected = _EXPECTED.get(kind.partition("_")[0])
    return f"expected {expected}" if expected else None


def _without_any_of(given: Any, message: str) -> str:
    """Return a message in which the given value, quoted or truncated, is replaced by `the value`."""
    for one in given if isinstance(given, list) else [given]:
        if isinstance(one, str):
            message = message.replace(repr(one), "the value").replace(shortened(one), "the value")
    return message


def _without(given: Any, message: str) -> str:
    """Return a message with the given value truncated, and the message itself as well."""
    if isinstance(given, str) and len(repr(given)) > LONGEST_SHOWN:
        message = message.replace(repr(given), shortened(given))
    return message if len(message) <= LONGEST_MESSAGE else f"{message[:LONGEST_MESSAGE]}…"
