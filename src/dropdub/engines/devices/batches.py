"""How many sentences a translator takes at once, and when it leaves the graphics card, as memory runs out."""

from __future__ import annotations

from dataclasses import dataclass

SIZES = (16, 4, 1)
"""16 at once are four times as fast as one by one."""


@dataclass(frozen=True)
class Batches:
    """What follows from how often memory ran out (`squeeze`); `on_card`: there is a graphics card, and it is wanted."""

    squeeze: int = 0
    on_card: bool = False

    @property
    def leaves_card(self) -> bool:
        """Whether not even one sentence at once had room on the card."""
        return self.on_card and self.squeeze >= len(SIZES)

    @property
    def size(self) -> int:
        """How many sentences go together; on the processor, whose memory is another, it begins anew."""
        spent = self.squeeze - (len(SIZES) if self.leaves_card else 0)
        return SIZES[min(spent, len(SIZES) - 1)]

    def announcement(self, engine: str) -> list[str]:
        """Return the sentence about fewer sentences than usual; of the card, who places the model tells."""
        return (
            [f"Memory ran out: {engine} takes {self.size} sentence{'s' if self.size > 1 else ''} at once."]
            if self.size < SIZES[0]
            else []
        )
