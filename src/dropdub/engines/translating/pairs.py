"""The way from one language to another through models that are for a pair of languages each. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from dropdub.languages import primary, same_language

T = TypeVar("T")
Pair = tuple[str, str]
"""The tags of a source and a target language."""

PIVOT = "en"
"""Nearly all models translate from or into English; other pairs go through it."""


def ways(source: str, target: str) -> tuple[tuple[Pair, ...], ...]:
    """Return the ways from one language to another, the better first, each as its pairs in order."""
    if same_language(source, target):
        return ()
    direct = ((source, target),)
    if PIVOT in (primary(source), primary(target)):
        return (direct,)
    return direct, ((source, PIVOT), (PIVOT, target))


def route(source: str, target: str, model: Callable[[str, str], T | None]) -> tuple[T, ...]:
    """Return the models of the first way that has one for each of its pairs, in order; empty if no way has.

    `model` returns the model of a pair, or None if there is none.
    """
    for way in ways(source, target):
        found = [model(*pair) for pair in way]
        models = tuple(one for one in found if one is not None)
        if len(models) == len(way):
            return models
    return ()


def lacking(
    source: str, target: str, *, here: Callable[[str, str], str | None], known: Callable[[str, str], str | None]
) -> tuple[str, ...]:
    """Return the models to download for a pair; of two ways, those of the one that lacks fewer, and has fewer models.

    `here` and `known` return the name of a pair's model that is complete, and of one that can be downloaded; None if
    there is none. Empty if nothing is lacking, or if no model could help.
    """
    if route(source, target, here):
        return ()
    lists = ([known(*pair) for pair in way if here(*pair) is None] for way in ways(source, target))
    return min((tuple(name for name in names if name) for names in lists if all(names)), key=len, default=())
