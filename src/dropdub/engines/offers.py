"""Find the engines that the installed packages offer as entry points."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

from dropdub.engines.base import Engine
from dropdub.kits import EXTRAS
from dropdub.stage_table import ENGINE_POOLS

GROUP = "dropdub.engines"
ROLES = (*(pool.role for pool in ENGINE_POOLS.values()), "diarizer", "separator")
"""All roles: those that have a pool of their own, and two that work in the synthesizer's."""
_BAD_ENTRY = (ImportError, AttributeError, SyntaxError, TypeError, ValueError, NameError, OSError)
"""The exceptions known from importing third-party modules that do not fit this machine."""


@dataclass(frozen=True)
class Offer:
    """An engine that an installed package offers.

    `problem` is a sentence with its remedy, or None if the engine is usable. If the module cannot be imported, `engine`
    is None and `role` is empty.
    """

    name: str
    role: str = ""
    rank: int = 0
    problem: str | None = None
    engine: type[Engine] | None = None

    @property
    def can_be_installed(self) -> bool:
        """Whether it only lacks packages that one of Dropdub's own extras installs."""
        return self.problem is not None and self.engine is not None and self.name in EXTRAS


def installed_offers(entries: Iterable[EntryPoint] | None = None) -> dict[str, Offer]:
    """Return the offers by name, the best of each role first. Imports modules, but loads no model.

    `entries` replaces the entry points of the installed packages. A broken one does not affect the others.
    """
    found = {entry.name: entry for entry in (entry_points(group=GROUP) if entries is None else entries)}
    offers = sorted(map(_offer, found.values()), key=lambda offer: (offer.role, -offer.rank, offer.name))
    return {offer.name: offer for offer in offers}


def named(offers: Sequence[Offer]) -> str:
    """Return the names of offers for use in a sentence."""
    return ", ".join(offer.name for offer in offers) or "none"


def _offer(entry: EntryPoint) -> Offer:
    try:
        engine: type[Engine] = entry.load()
        return Offer(entry.name, _known_role(engine.role), int(engine.rank), engine.unavailable(), engine)
    except _BAD_ENTRY as error:
        source = f"the package {entry.dist.name}" if entry.dist else entry.value
        reason = f"{type(error).__name__}: {error}".rstrip(".")
        problem = f"The engine '{entry.name}' of {source} cannot be imported ({reason}). Reinstall that package."
        return Offer(entry.name, problem=problem)


def _known_role(role: str) -> str:
    if role not in ROLES:
        raise ValueError(f"its role is {role!r}, not one of {', '.join(ROLES)}")
    return role
