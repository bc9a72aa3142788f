"""Say which engines suit this machine, and what the licences of those in use allow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from dropdub.config import Config
from dropdub.doctor.examined_root import ExaminedRoot
from dropdub.doctor.finding import Finding, ok
from dropdub.engines.guide import KINDS, PURPOSES, Spoken, advice, kind_of
from dropdub.engines.licence import STRICTEST_FIRST, Commercial
from dropdub.engines.models.recommended import Machine, this_machine
from dropdub.engines.models.uses import Use, uses
from dropdub.engines.offers import installed_offers
from dropdub.engines.terms import terms_of_use
from dropdub.languages import primary

_NATURAL = frozenset({"en", "pt"})


def findings(subject: ExaminedRoot) -> Iterator[Finding]:
    models, offers = subject.config.models, installed_offers()
    here = subject.root.models_dir(models.dir)
    yield from advice_findings(this_machine(here, device=models.device), subject.config, offers)
    yield from licence_findings(uses(subject.config, offers.values(), models_dir=here))


def advice_findings(machine: Machine, config: Config, offers: Iterable[str]) -> Iterator[Finding]:
    """Yield the engines to choose on this machine for the languages in the settings: a finding for each purpose, or one
    if they are the same. `offers`: the names of the engines that there are.
    """
    among, spoken, kind = frozenset(offers), spoken_in(config), KINDS[kind_of(machine)]
    texts: dict[str, list[str]] = {}
    for purpose in PURPOSES:
        chosen = advice(machine, purpose, among=among, spoken=spoken)
        text = "; ".join(f"{task.value}: {', '.join(engines)}" for task, engines in chosen)
        texts.setdefault(text, []).append(purpose)
    for text, purposes in texts.items():
        yield ok(f"For {' and '.join(purposes)} use", f"{text} ({kind})")


def spoken_in(config: Config) -> tuple[Spoken, ...]:
    """Return whether the settings are about English and Portuguese, other languages, or both."""
    named = {primary(one) for options in config.all_options() for one in (options.language, *options.targets)}
    known = named - {"auto"}
    found = [Spoken.EN_PT] * bool(known & _NATURAL or not known) + [Spoken.OTHER] * bool(known - _NATURAL)
    return tuple(found)


def licence_findings(used: Iterable[Use]) -> Iterator[Finding]:
    """Yield a finding about what the licences of the models in use allow; none if none is used."""
    found: dict[Commercial, list[str]] = {}
    for use in used:
        terms = terms_of_use(use.engine, use.model)
        found.setdefault(terms.commercial, []).append(f"{use.engine} ({terms.licence})")
    if found:
        yield ok("Commercial use", _sentence(found))


def _sentence(found: Mapping[Commercial, list[str]]) -> str:
    parts = [f"{one}: {', '.join(dict.fromkeys(found[one]))}" for one in STRICTEST_FIRST if one in found]
    return f"may results be used commercially? {'; '.join(parts)}"
