"""apertium's modes from one language to another, and the packages that contain a pair."""

from __future__ import annotations

from collections.abc import Sequence

from dropdub.engines.api import primary


def route(modes: Sequence[str], source: str, target: str) -> tuple[str, ...]:
    """Return the mode, or the two modes in order, that lead from `source` to `target`; empty if there are none."""
    direct = _between(modes, source, target)
    if direct:
        return (direct,)
    for first in _preferred(modes, source):
        second = _between(modes, ends(first)[1], target)
        if ends(first)[0] == primary(source) and second:
            return first, second
    return ()


def _between(modes: Sequence[str], source: str, target: str) -> str | None:
    wanted = (primary(source), primary(target))
    fitting = (mode for mode in _preferred(modes, target) if ends(mode) == wanted)
    return next(fitting, None)


def _preferred(modes: Sequence[str], tag: str) -> list[str]:
    """Sort modes: those with the tag's region first, then those without a region."""
    region = tag.replace("_", "-").partition("-")[2].lower()

    def merit(mode: str) -> tuple[bool, bool]:
        own = mode.partition("_")[2].lower()
        return own != region, bool(own)

    return sorted(modes, key=merit)


def ends(mode: str) -> tuple[str, str]:
    """Return the primary source and target language of a mode such as `spa-eng_US`."""
    source, _, target = mode.partition("-")
    return primary(source), primary(target)


_KNOWN_PAIRS = {
    ("en", "es"): "apertium-eng-spa",
    ("es", "pt"): "apertium-es-pt",
    ("ca", "en"): "apertium-eng-cat",
    ("ca", "es"): "apertium-spa-cat",
    ("ca", "fr"): "apertium-fra-cat",
    ("ca", "it"): "apertium-cat-ita",
    ("ca", "pt"): "apertium-por-cat",
    ("en", "gl"): "apertium-en-gl",
    ("es", "gl"): "apertium-es-gl",
    ("gl", "pt"): "apertium-pt-gl",
    ("es", "fr"): "apertium-fr-es",
    ("es", "it"): "apertium-spa-ita",
    ("es", "ro"): "apertium-es-ro",
    ("en", "eo"): "apertium-eo-en",
}
"""The Debian package of each pair; the languages of a pair are in alphabetical order."""
_MIDDLES = ("es", "ca")


def packages(source: str, target: str) -> tuple[str, ...]:
    """Return the Debian packages for a pair, or for two pairs through a third language; empty if none are known."""
    direct = _package(source, target)
    if direct:
        return (direct,)
    for middle in _MIDDLES:
        first, second = _package(source, middle), _package(middle, target)
        if first and second:
            return first, second
    return ()


def _package(one: str, other: str) -> str | None:
    first, second = sorted((primary(one), primary(other)))
    return _KNOWN_PAIRS.get((first, second))
