"""Where the value of each setting comes from, and which values of `config.yaml` wait for a restart."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from dropdub.config.live import changes, taken_over
from dropdub.config.problems import ENV_PREFIX
from dropdub.config.settings import Config
from dropdub.config.sources import load_config
from dropdub.errors import ConfigError
from dropdub.yaml_file import line_of, read_mapping


class Source(StrEnum):
    """Where a value comes from."""

    DEFAULT = "default"
    FILE = "file"
    ENVIRONMENT = "environment"


@dataclass(frozen=True)
class SettingView:
    """A setting in force, by its dotted name, as JSON with secrets masked.

    `line`: where `config.yaml` sets it; `variable`: the environment variable that does, which comes before the file.
    """

    name: str
    value: Any
    default: Any
    source: Source
    line: int | None = None
    variable: str | None = None


@dataclass(frozen=True)
class SettingsView:
    """All settings in force, in the order of the file. `after_restart`: values of the file that a restart will use.

    `problem`: why the file cannot be used now; None if it can.
    """

    settings: tuple[SettingView, ...]
    after_restart: Mapping[str, Any]
    problem: str | None


def settings_view(in_force: Config, file: Path, environ: Mapping[str, str]) -> SettingsView:
    """Return what is in force and where it comes from, as the file and the environment are now."""
    problem, later, node, data = None, in_force, None, dict[str, Any]()
    try:
        data, node = read_mapping(file)
        later = load_config(file)
    except ConfigError as error:
        problem = error.message
    known, usual = dict(_values(in_force)), dict(_values(Config.model_construct()))
    variables = {name.upper(): text for name, text in environ.items() if name.upper().startswith(ENV_PREFIX)}
    views = tuple(_view(name, value, usual[name], data, node, variables) for name, value in known.items())
    pending, new = changes(taken_over(in_force, later), later), dict(_values(later))
    return SettingsView(views, {name: new[name] for name in pending}, problem)


def _view(
    name: str, value: Any, default: Any, data: Mapping[str, Any], node: yaml.Node | None, variables: Mapping[str, str]
) -> SettingView:
    path = name.split(".")
    variable = _variable(path, variables)
    line = line_of(node, tuple(path)) if _has(data, path) else None
    source = Source.ENVIRONMENT if variable else Source.FILE if line else Source.DEFAULT
    return SettingView(name, value, default, source, line, variable)


def _values(model: BaseModel) -> Iterator[tuple[str, Any]]:
    """Yield the dotted name and the JSON value of each setting."""
    yield from _leaves(type(model), model.model_dump(mode="json"))


def _leaves(model: type[BaseModel], values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from _leaves(inner, values[name], f"{before}{name}.")
        else:
            yield f"{before}{name}", values[name]


def _has(data: Any, path: list[str]) -> bool:
    """Return whether a file gives a setting a value. A section without one is as good as a comment."""
    for part in path:
        data = data.get(part) if isinstance(data, Mapping) else None
    return data is not None


def _variable(path: list[str], variables: Mapping[str, str]) -> str | None:
    """Return the variable that gives a setting its value: its own, or one that holds a section as JSON."""
    for depth in range(len(path), 0, -1):
        name = f"{ENV_PREFIX}{'__'.join(path[:depth])}".upper()
        if name in variables and (depth == len(path) or _has(_parsed(variables[name]), path[depth:])):
            return name
    return None


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
