"""Join the tokens of a Parakeet model, which are parts of words, to words with times and probabilities. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from dropdub.engines.base import Word

LONGEST_TOKEN_S = 0.32
"""The model predicts for each token how many frames of 80 ms it lasts: up to four."""
_SPECIAL = re.compile(r"\s*<.*>\s*")
_OPENING = "¿¡([{«„“‘\"'"


@dataclass(frozen=True)
class Token:
    """A part of a word, which includes the space before it if it begins one; it starts `start` seconds into the sound.

    `log_probability` is the natural logarithm of its probability.
    """

    text: str
    start: float
    log_probability: float

    @property
    def is_spoken(self) -> bool:
        """Whether it is more than punctuation."""
        return any(map(str.isalnum, self.text))

    @property
    def may_begin(self) -> bool:
        """Whether it begins a word, if it does not continue the punctuation before one."""
        return self.text.startswith(" ") and (self.is_spoken or self.text.strip().startswith(tuple(_OPENING)))


def words_of(tokens: Sequence[Token]) -> list[Word]:
    """Return the words of tokens in order, each with the space before it and with its punctuation.

    A word lasts until the next one starts, but no longer than its last token can. Punctuation has no time of its own:
    the model writes a full stop only after it has heard the pause. The probability of a word is the geometric mean of
    those of its tokens. Tokens for anything but text, such as `<unk>`, are left out.
    """
    groups = list(_by_word([token for token in tokens if not _SPECIAL.fullmatch(token.text)]))
    starts = [_spoken(group)[0].start for group in groups] + [math.inf]
    return [_word(group, start, following) for group, (start, following) in zip(groups, pairwise(starts), strict=True)]


def _by_word(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """Yield the tokens of each word. Punctuation belongs to the word before it, unless it opens the next one."""
    group: list[Token] = []
    for token in tokens:
        if token.may_begin and any(one.is_spoken for one in group):
            yield group
            group = []
        group.append(token)
    if group:
        yield group


def _word(group: Sequence[Token], start: float, following: float) -> Word:
    spoken = _spoken(group)
    end = max(min(spoken[-1].start + LONGEST_TOKEN_S, following), start)
    mean = sum(token.log_probability for token in spoken) / len(spoken)
    text = "".join(token.text.strip() for token in group)
    return Word(start, end, f" {text}", min(math.exp(mean), 1.0))


def _spoken(group: Sequence[Token]) -> Sequence[Token]:
    return [token for token in group if token.is_spoken] or group
