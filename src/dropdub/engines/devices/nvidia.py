"""The NVIDIA cards that the driver lists. No library of CUDA is needed to ask."""

from __future__ import annotations

from dataclasses import dataclass

from dropdub.errors import DropdubError
from dropdub.process.run import Program, output

ASK = ("nvidia-smi", "--query-gpu=name,driver_version,memory.total,memory.free", "--format=csv,noheader,nounits")
ANSWER_WITHIN_S = 60.0
_MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class Card:
    """An NVIDIA card. Memory in bytes; None if the driver does not report it (a card that shares system memory)."""

    name: str
    driver: str
    memory: int | None
    free: int | None


def listed_cards() -> list[Card]:
    """Return the cards that `nvidia-smi` lists; none if it does not exist or fails."""
    return cards_in(answer_of(ASK) or "")


def cards_in(listing: str) -> list[Card]:
    """Return the cards that `nvidia-smi` lists in the columns of `ASK`. Other lines are ignored."""
    rows = ([value.strip() for value in line.split(",")] for line in listing.splitlines())
    return [Card(row[0], row[1], _bytes(row[2]), _bytes(row[3])) for row in rows if len(row) == 4]


def answer_of(command: tuple[str, ...]) -> str | None:
    """Return the output of a program; None if it does not exist, fails, or does not end in time."""
    try:
        text, ending = output(Program(command), deadline_s=ANSWER_WITHIN_S)
    except (OSError, DropdubError):
        return None
    return text if ending.returncode == 0 else None


def _bytes(mebibytes: str) -> int | None:
    return int(mebibytes) * _MEBIBYTE if mebibytes.isdigit() else None
