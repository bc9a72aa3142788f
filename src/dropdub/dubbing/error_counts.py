"""Counts of word errors, without what counts them: reports need no more."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class WordErrors:
    """The number of words of a text, and of substitutions, deletions and insertions in what was heard."""

    words: int
    errors: int

    @property
    def rate(self) -> float | None:
        """Return errors per word, which may exceed 1; None if there are no words."""
        return self.errors / self.words if self.words else None


NOT_COUNTED = WordErrors(0, 0)
