"""Cut long sentences between clauses, for models that know only short ones. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from dropdub.untrusted.text import wrapped

_CLAUSE = re.compile(r"(?<=[,:;–—])\s+|(?<=[，、；：])")


def within(sentence: str, limit: int) -> Iterator[str]:
    """Yield a sentence in parts of at most `limit` characters: whole clauses if possible, else words."""
    if len(sentence) <= limit:
        yield sentence
        return
    clauses = [part for clause in _clauses(sentence) for part in _wrapped(clause, limit)]
    yield from _joined(clauses, limit)


def clause_ends(text: str) -> list[int]:
    """Return where the clauses of a text end, but for the last: after the spaces that follow their marks."""
    return [match.end() for match in _CLAUSE.finditer(text)]


def _clauses(text: str) -> list[str]:
    ends = [0, *clause_ends(text), len(text)]
    return [part for start, end in pairwise(ends) if (part := text[start:end].strip())]


def _wrapped(text: str, limit: int) -> list[str]:
    return [text] if len(text) <= limit else list(wrapped(text, limit))


def _joined(texts: Iterable[str], limit: int) -> Iterator[str]:
    """Join neighbours while they fit into `limit`."""
    before = ""
    for text in texts:
        if before and len(before) + 1 + len(text) > limit:
            yield before
            before = text
        else:
            before = f"{before} {text}".strip()
    if before:
        yield before
