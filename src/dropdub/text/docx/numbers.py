"""The numbers of the list items of a Word document, as Word shows them."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass

from dropdub.text.docx.package import DocxPackage, child, is_on, number, value, word
from dropdub.untrusted.xml_places import PlacedElement

BULLET = "- "
_PLACE = re.compile(r"%([1-9])")
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"))
_ROMAN_SMALL = ((50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))
_MOST_ROMAN = 4_000
_LONGEST = 40
"""Characters of a number with all its parts."""


@dataclass(frozen=True)
class _Level:
    kind: str = "bullet"
    text: str = ""
    start: int = 1
    is_legal: bool = False
    """Whether all parts of its numbers are written with digits."""


class Numbers:
    """Counts the items of lists in the order in which they are asked for."""

    def __init__(self, package: DocxPackage) -> None:
        part = package.part("numbering")
        found = package.xml(part).root.children if part else []
        abstract = {value(one, "abstractNumId"): one for one in found if word(one) == "abstractNum"}
        named = {value(child(one, "styleLink")): id_ for id_, one in abstract.items() if child(one, "styleLink")}
        links = {id_: named.get(value(child(one, "numStyleLink"))) for id_, one in abstract.items()}
        self._same = {id_: other for id_, other in links.items() if other}
        """Of lists that take their levels from the list of a style."""
        self._levels = {id_: _levels(one) for id_, one in abstract.items()}
        self._lists = {number_of(one): one for one in found if word(one) == "num"}
        self._counts: dict[str, dict[int, int]] = defaultdict(dict)
        self._begun: set[tuple[int, int]] = set()

    def marker(self, list_id: int, level: int) -> str:
        """Return the next number of a list with a blank, or a dash; empty for a list that shows nothing."""
        found = self._lists.get(list_id)
        if found is None:
            return BULLET
        id_ = value(child(found, "abstractNumId"))
        id_ = self._same.get(id_, id_)
        levels = {**self._levels.get(id_, {}), **_overridden(found)}
        self._restart(id_, list_id, found)
        self._count(id_, level, levels)
        this = levels.get(level, _Level())
        if this.kind == "bullet":
            return BULLET
        if this.kind == "none" or not this.text.strip():
            return ""
        text = _PLACE.sub(lambda at: self._part(id_, int(at[1]) - 1, levels, this), this.text)
        return f"{text[:_LONGEST].strip()} "

    def _part(self, id_: str, level: int, levels: dict[int, _Level], this: _Level) -> str:
        """Return the number of a level, as a level below it shows it."""
        shown = levels.get(level, this)
        is_digits = this.is_legal and shown.kind != "decimalZero"
        return _written(self._counts[id_].get(level, 1), _Level("decimal") if is_digits else shown)

    def _restart(self, id_: str, list_id: int, element: PlacedElement) -> None:
        """Begin to count again where a list says so, the first time that it is used: lists share their numbers."""
        for override in element.children:
            key = (list_id, _index(override))
            start = number(child(override, "startOverride"))
            if word(override) != "lvlOverride" or start is None or key in self._begun:
                continue
            self._begun.add(key)
            self._counts[id_][key[1]] = start - 1

    def _count(self, id_: str, level: int, levels: dict[int, _Level]) -> None:
        counts = self._counts[id_]
        for above in range(level):
            counts.setdefault(above, levels.get(above, _Level()).start)
        counts[level] = counts[level] + 1 if level in counts else levels.get(level, _Level()).start
        for below in [one for one in counts if one > level]:
            del counts[below]


def number_of(element: PlacedElement) -> int:
    text = value(element, "numId")
    return int(text) if text.isdecimal() and len(text) < 8 else -1


def _levels(element: PlacedElement) -> dict[int, _Level]:
    return {_index(one): _level(one) for one in element.children if word(one) == "lvl"}


def _overridden(element: PlacedElement) -> dict[int, _Level]:
    """Return the levels that one list has of its own."""
    overrides = [one for one in element.children if word(one) == "lvlOverride"]
    return {_index(one): _level(level) for one in overrides if (level := child(one, "lvl")) is not None}


def _index(element: PlacedElement) -> int:
    text = value(element, "ilvl")
    return int(text) if text.isdecimal() and len(text) < 3 else 0


def _level(element: PlacedElement) -> _Level:
    start = number(child(element, "start"))
    kind = value(child(element, "numFmt")) or "decimal"
    is_legal = bool(is_on(child(element, "isLgl")))
    return _Level(kind, value(child(element, "lvlText")), 1 if start is None else start, is_legal)


def _written(count: int, level: _Level) -> str:
    match level.kind:
        case "lowerLetter" | "upperLetter":
            letters = chr(ord("a") + (count - 1) % 26) * min((count - 1) // 26 + 1, 9)
            return letters if level.kind == "lowerLetter" else letters.upper()
        case "lowerRoman":
            return _roman(count)
        case "upperRoman":
            return _roman(count).upper()
        case "decimalZero":
            return f"{count:02d}"
        case _:
            return str(count)


def _roman(count: int) -> str:
    if not 0 < count < _MOST_ROMAN:
        return str(count)
    text = ""
    for amount, letters in _ROMAN + _ROMAN_SMALL:
        times, count = divmod(count, amount)
        text += letters * times
    return text
