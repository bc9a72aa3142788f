"""Say which engines suit this machine, and what the licences of those in use allow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from dropdub.config import Config
from dropdub.doctor.examined_root import ExaminedRoot
from dropdub.doctor.finding import Finding, ok
from dropdub.doctor.language_model import ENGINE as ASKS_SERVER
from dropdub.engines.guide import KINDS, PURPOSES, Spoken, advice, kind_of
from dropdub.engines.licence import STRICTEST_FIRST, Commercial
from dropdub.engines.models.candidates import Use
from dropdub.engines.models.recommended import Machine, this_machine
from dropdub.engines.models.uses import uses
from dropdub.engines.offers import ROLES, installed_offers
from dropdub.engines.terms import terms_of_use
from dropdub.language_server.server import Server
from dropdub.languages import primary

_NATURAL = frozenset({"en", "pt"})


def findings(subject: ExaminedRoot) -> Iterator[Finding]:
    models, offers = subject.config.models, installed_offers()
    here = subject.root.models_dir(models.dir)
    yield from advice_findings(this_machine(here, device=models.device), subject.config, offers)
    yield from licence_findings(uses(subject.config, offers.values(), models_dir=here), named_engines(subject.config))


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


def named_engines(config: Config) -> list[str]:
    """Return the engines that the settings name: by their names, or by the address of their server."""
    named = [str(getattr(options, role, "auto")) for options in config.all_options() for role in ROLES]
    server = [ASKS_SERVER] if Server.of(config.models.openai).is_named else []
    return [name for name in dict.fromkeys([*named, *server]) if name != "auto"]


def licence_findings(used: Iterable[Use], named: Iterable[str] = ()) -> Iterator[Finding]:
    """Yield a finding about what the licences of the engines in use allow; none if none is known to be used.

    `used` are the models, and `named` are engines that the settings name: some have no model of their own.
    """
    models = [(use.engine, use.model) for use in used]
    others = [(name, None) for name in named if name not in dict(models)]
    found: dict[Commercial, list[str]] = {}
    for engine, model in [*models, *others]:
        terms = terms_of_use(engine, model)
        found.setdefault(terms.commercial, []).append(f"{engine} ({terms.licence})")
    if found:
        yield ok("Commercial use", _sentence(found))


def _sentence(found: Mapping[Commercial, list[str]]) -> str:
    parts = [f"{one}: {', '.join(dict.fromkeys(found[one]))}" for one in STRICTEST_FIRST if one in found]
    return f"may results be used commercially? {'; '.join(parts)}"
