"""What a translator gave: whether it can be right, and which of several wordings to take. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

NEAR = 0.10
"""Speech of a length within a tenth of the original's is hardly noticed to be faster or slower."""
FASTER = 1.2
"""Speech up to so much faster passes unnoticed."""
SHORTER = 0.05
"""A wording that saves less than a twentieth is not worth another meaning."""
_LONGER_THAN_LIKELY = 4.0
_FREE_CHARACTERS = 30
_LOOP = 4


def distinct(wordings: Iterable[str]) -> tuple[str, ...]:
    """Return each wording once, in order."""
    return tuple(dict.fromkeys(wordings))


def longest_output(pieces: int) -> int:
    """Return how many pieces a translation of a sentence of `pieces` may have: more can only be a loop."""
    return min(2 * pieces + 20, 512)


def looks_wrong(source: str, translation: str) -> bool:
    """Return whether a translation is empty, repeats itself, or is far too long for what was said."""
    if not translation.strip():
        return True
    if len(translation) > _LONGER_THAN_LIKELY * len(source) + _FREE_CHARACTERS:
        return True
    return _loops(translation) > max(_loops(source), 1)


def _loops(text: str) -> int:
    """Return how often the commonest run of four words stands in a text."""
    words = text.casefold().split()
    runs = Counter(tuple(words[at : at + _LOOP]) for at in range(len(words) - _LOOP + 1))
    return max(runs.values(), default=0)


def fitting(source: str, wordings: Sequence[str]) -> str:
    """Return the likeliest wording that is about as long as the source.

    Where none is: the likeliest, if it can be spoken in the source's time, else the one nearest in length. `wordings`
    come the likeliest first. Length in characters stands for length in time.
    """
    length = max(len(source), 1)
    near = [one for one in wordings if abs(len(one) - length) <= NEAR * length]
    if near or len(wordings[0]) <= FASTER * length:
        return near[0] if near else wordings[0]
    return min(wordings, key=lambda one: abs(len(one) - length))


def shorter_than(chosen: str, wordings: Sequence[str]) -> tuple[str, ...]:
    """Return the wordings that are shorter, the longest first: each by `SHORTER` at least than the one before."""
    found: list[str] = []
    for one in sorted(wordings, key=len, reverse=True):
        if one.strip() and len(one) <= (1 - SHORTER) * len(found[-1] if found else chosen):
            found.append(one)
    return tuple(found)
