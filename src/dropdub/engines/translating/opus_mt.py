"""The languages of OPUS-MT's models, and the tokens that select the target in those with several. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from dropdub.engines.nllb.codes import flores_code
from dropdub.languages import primary

_TARGET_TOKEN = re.compile(r">>[A-Za-z_]{2,12}<<")
_OWN_CODES = {"pt-br": "pob"}
_FAMILIES = {
    "itc": frozenset({"ca", "es", "fr", "gl", "it", "la", "oc", "pt", "ro"}),
    "roa": frozenset({"ca", "es", "fr", "gl", "it", "la", "oc", "pt", "ro"}),
}
"""Language groups that can take the place of a language in OPUS-MT's names."""


def is_of(named: str, tag: str) -> bool:
    """Return whether a language is the one in a model's name, or belongs to the language group in it."""
    return primary(tag) in _FAMILIES.get(named, {primary(named)})


def is_group(named: str) -> bool:
    """Return whether a part of a model's name is a group of languages."""
    return named in _FAMILIES


def target_tokens(vocabulary: Iterable[str]) -> frozenset[str]:
    """Return the tokens of a vocabulary that select the target language; empty for a model with one."""
    return frozenset(token for token in vocabulary if _TARGET_TOKEN.fullmatch(token))


def target_token(tokens: Collection[str], target: str) -> str | None:
    """Return the token of a language: `>>por<<` for pt, and for pt-BR if the model has no `>>pob<<`."""
    code = flores_code(target)
    names = (_OWN_CODES.get(target.replace("_", "-").casefold()), code and code.partition("_")[0], primary(target))
    return next((token for name in names if (token := f">>{name}<<") in tokens), None)
