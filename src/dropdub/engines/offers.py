"""Find the engines that the installed packages offer as entry points."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

from dropdub.engines.base import API, Engine
from dropdub.kits import EXTRAS
from dropdub.stage_table import ENGINE_POOLS

GROUP = "dropdub.engines"
ROLES = (*(pool.role for pool in ENGINE_POOLS.values()), "diarizer", "separator")
"""All roles: those that have a pool of their own, and two that work in the synthesizer's."""
OWN = "dropdub"
"""The name of Dropdub's own package."""
ASK_AUTHORS = "Update or uninstall that package, or report it to its authors."
"""The remedy for an engine of another package that fails."""
_AGAIN = "It is tried again after the next start of the daemon."
_CHOSEN_WITH = {"nllb": "transformers"}
"""An engine that counts as chosen only if the other one is installed, too.

The libraries of NLLB come with faster-whisper, and so with the compact engines: that they are there does not mean that
anybody chose NLLB, whose model is 640 MB.
"""


@dataclass(frozen=True)
class Offer:
    """An engine that an installed package offers.

    `problem` is a sentence with its remedy, or None if the engine is usable. If the module cannot be imported, `engine`
    is None and `role` is empty. `package` is the package that offers it, as pip calls it; empty if it is not known.
    """

    name: str
    role: str = ""
    rank: int = 0
    problem: str | None = None
    engine: type[Engine] | None = None
    package: str = OWN

    @property
    def is_foreign(self) -> bool:
        """Whether another package offers it."""
        return self.package != OWN

    @property
    def can_be_installed(self) -> bool:
        """Whether it only lacks packages that one of Dropdub's own extras installs."""
        return self.problem is not None and self.engine is not None and self.name in EXTRAS


def installed_offers(
    entries: Iterable[EntryPoint] | None = None,
    *,
    left_out: Collection[str] = (),
    report_import: Callable[[str, str], None] | None = None,
) -> dict[str, Offer]:
    """Return the offers by name, the best of each role first. Imports modules, but loads no model.

    `entries` replaces the entry points of the installed packages. A broken one does not affect the others. Of two with
    one name, Dropdub's own is used; the other one is a problem of the name `NAME of PACKAGE`.

    `left_out` are the names of engines of other packages that must not be imported. `report_import` is called with the
    name of each of the others, and a phrase that names it and its package, before it is imported, which may end this
    process; and with two empty texts after the last one.
    """
    report = report_import or (lambda _engine, _what: None)
    found: dict[str, EntryPoint] = {}
    offers: list[Offer] = []
    for entry in _in_order(entries):
        if found.setdefault(entry.name, entry) is entry:
            if _package(entry) == OWN:
                offers.append(_offer(entry))
            elif entry.name in left_out:
                offers.append(Offer(entry.name, problem=_ended(entry), package=_package(entry)))
            else:
                report(entry.name, f"the engine '{entry.name}' of {_source(entry)}")
                offers.append(_offer(entry))
                report("", "")
        elif entry.value != found[entry.name].value:
            offers.append(_taken(entry, found[entry.name]))
    offers.sort(key=lambda offer: (offer.role, -offer.rank, offer.name))
    return {offer.name: offer for offer in offers}


def is_chosen(name: str, usable: Iterable[Offer]) -> bool:
    """Return whether a usable engine was chosen by somebody, rather than installed along with another one."""
    return name not in _CHOSEN_WITH or _CHOSEN_WITH[name] in {offer.name for offer in usable}


def engine_class(name: str) -> type[Engine] | None:
    """Return the class of an installed engine, without importing any other; None if there is none to import."""
    entry = next((one for one in _in_order() if one.name == name), None)
    try:
        return _class_of(entry) if entry is not None else None
    except (Exception, SystemExit):  # a module of another package may raise anything while it is imported
        return None


def named(offers: Sequence[Offer]) -> str:
    """Return the names of offers for use in a sentence."""
    return ", ".join(offer.name for offer in offers) or "none"


def _offer(entry: EntryPoint) -> Offer:
    package = _package(entry)
    try:
        engine = _class_of(entry)
        if (wanted := int(getattr(engine, "api_version", API))) > API:
            return Offer(entry.name, problem=_too_new(entry, wanted), package=package)
        if engine.name != entry.name:
            return Offer(entry.name, problem=_misnamed(entry, engine.name), package=package)
        return Offer(entry.name, _known_role(engine.role), int(engine.rank), _problem(engine), engine, package)
    except (Exception, SystemExit) as error:  # a module of another package may raise anything while it is imported
        reason = f"{type(error).__name__}: {error}".rstrip(".")
        problem = (
            f"The engine '{entry.name}' of {_source(entry)} cannot be imported ({reason}). Reinstall that package."
        )
        return Offer(entry.name, problem=problem, package=package)


def _class_of(entry: EntryPoint) -> type[Engine]:
    """Return the class that an entry point names. Raises TypeError if it names something else, or anything else."""
    found: type[Engine] = entry.load()
    if not isinstance(found, type):
        raise TypeError(f"{entry.value} is no class")
    return found


def _problem(engine: type[Engine]) -> str | None:
    """Return why an engine cannot be used. Raises TypeError if it does not say that in words."""
    problem: object = engine.unavailable()
    if problem is None or isinstance(problem, str):
        return problem
    raise TypeError(f"unavailable() returned {problem!r:.40}, neither None nor a sentence")


def _in_order(entries: Iterable[EntryPoint] | None = None) -> list[EntryPoint]:
    """Return the entry points of engines; of two with one name, the first one counts."""
    return sorted(entry_points(group=GROUP) if entries is None else entries, key=_precedence)


def _precedence(entry: EntryPoint) -> tuple[bool, str, str]:
    """Sort Dropdub's own entry points first, then those of other packages by their names."""
    return _package(entry) != OWN, _package(entry), entry.name


def _package(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist else ""


def _source(entry: EntryPoint) -> str:
    return f"the package {entry.dist.name}" if entry.dist else entry.value


def _taken(entry: EntryPoint, first: EntryPoint) -> Offer:
    """Return an offer that is not used, since another package has an engine of that name."""
    other = "Dropdub has" if _package(first) == OWN else f"{_source(first)} has"
    problem = f"The engine '{entry.name}' of {_source(entry)} is not used, because {other} one of that name."
    name = f"{entry.name} of {_package(entry) or entry.value}"
    return Offer(name, problem=f"{problem}\nUninstall one of the two packages.", package=_package(entry))


def _too_new(entry: EntryPoint, wanted: int) -> str:
    written = f"was written for version {wanted} of the interface for engines, and this Dropdub has version {API}."
    return (
        f"The engine '{entry.name}' of {_source(entry)} {written}\nUpdate Dropdub, or install an older version of it."
    )


def _ended(entry: EntryPoint) -> str:
    ended = "its import crashed or did not end. Other engines are not affected."
    return f"The engine '{entry.name}' of {_source(entry)} is not used, because {ended}\n{ASK_AUTHORS} {_AGAIN}"


def _misnamed(entry: EntryPoint, name: object) -> str:
    return f"The engine '{entry.name}' of {_source(entry)} is not used, because it calls itself {name!r:.80}."


def _known_role(role: str) -> str:
    if role not in ROLES:
        raise ValueError(f"its role is {role!r}, not one of {', '.join(ROLES)}")
    return role
