"""Batch sizes of translators: they shrink when memory runs out, until the translator moves to the CPU."""

from __future__ import annotations

from dataclasses import dataclass

from dropdub.units import counted

SIZES = (16, 4, 1)
"""Sentences per batch. 16 at once are four times as fast as one at a time."""


@dataclass(frozen=True)
class Batches:
    """The batch size after memory ran out `memory_failures` times. `on_card`: a graphics card may be used."""

    memory_failures: int = 0
    on_card: bool = False

    @property
    def leaves_card(self) -> bool:
        """Whether not even batches of one sentence fitted on the card."""
        return self.on_card and self.memory_failures >= len(SIZES)

    @property
    def size(self) -> int:
        """Sentences per batch. On the CPU, which has its own memory, it starts again with the largest size."""
        spent = self.memory_failures - (len(SIZES) if self.leaves_card else 0)
        return SIZES[min(spent, len(SIZES) - 1)]

    def announcement(self, engine: str) -> list[str]:
        """Return a sentence if batches are smaller than usual. Leaving the card is reported elsewhere."""
        return (
            [f"Memory ran out: {engine} now translates {counted(self.size, 'sentence')} at a time."]
            if self.size < SIZES[0]
            else []
        )
