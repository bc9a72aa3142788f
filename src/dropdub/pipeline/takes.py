"""The takes of a dub's lines: how their steps are called, and which file of each line is the best. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dropdub.pipeline.artifacts import Facts


def take_key(stage: str, target: str, take: int) -> str:
    """Return the key of a step of a take; takes count from 0, and the first has no number: `hear/pt`, `hear/pt/1`."""
    return f"{stage}/{target}/{take}" if take else f"{stage}/{target}"


def best_takes(facts: Facts, target: str) -> dict[int, str]:
    """Return the file of each line that was heard back, by its id: that of its best take."""
    return {int(line): str(one["file"]) for line, one in last_hearing(facts, target).items()}


def last_hearing(facts: Facts, target: str) -> Mapping[str, Mapping[str, Any]]:
    """Return what was heard of each line's best take, by its id; nothing where no line was heard back."""
    found: Mapping[str, Mapping[str, Any]] = {}
    take = 0
    while heard := facts.get(take_key("hear", target, take)):
        found = heard["lines"]
        take += 1
    return found
