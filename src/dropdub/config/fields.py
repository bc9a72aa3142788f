"""Values that settings may have: times, sizes, languages, addresses, secrets, commands; each refusal is a sentence."""

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
        raise ValueError(f"{value!r} is not a language: write a tag such as en, pt or pt-BR")
    primary, *rest = value.split("-")
    return "-".join([primary.lower(), *(part.upper() if len(part) == 2 else part for part in rest)])


def language_or_auto(value: str) -> str:
    return "auto" if value.lower() == "auto" else _language_tag(value)


def number_or_language(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("write the number of a sound track, from 1, or its language")
    if isinstance(value, int):
        if value < 1:
            raise ValueError("sound tracks are counted from 1")
        if value > MOST_TRACKS:
            raise ValueError(f"no file has more than {MOST_TRACKS} sound tracks")
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
        raise ValueError(f"{value!r} is not a full path: what it is relative to differs from start to start")
    return value


def _web_address(value: SecretStr) -> SecretStr:
    parts = urlsplit(value.get_secret_value())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("is not a web address: write for example https://host/path")
    return value


def signing_secret(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if len(text) < 16:
        raise ValueError("is too short: at least 16 characters are needed")
    coded = text.removeprefix("whsec_")
    if coded != text:
        try:
            base64.b64decode(coded + "=" * (-len(coded) % 4), validate=True)
        except ValueError:
            raise ValueError("begins with whsec_, but no base64 follows") from None
    return value


def _masked_address(value: SecretStr) -> str:
    """Return where an address leads, without what may be a token in it."""
    parts = urlsplit(value.get_secret_value())
    return f"{parts.scheme}://{parts.hostname}/{MASK}"


def _safe_command(value: tuple[str, ...]) -> tuple[str, ...]:
    if value and not value[0].strip():
        raise ValueError("names no program")
    refuse_unsafe(value)
    return value


def _variable(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_().]*", value):
        raise ValueError(f"{value!r} is not the name of an environment variable")
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
    """Base of all parts: unknown keys are refused, values cannot change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def storable(value: str) -> str:
    """Refuse what a database, a path or a terminal cannot take: control characters, halves of characters."""
    if any(unicodedata.category(char) in ("Cc", "Cs") and char not in "\n\t" for char in value):
        raise ValueError("has a control character in it, or half of one that takes two")
    return value


def one_line(value: str) -> str:
    if any(char in "\n\t\u2028\u2029" for char in value):
        raise ValueError("has a line break or a tab in it")
    return storable(value)
