"""Whether a result may be used commercially: as far as the engines that made it are concerned. Pure but for plug-ins,
whose classes are imported to ask for their licence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dropdub.engines.licence import strictest
from dropdub.engines.terms import terms_of


def with_terms(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return a manifest in which each engine has the terms of its model, and the strictest of them stand for the whole.

    `commercial_use` is the `answer`, and the names of the `engines` that decide it; none if nothing forbids it.
    """
    engines = [{**engine, **_terms(engine)} for engine in manifest["engines"]]
    answer = strictest(engine["commercial"] for engine in engines if "commercial" in engine)
    return {**manifest, "engines": engines, "commercial_use": {"answer": answer, "engines": _deciding(engines, answer)}}


def _terms(engine: Mapping[str, Any]) -> dict[str, Any]:
    """Return the terms of an engine; none for the file of a user, which stands in the place of one."""
    return {} if engine.get("file") else terms_of(str(engine.get("name")), engine.get("details") or {}).to_json()


def _deciding(engines: Sequence[Mapping[str, Any]], answer: str) -> list[str]:
    if answer == "yes":
        return []
    return list(dict.fromkeys(str(one["name"]) for one in engines if one.get("commercial") == answer))
