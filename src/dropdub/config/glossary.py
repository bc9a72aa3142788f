"""The job option `glossary`: how certain words are translated."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator

from dropdub.config.fields import language_or_auto, one_line
from dropdub.languages import primary
from dropdub.unspaced import UNSPACED

_NO_WORD_BEFORE = rf"(?<![^\W{UNSPACED}])"
_NO_WORD_AFTER = rf"(?![^\W{UNSPACED}\uac00-\ud7a3])"
MOST_TERMS = 200
LONGEST_TERM = 100
_EXPECTED = "expected terms such as {meeting: reunião}, or for each language {meeting: {pt: reunião, es: reunión}}"


def _glossary(value: Any) -> dict[str, Any]:
    """Return a glossary whose terms and tags are valid. Raises ValueError."""
    if not isinstance(value, Mapping):
        raise ValueError(_EXPECTED)
    if len(value) > MOST_TERMS:
        raise ValueError(f"has more than {MOST_TERMS} terms")
    return {_term(term): _translations(translation) for term, translation in value.items()}


def _translations(value: Any) -> str | dict[str, str]:
    if not isinstance(value, Mapping):
        return _term(value)
    if not 0 < len(value) <= MOST_TERMS:
        raise ValueError(_EXPECTED)
    return {_tag(tag): _term(translation) for tag, translation in value.items()}


def _term(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(_EXPECTED)
    if len(value) > LONGEST_TERM:
        raise ValueError(f"has a term of more than {LONGEST_TERM} characters")
    return one_line(value.strip())


def _tag(value: Any) -> str:
    tag = language_or_auto(value) if isinstance(value, str) else "auto"
    if tag == "auto":
        raise ValueError(_EXPECTED)
    return tag


Glossary = Annotated[dict[str, str | dict[str, str]], BeforeValidator(_glossary)]
"""By term: its translation, or its translations by target language."""


def terms_for(glossary: Mapping[str, str | Mapping[str, str]], target: str) -> dict[str, str]:
    """Return the translation of each term into one language: that of `pt` also for `pt-BR`, but not the reverse."""
    return dict(_terms(glossary, target))


def occurring(terms: Mapping[str, str], texts: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return the terms that occur in texts, with their translations."""
    return tuple((term, found) for term, found in terms.items() if any(occurs(term, text) for text in texts))


def missed(terms: Iterable[tuple[str, str]], text: str, translation: str) -> set[str]:
    """Return the terms that occur in a text, and whose translations do not in its translation."""
    made = _folded(translation)
    return {term for term, wanted in terms if _folded(wanted) not in made and occurs(term, text)}


def occurs(term: str, text: str) -> bool:
    """Return whether a term occurs in a text, in small letters or capitals, with accents in one character or two.

    It must be whole words, as far as its script has spaces between words. Korean words take endings.
    """
    return re.search(f"{_NO_WORD_BEFORE}{re.escape(_folded(term))}{_NO_WORD_AFTER}", _folded(text)) is not None


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text.casefold())


def _terms(glossary: Mapping[str, str | Mapping[str, str]], target: str) -> Iterator[tuple[str, str]]:
    for term, found in glossary.items():
        translation = found if isinstance(found, str) else found.get(target, found.get(primary(target)))
        if translation is not None:
            yield term, translation
