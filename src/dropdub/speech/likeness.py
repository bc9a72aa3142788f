"""How alike two voices are, by the embeddings of their speech. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dropdub.media.sound.wav import Samples
from dropdub.pipeline.artifacts import Segment


def likeness(some: Sequence[Samples], others: Sequence[Samples]) -> float:
    """Return the cosine similarity of two voices' mean embeddings; each embedding has length 1."""
    one, other = np.mean(some, axis=0), np.mean(others, axis=0)
    return float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))


def longest(lines: Sequence[Segment], *, enough_s: float) -> list[Segment]:
    """Return the longest lines, in order of length, until they add up to `enough_s`."""
    chosen: list[Segment] = []
    for line in sorted(lines, key=lambda line: line.start - line.end):
        if sum(one.end - one.start for one in chosen) >= enough_s:
            break
        chosen.append(line)
    return chosen
