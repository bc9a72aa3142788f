"""Describe mistakes in settings: the line, the name, what is allowed."""

from __future__ import annotations

import os
import reprlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from dropdub.yaml_file import line_of

ENV_PREFIX = "DROPDUB_"
NO_SUCH_SETTING = "there is no such setting"
MOST_SHOWN = 20
LONGEST_SHOWN = 60
LONGEST_MESSAGE = 300
_SECRETS = ("url", "secret", "mirror", "database")


def problems(
    path: Path, node: yaml.Node | None, error: ValidationError, model: type[BaseModel], *, quotes: bool = True
) -> str:
    """Return a line for each mistake in settings that were read as `model` from a file with this YAML tree.

    `quotes`: whether to show values. Not those of a dropped file, which may be any file, even a secret one.
    """
    found = error.errors()
    lines = [_problem(path, node, detail, model, quotes=quotes) for detail in found[:MOST_SHOWN]]
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


def _problem(path: Path, node: yaml.Node | None, detail: Any, model: type[BaseModel], *, quotes: bool) -> str:
    name = ".".join(_named(part) for part in detail["loc"])
    return f"{_where(path, node, detail['loc'])}: {name + ': ' if name else ''}{describe(detail, model, quotes=quotes)}"


def _named(part: int | str) -> str:
    """Return a setting's name; if it cannot be one, perhaps a line of another kind of file, only its beginning."""
    text = str(part)
    return text if text.isidentifier() and len(text) <= LONGEST_SHOWN else shortened(part)


def _settings_at(model: type[BaseModel], location: tuple[int | str, ...]) -> Iterable[str]:
    """Return the setting names allowed in place of the last name of `location`."""
    for part in location[:-1]:
        field = model.model_fields.get(str(part))
        if field is None or not (isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)):
            break
        model = field.annotation
    return model.model_fields


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
        return f"{NO_SUCH_SETTING}. The settings are: {', '.join(_settings_at(model, detail['loc']))}"
    if detail["type"] == "tuple_type":
        return "expected a list such as [pt, es]"
    if detail["type"].startswith("byte_size"):
        return f"{shortened(given) if quotes else 'the value'} is not a size: use for example 500 MB or 4 GB"
    if detail["type"] in ("model_type", "dict_type"):
        return "expected settings as `name: value` lines below it"
    message = _without(given, _message(detail))
    if not quotes:
        return _without_any_of(given, message)
    is_public = isinstance(given, str | int | float | bool) and detail["loc"][-1:] not in [(name,) for name in _SECRETS]
    shown = f" (found {shortened(given)})" if is_public else ""
    return message if shown and shortened(given) in message else message + shown


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
