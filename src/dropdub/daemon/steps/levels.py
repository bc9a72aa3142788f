"""Which priority goes first: the higher one, but none waits for ever."""

from __future__ import annotations

from collections import Counter

from dropdub.store.states import Priority

PASSED_OVER = {Priority.SOON: 3, Priority.NORMAL: 3, Priority.LOW: 12}
"""How many claims in a row of a higher priority pass over a lower one, before it goes first once. So a stream of short
requests leaves every fourth claim to others, and recordings get at least one of five.
"""


class Levels:
    """The order in which the priorities of one pool are asked for steps."""

    def __init__(self) -> None:
        self._passed: Counter[Priority] = Counter()

    def order(self) -> tuple[Priority, ...]:
        """Return the priorities in the order in which to look for a step."""
        due = [level for level, most in PASSED_OVER.items() if self._passed[level] >= most]
        return (*due, *(level for level in Priority if level not in due))

    def claimed(self, level: Priority) -> None:
        """Record that a step of this priority was claimed: it passed over all lower ones."""
        self._passed.update(lower for lower in Priority if lower > level)
        self._passed[level] = 0
