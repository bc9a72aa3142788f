"""Read settings from `config.yaml` and from the sidecar of a dropped file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_settings import SettingsError

from dropdub.config.job import JobOptions
from dropdub.config.problems import ENV_PREFIX, NO_SUCH_SETTING, problems
from dropdub.config.settings import Config
from dropdub.config.sidecar_limits import ANYTHING, SidecarLimits
from dropdub.errors import BadSidecar, ConfigError
from dropdub.yaml_file import CORRECT, line_of, read_mapping, read_plain_mapping

SIDECAR_SUFFIX = ".job.yaml"
_NOT_ALLOWED = (
    "Remove it from the .job.yaml file, or change inbox.sidecars in config.yaml, then run: `dropdub retry JOB`."
)


def load_config(path: Path) -> Config:
    """Read and validate `config.yaml`.

    Raises ConfigError that lists every mistake: its line, what is wrong, what is allowed.
    """
    data, node = read_mapping(path)
    _refuse_odd_names(path, node, data)
    try:
        return Config(**_without_blanks(data))
    except ValidationError as error:
        raise ConfigError(problems(path, node, error, Config), remedy=CORRECT) from error
    except RecursionError as error:
        raise ConfigError(f"{path}: an alias (*) leads to a section that contains itself.", remedy=CORRECT) from error
    except SettingsError as error:
        raise ConfigError(f"An environment variable {ENV_PREFIX}… has an invalid value: {error}.") from error


def _refuse_odd_names(path: Path, node: yaml.Node | None, data: Mapping[str, Any]) -> None:
    """Refuse names that the settings class would take for something else: its own arguments, which start with `_`, and
    names of sections in capitals, of which it would use one and drop the other.
    """
    for key in data:
        if key.startswith("_") or (key not in Config.model_fields and key.lower() in Config.model_fields):
            raise ConfigError(f"{path}, line {line_of(node, (key,))}: {key}: {NO_SUCH_SETTING}", remedy=CORRECT)


def _without_blanks(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return `data` without keys that have no value, such as a section whose settings are all commented out.

    Profiles keep them: there, an empty value can reset what the job options set.
    """
    return {
        key: _without_blanks(value) if isinstance(value, dict) and key != "profiles" else value
        for key, value in data.items()
        if value is not None
    }


def read_sidecar(path: Path, sidecar_limits: SidecarLimits = ANYTHING) -> dict[str, Any]:
    """Return the job options that a `NAME.job.yaml` sets, validated, as JSON values.

    Raises BadSidecar with the line and what is allowed, also for options that `sidecar_limits` does not allow.
    """
    try:
        data, node = read_plain_mapping(path)
        _refuse_foreign_file(path, data)
        options = JobOptions.model_validate(data).model_dump(mode="json", exclude_unset=True)
    except ConfigError as error:
        raise BadSidecar(error.message.replace(str(path), path.name)) from error
    except ValidationError as error:
        raise BadSidecar(problems(Path(path.name), node, error, JobOptions, quotes=False)) from error
    complaint = sidecar_limits.complaint(options)
    if complaint is not None:
        raise BadSidecar(f"{path.name}: {complaint}.", remedy=_NOT_ALLOWED)
    return options


def _refuse_foreign_file(path: Path, data: Mapping[str, Any]) -> None:
    """Refuse a file that was not meant as job options, without revealing any of its content."""
    if list(data) == ["job"]:
        raise ConfigError(f"{path}: leave out `job:` and indent nothing: the file contains only options of a job.")
    if data and not any(name in JobOptions.model_fields for name in data):
        options = ", ".join(JobOptions.model_fields)
        raise ConfigError(f"{path}: contains no job options. The options are: {options}.")
