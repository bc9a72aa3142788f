"""The takes of a dub's lines: how their steps are called, and which file of each line is the best. Pure."""

from __future__ import annotations

from dropdub.pipeline.artefacts import Facts


def take_key(stage: str, target: str, take: int) -> str:
    """Return the key of a step of a take; takes count from 0, and the first has no number: `hear/pt`, `hear/pt/1`."""
    return f"{stage}/{target}/{take}" if take else f"{stage}/{target}"


def best_takes(facts: Facts, target: str) -> dict[int, str]:
    """Return the file of each line that was heard back, by its id: that of its best take."""
    found: dict[int, str] = {}
    take = 0
    while heard := facts.get(take_key("hear", target, take)):
        found = {int(line): str(one["file"]) for line, one in heard["lines"].items()}
        take += 1
    return found
