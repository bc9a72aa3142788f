"""Types of settings: times, sizes, languages, URLs, secrets, commands. Each error message says what is allowed."""

from __future__ import annotations

import base64
import re
import unicodedata
from pathlib import Path
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ByteSize,
    ConfigDict,
    Field,
    PlainSerializer,
    SecretStr,
)

from dropdub.config.commands import refuse_unsafe
from dropdub.masking import MASK, masked
from dropdub.units import parse_duration_s

MOST_TRACKS = 1_000
T = TypeVar("T")


def _language_tag(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", value):
        raise ValueError(f"{value!r} is not a language: use a tag such as en, pt or pt-BR")
    primary, *rest = value.split("-")
    return "-".join([primary.lower(), *(part.upper() if len(part) == 2 else part for part in rest)])


def language_or_auto(value: str) -> str:
    return "auto" if value.lower() == "auto" else _language_tag(value)


def number_or_language(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("use the number of an audio track, starting at 1, or its language")
    if isinstance(value, int):
        if value < 1:
            raise ValueError("audio tracks are numbered from 1")
        if value > MOST_TRACKS:
            raise ValueError(f"no file has more than {MOST_TRACKS} audio tracks")
        return value
    if value.isdecimal():
        return number_or_language(int(value[:10]))
    return language_or_auto(value)


def no_repeats(value: tuple[T, ...]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(value))


def one_is_a_list(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def full_path(value: str) -> str:
    if not Path(value).is_absolute():
        raise ValueError(f"{value!r} is not a full path: a relative path would depend on where Dropdub is started")
    return value


def prom_file(value: str) -> str:
    """Refuse a name that node_exporter's textfile collector would ignore. Raises ValueError."""
    if not value.endswith(".prom"):
        raise ValueError(f"the name {value!r} must end in .prom")
    return value


def _web_address(value: SecretStr) -> SecretStr:
    parts = urlsplit(value.get_secret_value())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("is not a web address: use for example https://host/path")
    return value


def signing_secret(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if len(text) < 16:
        raise ValueError("is too short: at least 16 characters are required")
    coded = text.removeprefix("whsec_")
    if coded != text:
        try:
            base64.b64decode(coded + "=" * (-len(coded) % 4), validate=True)
        except ValueError:
            raise ValueError("starts with whsec_, but what follows is not base64") from None
    return value


def _masked_address(value: SecretStr) -> str:
    """Return the scheme and host of a URL, without parts that may contain a token."""
    parts = urlsplit(value.get_secret_value())
    return f"{parts.scheme}://{parts.hostname}/{MASK}"


def _safe_command(value: tuple[str, ...]) -> tuple[str, ...]:
    if value and not value[0].strip():
        raise ValueError("the name of the program is empty")
    refuse_unsafe(value)
    return value


def _variable(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_().]*", value):
        raise ValueError(f"{value!r} is not a valid name of an environment variable")
    return value


LanguageTag = Annotated[str, Field(max_length=100), AfterValidator(_language_tag)]
Seconds = Annotated[float, BeforeValidator(parse_duration_s)]
Bytes = Annotated[ByteSize, PlainSerializer(int, return_type=int), Field(ge=0)]
Positive = Annotated[Seconds, Field(gt=0)]
NotNegative = Annotated[Seconds, Field(ge=0)]
SecretUrl = Annotated[SecretStr, AfterValidator(_web_address), PlainSerializer(_masked_address, when_used="json")]
DatabasePlace = Annotated[str, PlainSerializer(masked, when_used="json")]
VariableNames = Annotated[tuple[Annotated[str, AfterValidator(_variable)], ...], BeforeValidator(one_is_a_list)]
Command = Annotated[tuple[str, ...], AfterValidator(_safe_command)]


class Section(BaseModel):
    """Base class of all sections: unknown keys are refused, values are immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def storable(value: str) -> str:
    """Refuse characters that a database, a path or a terminal cannot take: control characters and lone surrogates.

    Raises ValueError.
    """
    if any(unicodedata.category(char) in ("Cc", "Cs") and char not in "\n\t" for char in value):
        raise ValueError("contains a control character or a lone surrogate")
    return value


def folded(name: str) -> str:
    """Return a person's name as it is compared: without regard to capitals and spaces."""
    return " ".join(name.split()).casefold()


def one_line(value: str) -> str:
    if any(char in "\n\t\u2028\u2029" for char in value):
        raise ValueError("contains a line break or a tab")
    return storable(value)
