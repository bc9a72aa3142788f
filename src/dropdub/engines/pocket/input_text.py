"""Prepare text for Pocket TTS: single sentences, as it was trained with, short enough for one call. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dropdub.engines.pocket.numbers import spelled_out
from dropdub.engines.speaking.text_for_speech import parts

LONGEST_PART = 200
"""Characters: about as many as the most tokens of a call."""


def parts_for(text: str, language: str, *, fits: Callable[[str], bool]) -> list[str]:
    """Return the parts of a text in a language (a tag) that the model can say; none for a text without words."""
    cut = (spelled_out(part, language) for part in parts(text, limit=LONGEST_PART))
    return [part for one in cut for part in _fitting(one, fits)]


def _fitting(text: str, fits: Callable[[str], bool]) -> Iterator[str]:
    """Yield a text, in halves of halves until each fits."""
    if len(text) <= 1 or fits(text):
        yield text
        return
    for part in parts(text, limit=max(len(text) // 2, 1)):
        yield from _fitting(part, fits)
