"""A text that comes in chunks, of which the sentences can be spoken that are complete. Pure."""

from __future__ import annotations

from dropdub.sentence_ends import sentences
from dropdub.unspaced import is_unspaced

LONGEST = 1_000
"""Characters that may wait for the end of a sentence. More are cut at a space, so that no chunk costs much time."""


class GrowingText:
    """Takes chunks, which may end inside a word, and returns whole sentences."""

    def __init__(self) -> None:
        self._rest = ""

    def add(self, chunk: str) -> str:
        """Return the sentences that are complete now, as one text; empty if there are none.

        One is complete once the next word is: `Dr.` ends no sentence before `Silva`.
        """
        self._rest += chunk
        found = sentences(self._rest)
        if len(found) > 1 and _has_whole_word(self._rest, found[-1]):
            return self._without(len(self._rest.rstrip()) - len(found[-1]))
        if len(self._rest) > LONGEST:
            return self._without(self._rest.rfind(" ") + 1 or len(self._rest))
        return ""

    def finish(self) -> str:
        """Return what is left at the end."""
        return self._without(len(self._rest))

    def _without(self, length: int) -> str:
        taken, self._rest = self._rest[:length], self._rest[length:]
        return taken.strip()


def _has_whole_word(text: str, last: str) -> bool:
    """Return whether the text's last sentence, which has just begun, has a word that ends."""
    return text[-1:].isspace() or len(last.split(maxsplit=1)) > 1 or is_unspaced(last)
