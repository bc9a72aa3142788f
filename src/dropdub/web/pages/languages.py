"""The languages that a page offers: those of the engines in use."""

from __future__ import annotations

from collections.abc import Iterable

from dropdub.languages import display_name
from dropdub.pipeline.described_engines import chosen_engines, described_engines
from dropdub.web.site import Site

Named = list[tuple[str, str]]
"""Tags of languages, with their names."""


def languages_of(site: Site, *roles: str) -> set[str]:
    """Return the tags that the engines in use of all these roles know. Reads the disk."""
    return set.intersection(*(_of_role(site, role) for role in roles))


def _of_role(site: Site, role: str) -> set[str]:
    engines = chosen_engines(described_engines(site.place.root.state_dir, role), getattr(site.config.job, role))
    return {tag for engine in engines for tag in engine.languages}


def named(tags: Iterable[str]) -> Named:
    """Return the tags with their names, in order of these."""
    return sorted(((tag, display_name(tag)) for tag in tags), key=lambda one: one[1])
