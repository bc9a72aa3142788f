"""Read the text fields of a form or a query: each error names the field, in one sentence."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from dropdub.config.fields import language_or_auto, storable
from dropdub.language_names import tag_named
from dropdub.web.answering.errors import ApiError
from dropdub.web.bodies import INVALID, MISSING

Choice = TypeVar("Choice", bound=StrEnum)

_TRUE, _FALSE = ("true", "1", "yes", "on", "t", "y"), ("false", "0", "no", "off", "f", "n")
LONGEST_WORD = 200
"""Characters of a field that is a name, a number or one of several words."""


def invalid(param: str, problem: str) -> ApiError:
    """Return the answer to a request whose field `param` is wrong; `problem` follows its name in a sentence."""
    return ApiError(400, f"{param} {problem}.", code=INVALID, param=param)


@dataclass(frozen=True)
class Fields:
    """The values of each field in the order sent. A blank value counts as none: forms send all their fields."""

    values: Mapping[str, Sequence[str]]

    @staticmethod
    def of(pairs: Iterable[tuple[str, str]]) -> Fields:
        """Return the fields of a form or a query."""
        found: dict[str, list[str]] = {}
        for name, value in pairs:
            found.setdefault(name, []).append(value)
        return Fields(found)

    def text(self, name: str, *, longest: int = LONGEST_WORD) -> str | None:
        """Return the last value of a field, stripped; None if there is none. Raises ApiError (400), as all here do."""
        given = self.values.get(name, ())
        return (_checked(name, given[-1], longest) or None) if given else None

    def required(self, name: str) -> str:
        """Return the value of a field that must be there."""
        value = self.text(name)
        if value is None:
            raise ApiError(400, f"{name} is required.", code=MISSING, param=name)
        return value

    def texts(self, name: str, *, most: int, longest: int = LONGEST_WORD) -> tuple[str, ...]:
        """Return all values of a list: `name[]`, as OpenAI's clients send it, or `name`, without blank ones."""
        given = [*self.values.get(f"{name}[]", ()), *self.values.get(name, ())]
        if len(given) > most:
            raise invalid(name, f"has more than {most} entries")
        return tuple(filter(None, (_checked(name, value, longest) for value in given)))

    def choice(self, name: str, default: Choice) -> Choice:
        """Return one of the words of `default`'s type."""
        value = self.text(name)
        return default if value is None else _choice(name, value, type(default))

    def choices(self, name: str, kind: type[Choice]) -> tuple[Choice, ...]:
        """Return the words of a list, each once."""
        given = self.texts(name, most=2 * len(kind))
        return tuple(dict.fromkeys(_choice(name, value, kind) for value in given))

    def flag(self, name: str, *, default: bool) -> bool:
        """Return a truth value, which clients write in several ways."""
        value = (self.text(name) or str(default)).lower()
        if value not in _TRUE + _FALSE:
            raise invalid(name, "must be true or false")
        return value in _TRUE

    def number(self, name: str, *, least: float, most: float) -> float | None:
        """Return a number between two limits; None if there is none."""
        value = self.text(name)
        if value is None:
            return None
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not least <= number <= most:
            raise invalid(name, f"must be a number from {least:g} to {most:g}")
        return number

    def whole_number(self, name: str, *, least: int, most: int) -> int | None:
        """Return a whole number between two limits; None if there is none."""
        number = self.number(name, least=least, most=most)
        if number is not None and not number.is_integer():
            raise invalid(name, f"must be a whole number from {least} to {most}")
        return None if number is None else int(number)

    def language(self, name: str) -> str | None:
        """Return the tag of a language that is given as a tag or by its English name; None for none and `auto`."""
        value = self.text(name)
        return None if value is None or value.lower() == "auto" else language_tag(name, value)


def language_tag(param: str, value: str) -> str:
    """Return the tag of a language that is given as a tag or by its name: `pt` for portuguese. Raises ApiError."""
    named = tag_named(value.replace("_", " ").split())
    try:
        return named or language_or_auto(value.replace("_", "-"))
    except ValueError:
        raise invalid(param, "is not a language: use a tag such as en, pt or pt-BR") from None


def _checked(name: str, value: str, longest: int) -> str:
    text = value.replace("\r\n", "\n").strip()
    if len(text) > longest:
        raise invalid(name, f"has more than {longest:,} characters")
    if text.isprintable():
        return text  # a recording of millions of letters takes the slow check of each letter too long
    try:
        return storable(text)
    except ValueError as error:
        raise invalid(name, str(error)) from None


def _choice(name: str, value: str, kind: type[Choice]) -> Choice:
    try:
        return kind(value)
    except ValueError:
        raise invalid(name, f"must be one of {', '.join(kind)}") from None
