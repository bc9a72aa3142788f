"""Cut long sentences between clauses, for models that know only short ones. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from dropdub.untrusted.text import wrapped

_CLAUSE = re.compile(r"(?<=[,:;–—])\s+|(?<=[，、；：])")


def within(sentence: str, limit: int) -> Iterator[str]:
    """Yield a sentence in parts of at most `limit` characters: whole clauses if possible, else words."""
    if len(sentence) <= limit:
        yield sentence
        return
    clauses = [part for clause in _clauses(sentence) for part in _wrapped(clause, limit)]
    yield from _joined(clauses, limit)


def _clauses(text: str) -> list[str]:
    start, found = 0, []
    for match in _CLAUSE.finditer(text):
        found.append(text[start : match.end()].strip())
        start = match.end()
    return [part for part in (*found, text[start:].strip()) if part]


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
