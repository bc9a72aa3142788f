"""How a client wants pauses to be found: `chunking_strategy`, in both of its forms."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from dropdub.web.fields import Fields, invalid

_NAME = "chunking_strategy"
_LIMITS = {"threshold": 1.0, "prefix_padding_ms": 60_000.0, "silence_duration_ms": 60_000.0}


@dataclass(frozen=True)
class Chunking:
    """A detector of voices with the client's own parameters; None for those that are not given."""

    threshold: float | None = None
    prefix_padding_ms: float | None = None
    silence_duration_ms: float | None = None

    @property
    def has_parameters(self) -> bool:
        """Whether any parameter is given."""
        return self != Chunking()


def chunking(fields: Fields) -> Chunking | None:
    """Return the strategy of a form: None for none and `auto`.

    It is the word `auto`, fields named `chunking_strategy[type]`, `chunking_strategy[threshold]` …, or one JSON object.
    Raises ApiError (400).
    """
    value = fields.text(_NAME, longest=1_000)
    parameters = _from_json(value) if value and value != "auto" else _bracketed(fields)
    kind = parameters.text(f"{_NAME}[type]")
    if kind is None and (value == "auto" or not any(name.startswith(f"{_NAME}[") for name in fields.values)):
        return None
    if kind != "server_vad":
        raise invalid(_NAME, "must be auto, or an object of the type server_vad")
    given = {name: parameters.number(f"{_NAME}[{name}]", least=0, most=most) for name, most in _LIMITS.items()}
    return Chunking(**given)


def _bracketed(fields: Fields) -> Fields:
    return Fields({name: values for name, values in fields.values.items() if name.startswith(f"{_NAME}[")})


def _from_json(value: str) -> Fields:
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, Mapping) or "type" not in found:
        raise invalid(_NAME, "must be auto, or an object of the type server_vad")
    return Fields.of((f"{_NAME}[{name}]", str(one)) for name, one in found.items() if one is not None)
