"""Check translations, and choose between alternative wordings. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

NEAR = 0.10
"""If lengths differ by at most a tenth, the change of speed is hardly noticeable."""
FASTER = 1.2
"""Speech that is faster by up to this factor goes unnoticed."""
SHORTER = 0.05
"""A wording that saves less than a twentieth is not worth a different meaning."""
_LONGER_THAN_LIKELY = 4.0
_FREE_CHARACTERS = 30
_LOOP = 4


def distinct(wordings: Iterable[str]) -> tuple[str, ...]:
    """Return each wording once, in order."""
    return tuple(dict.fromkeys(wordings))


def longest_output(pieces: int) -> int:
    """Return the maximum number of tokens in the translation of `pieces` tokens: more can only be a loop."""
    return min(2 * pieces + 20, 512)


def looks_wrong(source: str, translation: str) -> bool:
    """Return whether a translation is empty, repeats itself, or is far too long for its source."""
    if not translation.strip():
        return True
    if len(translation) > _LONGER_THAN_LIKELY * len(source) + _FREE_CHARACTERS:
        return True
    return _loops(translation) > max(_loops(source), 1)


def _loops(text: str) -> int:
    """Return how often the most common run of four words occurs in a text."""
    words = text.casefold().split()
    runs = Counter(tuple(words[at : at + _LOOP]) for at in range(len(words) - _LOOP + 1))
    return max(runs.values(), default=0)


def fitting(source: str, wordings: Sequence[str]) -> str:
    """Return the most likely wording that is about as long as the source.

    If there is none: the most likely one, if it can be spoken in the source's time, else the one closest in length.
    `wordings` are sorted, the most likely first. Length in characters approximates length in time.
    """
    length = max(len(source), 1)
    near = [one for one in wordings if abs(len(one) - length) <= NEAR * length]
    if near or len(wordings[0]) <= FASTER * length:
        return near[0] if near else wordings[0]
    return min(wordings, key=lambda one: abs(len(one) - length))


def shorter_than(chosen: str, wordings: Sequence[str]) -> tuple[str, ...]:
    """Return the shorter wordings, the longest first: each at least `SHORTER` shorter than the one before."""
    found: list[str] = []
    for one in sorted(wordings, key=len, reverse=True):
        if one.strip() and len(one) <= (1 - SHORTER) * len(found[-1] if found else chosen):
            found.append(one)
    return tuple(found)
