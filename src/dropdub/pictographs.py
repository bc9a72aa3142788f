"""Emoji and other pictures among letters, which nobody reads aloud. Pure.

Sources: Unicode's blocks, and UTS 51 for how emoji are put together.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

_PICTURES = (
    "\u2190-\u21ff\u2300-\u23ff\u2500-\u266c\u2670-\u2775\u2794-\u27bf\u2900-\u297f\u2b00-\u2bff•‣\U0001f000-\U0001faff"
)
"""Arrows, boxes, shapes, stars, dingbats and emoji; not the signs of music `♯` and `♭`, nor numbers in circles."""
_ADDED = "\ufe0e\ufe0f\u20e3\U000e0020-\U000e007f"
"""Variants, keys and the letters of regional flags."""
PICTURES = (
    rf"(?:[0-9#*]\ufe0f?\u20e3|[\u2139\u24c2\u3030\u303d\u3297\u3299]\ufe0f"
    rf"|[{_PICTURES}](?:[{_PICTURES}{_ADDED}]|\u200d(?=[{_PICTURES}]))*+)"
)
"""A run of pictures, as a pattern."""
_RUN = re.compile(PICTURES)
_VARIANTS = re.compile("[\ufe0e\ufe0f]")
_CLOSERS, _OPENERS = ".,;:!?…)]}»”’、。，！？", "([{«“‘¿¡"


def without_pictures(text: str) -> str:
    """Return a text as it is read aloud: without pictures and the spaces around them. `©`, `™` and `°` are words."""
    parts = [part.strip() for part in _RUN.split(text)] if not text.isascii() else [text]
    return _VARIANTS.sub("", _joined(list(filter(None, parts))) if len(parts) > 1 else text)


def _joined(parts: Sequence[str]) -> str:
    """Join what was between pictures, with a space except before or after punctuation that has none."""
    pieces = list(parts[:1])
    for before, after in pairwise(parts):
        pieces += ["" if after[0] in _CLOSERS or before[-1] in _OPENERS else " ", after]
    return "".join(pieces)
