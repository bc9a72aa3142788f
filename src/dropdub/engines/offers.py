"""Which engines the installed packages offer, found by entry point."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

from dropdub.engines.base import Engine
from dropdub.engines.packages import EXTRAS

GROUP = "dropdub.engines"
ROLES = ("transcriber", "translator", "synthesizer", "diarizer", "separator")
_BAD_ENTRY = (ImportError, AttributeError, SyntaxError, TypeError, ValueError, NameError, OSError)
"""What importing somebody else's module is known to raise where it does not fit this machine."""


@dataclass(frozen=True)
class Offer:
    """An engine that some installed package offers.

    `problem` is a sentence with its remedy, None where it is usable. `engine` is None, and `role` empty,
    where the module does not import.
    """

    name: str
    role: str = ""
    rank: int = 0
    problem: str | None = None
    engine: type[Engine] | None = None

    @property
    def can_be_installed(self) -> bool:
        """Whether all that it lacks are packages that Dropdub itself asks for, in one of its extras."""
        return self.problem is not None and self.engine is not None and self.name in EXTRAS


def installed_offers(entries: Iterable[EntryPoint] | None = None) -> dict[str, Offer]:
    """Return what is offered, by name: the best of each role first. Imports modules, loads no model.

    `entries` stands in for what the installed packages register. A broken one spoils no other.
    """
    found = {entry.name: entry for entry in (entry_points(group=GROUP) if entries is None else entries)}
    offers = sorted(map(_offer, found.values()), key=lambda offer: (offer.role, -offer.rank, offer.name))
    return {offer.name: offer for offer in offers}


def named(offers: Sequence[Offer]) -> str:
    """Return the names of offers for a sentence."""
    return ", ".join(offer.name for offer in offers) or "none"


def _offer(entry: EntryPoint) -> Offer:
    try:
        engine: type[Engine] = entry.load()
        return Offer(entry.name, _known_role(engine.role), int(engine.rank), engine.unavailable(), engine)
    except _BAD_ENTRY as error:
        source = f"the package {entry.dist.name}" if entry.dist else entry.value
        reason = f"{type(error).__name__}: {error}".rstrip(".")
        problem = f"The engine '{entry.name}' of {source} cannot be imported ({reason}). Install that package anew."
        return Offer(entry.name, problem=problem)


def _known_role(role: str) -> str:
    if role not in ROLES:
        raise ValueError(f"its role is {role!r}, not one of {', '.join(ROLES)}")
    return role
