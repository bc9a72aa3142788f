"""How fast a text is said: at the engine's own rate as far as that reaches, and stretched beyond. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from dropdub.engines.abilities import HasRates
from dropdub.engines.base import Synthesizer
from dropdub.errors import UsageError

SLOWEST, FASTEST = 0.25, 4.0
"""The speeds that can be asked for."""
USUAL_RATES = 0.8, 1.2
"""The rates requested from an engine that states none: those at which dubs are spoken."""
_SAME = 0.01


@dataclass(frozen=True)
class Pace:
    """The `rate` to request from the engine, and how many times as fast to play the result: exactly 1 for as it is."""

    rate: float
    stretch: float


def pace_of(engine: Synthesizer, speed: float) -> Pace:
    """Return how to reach a speed, 1 for the engine's usual one. Raises UsageError for one that is not possible."""
    if not SLOWEST <= speed <= FASTEST:
        raise UsageError(f"The speed {speed:g} is not between {SLOWEST:g} and {FASTEST:g}.")
    slowest, fastest = (engine.slowest, engine.fastest) if isinstance(engine, HasRates) else USUAL_RATES
    rate = min(max(speed, slowest), fastest)
    stretch = speed / rate
    return Pace(rate, 1.0 if abs(stretch - 1.0) < _SAME else stretch)
