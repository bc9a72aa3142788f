"""BLEU and chrF of translations, as sacrebleu computes them by default."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence

BLEU_ORDER = 4
CHRF_ORDER = 6
CHRF_BETA = 2
_SPLIT = (
    (r"([\{-\~\[-\` -\&\(-\+\:-\@\/])", r" \1 "),
    (r"([^0-9])([\.,])", r"\1 \2 "),
    (r"([\.,])([^0-9])", r" \1 \2"),
    (r"([0-9])(-)", r"\1 \2 "),
)
"""The tokenizer 13a of mteval, which papers use."""

Counts = tuple[int, int, int]
"""N-grams of the output, of the reference, and in both."""


def bleu(outputs: Sequence[str], references: Sequence[str]) -> float:
    """Return BLEU of a corpus with one reference for each output, 0 to 100, exponentially smoothed."""
    pairs = [(_tokens(one), _tokens(other)) for one, other in zip(outputs, references, strict=True)]
    smooth, logs = 1.0, 0.0
    for order in range(1, BLEU_ORDER + 1):
        there, _, shared = _counts(pairs, order, "\0".join)
        if not there:
            return 0.0
        if not shared:
            smooth *= 2
        logs += math.log(shared / there if shared else 1 / (smooth * there))
    lengths = [sum(len(side) for side in sides) for sides in zip(*pairs, strict=True)]
    brevity = min(0.0, 1 - lengths[1] / lengths[0])
    return 100 * math.exp(logs / BLEU_ORDER + brevity)


def chrf(outputs: Sequence[str], references: Sequence[str]) -> float:
    """Return chrF2 of a corpus, 0 to 100: n-grams of up to six characters, without spaces."""
    pairs = [("".join(one.split()), "".join(other.split())) for one, other in zip(outputs, references, strict=True)]
    found = [_counts(pairs, order, str) for order in range(1, CHRF_ORDER + 1)]
    usable = [(there, wanted, shared) for there, wanted, shared in found if there and wanted]
    if not usable:
        return 0.0
    precision = sum(shared / there for there, _, shared in usable) / len(usable)
    recall = sum(shared / wanted for _, wanted, shared in usable) / len(usable)
    weighted = CHRF_BETA**2 * precision + recall
    return 100 * (1 + CHRF_BETA**2) * precision * recall / weighted if weighted else 0.0


def _tokens(text: str) -> list[str]:
    text = f" {text} "
    for pattern, parts in _SPLIT:
        text = re.sub(pattern, parts, text)
    return text.split()


def _counts(pairs: Sequence[tuple[Sequence[str], Sequence[str]]], order: int, key: Callable[..., str]) -> Counts:
    there = wanted = shared = 0
    for output, reference in pairs:
        one, other = _grams(output, order, key), _grams(reference, order, key)
        there, wanted = there + one.total(), wanted + other.total()
        shared += (one & other).total()
    return there, wanted, shared


def _grams(items: Sequence[str], order: int, key: Callable[..., str]) -> Counter[str]:
    return Counter(key(items[at : at + order]) for at in range(len(items) - order + 1))
