"""The languages that the page, the report and the notifications speak: English, and each with a catalogue here.

A catalogue is one file, `LANGUAGE.po`, and `python3 tasks.py translate` makes `LANGUAGE.mo` of it, which is read here.
Messages are in English in the code, so that a text without a translation is shown in English.
"""

from __future__ import annotations

import gettext
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources

ENGLISH = "en"
AUTO = "auto"
"""The setting for: as the reader, or else the system, prefers."""


@cache
def offered() -> tuple[str, ...]:
    """Return the tags of the languages (`en`, `pt-BR`), English first."""
    names = (file.name for file in resources.files(__package__).iterdir() if file.name.endswith(".mo"))
    return (ENGLISH, *sorted(name.removesuffix(".mo").replace("_", "-") for name in names))


def best(wanted: Sequence[str]) -> str:
    """Return the language to speak to somebody who wants these tags, the most wanted first; English if there is none.

    `pt-PT` is answered in Brazilian Portuguese rather than in English.
    """
    for tag in wanted:
        for matches in (_same, _same_primary):
            if (found := next((one for one in offered() if matches(one, tag)), None)) is not None:
                return found
    return ENGLISH


def accepted(header: str) -> list[str]:
    """Return the tags of an `Accept-Language` header, the most wanted first. What is no tag is left out."""
    return [tag for _, tag in sorted(_weighted(header), key=lambda one: -one[0])]


def mark(message: str) -> str:
    """Mark a message for the catalogues; it is translated when it is shown. The tools know this function as `_`."""
    return message


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    """Return the translations into an offered language."""
    if language == ENGLISH:
        return gettext.NullTranslations()
    file = resources.files(__package__).joinpath(f"{language.replace('-', '_')}.mo")
    with file.open("rb") as opened:
        return gettext.GNUTranslations(opened)


def _weighted(header: str) -> Iterator[tuple[float, str]]:
    for part in header[:1_000].split(","):
        tag, _, weight = (piece.strip() for piece in part.partition(";"))
        try:
            share = float(weight.removeprefix("q=")) if weight else 1.0
        except ValueError:
            continue
        if tag.replace("-", "").isalnum() and tag.isascii() and share > 0:
            yield share, tag


def _same(one: str, other: str) -> bool:
    return one.lower() == other.lower()


def _same_primary(one: str, other: str) -> bool:
    return _same(one.partition("-")[0], other.partition("-")[0])
