"""Under which terms the results of an engine may be used, by its name and the model that it has used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dropdub.engines.abilities import DeclaresLicence
from dropdub.engines.licence import APACHE, GPL, OWN_CHOICE, UNKNOWN, Commercial, Licence, declared, strictest
from dropdub.engines.models.catalogue import ENGINES_BY_LANGUAGE, ENGINES_BY_PAIR, MODELS, brought_by_pair, find
from dropdub.engines.models.known import KnownModel
from dropdub.engines.offers import engine_class

WITHOUT_CATALOGUE: Mapping[str, Licence] = {
    "espeak-ng": GPL,
    "hibari": APACHE,
    "openai": OWN_CHOICE,
    "resemblyzer": APACHE,
}
"""The licences of engines whose model is in their package, or on a server that the user runs."""
_DEEDS: Mapping[str, str] = {
    "CC-BY": "CC-BY-4.0 (creativecommons.org/licenses/by/4.0)",
    "CC-BY-NC": "CC-BY-NC-4.0 (creativecommons.org/licenses/by-nc/4.0)",
}
"""How a licence that demands credit has to be named in it: with its address."""


@dataclass(frozen=True)
class Terms:
    """The terms of an engine's results. `licence` is short; `credits` are lines to publish along with the results."""

    models: tuple[str, ...]
    licence: str
    commercial: Commercial
    credits: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return what the manifest says of an engine, besides what the engine says itself."""
        said = {"licence": self.licence, "commercial": self.commercial}
        return {**said, **({"credit": " ".join(self.credits)} if self.credits else {})}


def terms_of(engine: str, details: Mapping[str, Any]) -> Terms:
    """Return the terms of what an engine made. `details` are those of its `EngineInfo`, which name its model.

    A model that is not in the catalogue, such as one that somebody copied into the folder, has the licence that the
    engine's own package states, or an unknown one. Imports an engine of another package, but loads no model.
    """
    models = _models(details)
    known = [find(name) for name in models]
    if engine in WITHOUT_CATALOGUE:
        return _of(models, [WITHOUT_CATALOGUE[engine]])
    found = [model for model in known if model is not None]
    if models and len(found) == len(models):
        return _of(models, [one.licence for one in found], _credits(found))
    kind = engine_class(engine)
    licence = declared(kind.licence) if isinstance(kind, DeclaresLicence) else UNKNOWN
    stated = [_credit(engine, licence)] if licence.author else []
    return _of(models, [*(one.licence for one in found), licence], [*_credits(found), *stated])


def terms_of_use(engine: str, model: str | None) -> Terms:
    """Return the terms of an engine before it is loaded. `model`: the one that it will use, as a name or path.

    None for an engine whose model is in its package, or that has one for each language or pair of languages: then
    these are the terms of all of them.
    """
    names = [Path(model).name] if model else [one.name for one in MODELS if one.engine == engine and _has_several(one)]
    return terms_of(engine, {"models": dict.fromkeys(names or brought_by_pair(engine).values(), "")})


def _has_several(model: KnownModel) -> bool:
    return model.engine in ENGINES_BY_PAIR | ENGINES_BY_LANGUAGE


def _models(details: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the models that an engine used: one, one for each pair of languages, or none."""
    by_pair, one = details.get("models"), details.get("model")
    if isinstance(by_pair, Mapping):
        return tuple(map(str, by_pair))
    return (str(one),) if one else ()


def _of(models: tuple[str, ...], licences: Iterable[Licence], given_credits: Iterable[str] = ()) -> Terms:
    all_of_them = list(licences)
    short = ", ".join(dict.fromkeys(licence.short for licence in all_of_them))
    return Terms(models, short, strictest(one.commercial for one in all_of_them), tuple(given_credits))


def _credits(models: Iterable[KnownModel]) -> list[str]:
    return [credit_of(model) for model in models if model.licence.author]


def credit_of(model: KnownModel) -> str:
    """Return the sentence that credits a model's author, as CC-BY demands: who, what, and under which licence."""
    return _credit(model.name, model.licence)


def _credit(what: str, licence: Licence) -> str:
    return f"{what} is by {licence.author}, under {_DEEDS.get(licence.short, licence.short)}."
