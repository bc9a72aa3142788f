"""The search behind `placement.py`: the starts and stretches of all utterances with the lowest total cost. Pure.

Dynamic programming over the utterances in order. For each, every start of a grid is tried with every stretch of a
list; of all ways to get that far, only those that no other way beats in both cost and end are kept. The cheapest way
to the last utterance is the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dropdub.dubbing.utterances import Utterance

Floats = NDArray[np.float64]

LATEST_S = 4.0
"""The latest start that is tried, after the original start or after the first free moment."""
_SHIFTS = np.unique(
    np.round(np.concatenate([np.arange(-0.5, 0.3, 0.02), np.arange(0.3, 1, 0.05), np.arange(1, LATEST_S, 0.15)]), 3)
)
_STRETCHES = np.array([1.0, 1.03, 1.06, 1.09, 1.12, 1.15, 1.2, 1.25, 1.3, 1.35, 1.4])
_USUAL = 1.2
# Costs of everything unpleasant, in one unit. Shifts are cheap up to a tenth of a second and expensive beyond it.
# The weights make the search use silence first, then speed up to 1.2, then shift starts, and only then go faster.
_NEAR_S, _NEAR_COST, _FAR_COST, _EARLY_FACTOR = 0.1, 0.5, 20.0, 1.5
_SPEED_COST, _SPEED_COST_SQUARE, _HASTE_COST = 3.0, 20.0, 100.0
_EPSILON = 1e-6


@dataclass(frozen=True)
class Bounds:
    """The earliest and latest start of an utterance, its latest end, and the minimum gap to the one before it."""

    first_start: float
    last_start: float
    end: float
    gap_s: float


@dataclass(frozen=True)
class Choice:
    """When an utterance starts, and by which factor it is sped up."""

    start: float
    stretch: float


@dataclass(frozen=True)
class _Ways:
    """The ways to get as far as one utterance, by rising end and falling cost.

    `parents` are indices into the ways of the utterance before.
    """

    ends: Floats
    costs: Floats
    starts: Floats
    stretches: Floats
    parents: NDArray[np.int_]


def best(utterances: Sequence[Utterance], bounds: Sequence[Bounds], limits: Sequence[float]) -> list[Choice]:
    """Return the choices with the lowest total cost; `limits` are the highest stretches allowed."""
    ways: list[_Ways] = []
    for one, bound, limit in zip(utterances, bounds, limits, strict=True):
        ways.append(_further(ways[-1] if ways else None, one, bound, limit))
    found: list[Choice] = []
    at = -1
    for way in reversed(ways):
        found.append(Choice(float(way.starts[at]), float(way.stretches[at])))
        at = int(way.parents[at])
    return found[::-1]


def _further(before: _Ways | None, one: Utterance, bound: Bounds, limit: float) -> _Ways:
    starts, stretches = _starts(one, bound), np.append(_STRETCHES[limit > _STRETCHES], limit)
    so_far, parents, frontier = _cheapest_before(before, starts - bound.gap_s)
    ends = starts[:, None] + one.durations_s(stretches)[None, :]
    costs = so_far[:, None] + _shift_costs(one, starts, stretches) + _speed_cost(stretches, one.rate)[None, :]
    costs = np.where(ends > bound.end + _EPSILON, np.inf, costs)
    ends = np.maximum(ends, frontier[:, None])
    return _undominated(ends, costs, starts, stretches, parents)


def _starts(one: Utterance, bound: Bounds) -> Floats:
    grid = max(one.start, bound.first_start) + _SHIFTS
    among = np.concatenate([[bound.first_start, one.start, bound.last_start], one.start + _SHIFTS, grid])
    latest = min(bound.last_start, max(one.start, bound.first_start) + LATEST_S)
    return np.unique(np.clip(among, bound.first_start, max(latest, bound.first_start)))


def _cheapest_before(before: _Ways | None, free_until: Floats) -> tuple[Floats, NDArray[np.int_], Floats]:
    """Return, for each moment, the cost, index and end of the cheapest way that has ended before it."""
    if before is None:
        nothing = np.zeros(len(free_until))
        return nothing, nothing.astype(np.int_), nothing
    # If no way has ended yet, take the earliest. `placement.py` then enforces the bounds that the search ignores
    # (those of several earlier utterances at once).
    numbers = np.maximum(np.searchsorted(before.ends, free_until + _EPSILON, side="right") - 1, 0)
    late = np.maximum(before.ends[numbers] - free_until, 0.0)
    return before.costs[numbers] + _FAR_COST * late, numbers, before.ends[numbers]


def _undominated(ends: Floats, costs: Floats, starts: Floats, stretches: Floats, parents: NDArray[np.int_]) -> _Ways:
    order = np.lexsort((costs.ravel(), ends.ravel()))
    sorted_costs = costs.ravel()[order]
    best_before = np.concatenate([[np.inf], np.minimum.accumulate(sorted_costs)[:-1]])
    kept = order[sorted_costs < best_before]
    rows, columns = np.divmod(kept, len(stretches))
    return _Ways(ends.ravel()[kept], costs.ravel()[kept], starts[rows], stretches[columns], parents[rows])


def _shift_costs(one: Utterance, starts: Floats, stretches: Floats) -> Floats:
    """Return the cost of pieces that start early or late, shape (starts, stretches)."""
    spoken = np.array([piece.start - one.start for piece in one.pieces])
    late = np.array([one.offsets(stretch) for stretch in stretches]) - spoken
    shifts = (starts - one.start)[:, None, None] + late[None, :, :]
    off = np.abs(shifts)
    costs = _NEAR_COST * off + _FAR_COST * np.maximum(off - _NEAR_S, 0.0)
    total: Floats = np.where(shifts < 0, _EARLY_FACTOR * costs, costs).sum(axis=2)
    return total


def _speed_cost(stretches: Floats, rate: float) -> Floats:
    more = stretches - 1.0
    haste = np.maximum(stretches * rate - max(_USUAL, rate), 0.0)
    cost: Floats = _SPEED_COST * more + _SPEED_COST_SQUARE * more**2 + _HASTE_COST * haste
    return cost
