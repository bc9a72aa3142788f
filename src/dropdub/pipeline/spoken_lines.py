"""spoken.T.json: the text, speaking rate and file of each line of a dub."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from dropdub.files.durable import write_whole


@dataclass(frozen=True)
class Spoken:
    """A line of a dub. `id` is its segment's; `rate`: speaking rate; `wording`: 0 for the translation, else shorter."""

    id: int
    text: str
    rate: float = 1.0
    wording: int = 0

    def file(self, take: int = 0) -> str:
        """Return the name of its sound file in `speech.T/`. Every wording, rate and take has a name of its own.

        Takes count from 0; names count them from 1, and leave out the first.
        """
        wording = f".w{self.wording}" if self.wording else ""
        rate = f".x{round(self.rate * 100)}" if self.rate != 1.0 else ""
        return f"{self.id:04d}{wording}{rate}{f'.{take + 1}' if take else ''}.wav"


def spoken_name(target: str) -> str:
    return f"spoken.{target}.json"


def save_spoken(path: Path, lines: Iterable[Spoken]) -> None:
    """Write lines as JSON, atomically."""
    write_whole(path, json.dumps([asdict(line) for line in lines], ensure_ascii=False, indent=1).encode())


def load_spoken(path: Path) -> list[Spoken]:
    """Read what `save_spoken` wrote. Raises ValueError or TypeError if the file holds anything else."""
    return [Spoken(**item) for item in json.loads(path.read_text(encoding="utf-8"))]
