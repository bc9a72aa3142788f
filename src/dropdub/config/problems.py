"""What is wrong in settings, in sentences: the line, the name, what is allowed."""

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
MOST_TOLD = 20
LONGEST_SHOWN = 60
LONGEST_MESSAGE = 300
_SECRETS = ("url", "secret", "mirror", "database")


def problems(
    path: Path, node: yaml.Node | None, error: ValidationError, model: type[BaseModel], *, quotes: bool = True
) -> str:
    """Return a line for each problem of settings that were read as `model` from a file with this tree.

    `quotes`: whether values are shown, as they are not of a file that somebody dropped: it may be any file.
    """
    found = error.errors()
    told = [_problem(path, node, detail, model, quotes=quotes) for detail in found[:MOST_TOLD]]
    return "\n".join([*told, *([f"… and {len(found) - MOST_TOLD} more"] if found[MOST_TOLD:] else [])])


def shortened(value: object) -> str:
    """Return how a value looks in a message: on one line, without control characters, and never much of it.

    Not by `repr`: in YAML a list of a few lines can hold itself a billion times.
    """
    shown = repr(value[: LONGEST_SHOWN + 1]) if isinstance(value, str) else reprlib.repr(value)
    return shown if len(shown) <= LONGEST_SHOWN else f"{shown[:LONGEST_SHOWN]}…"


def _problem(path: Path, node: yaml.Node | None, detail: Any, model: type[BaseModel], *, quotes: bool) -> str:
    name = ".".join(_named(part) for part in detail["loc"])
    return f"{_where(path, node, detail['loc'])}: {name + ': ' if name else ''}{allowed(detail, model, quotes=quotes)}"


def _named(part: int | str) -> str:
    """Return a setting's name; of one that is none, perhaps a line of another kind of file, only the beginning."""
    text = str(part)
    return text if text.isidentifier() and len(text) <= LONGEST_SHOWN else shortened(part)


def _settings_at(model: type[BaseModel], location: tuple[int | str, ...]) -> Iterable[str]:
    """Return the names that may stand where the last name of `location` stands."""
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


def allowed(detail: Any, model: type[BaseModel], *, quotes: bool = True) -> str:
    """Return what is wrong with one setting, and what is allowed; `quotes` as for `problems`."""
    given = detail.get("input")
    if detail["type"] == "extra_forbidden":
        return f"{NO_SUCH_SETTING}, there are: {', '.join(_settings_at(model, detail['loc']))}"
    if detail["type"] == "tuple_type":
        return "expected a list such as [pt, es]"
    if detail["type"].startswith("byte_size"):
        return f"{shortened(given) if quotes else 'the value'} is not a size: write for example 500 MB or 4 GB"
    if detail["type"] in ("model_type", "dict_type"):
        return "expected settings as `name: value` lines below it"
    message = _without(given, str(detail["msg"]).removeprefix("Value error, "))
    if not quotes:
        return _without_any_of(given, message)
    is_told = isinstance(given, str | int | float | bool) and detail["loc"][-1:] not in [(name,) for name in _SECRETS]
    shown = f" (found {shortened(given)})" if is_told else ""
    return message if shown and shortened(given) in message else message + shown


def _without_any_of(given: Any, message: str) -> str:
    """Return a message with nothing of what was given in it: it is quoted there, or at the beginning."""
    for one in given if isinstance(given, list) else [given]:
        if isinstance(one, str):
            message = message.replace(repr(one), "the value").replace(shortened(one), "the value")
    return message


def _without(given: Any, message: str) -> str:
    """Return a message with what was given in its short form, and itself no longer than a sentence."""
    if isinstance(given, str) and len(repr(given)) > LONGEST_SHOWN:
        message = message.replace(repr(given), shortened(given))
    return message if len(message) <= LONGEST_MESSAGE else f"{message[:LONGEST_MESSAGE]}…"
