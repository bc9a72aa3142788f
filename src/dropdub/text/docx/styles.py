"""What the styles of a Word document say about its paragraphs and runs: headings, lists, hidden text, code."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dropdub.text.docx.package import DocxPackage, child, is_on, number, value, word
from dropdub.untrusted.xml_places import PlacedElement

_HEADING = re.compile(r"heading ([1-9])", re.I)
_TITLES = {"title": 1, "subtitle": 2}
_ID_OF_HEADING = re.compile(
    r"(?:heading|title|título|titulo|ttulo|titre|titolo|überschrift|berschrift|kop|rubrik|overskrift|nagłówek|nadpis|"
    r"заголовок|标题|見出し|제목|başlık|címsor|titlu|otsikko)\s*([1-9])",
    re.I,
)
"""Ids of heading styles in documents without their definition, as some programs write them."""
_NOT_READ = re.compile(r"(?:toc|contents|index|table of (?:figures|authorities))\b(?: heading)?\s*\d?", re.I)
_CODE = re.compile(r"(?:source code|code|code block|verbatim char|html code|macro)", re.I)
_PREFORMATTED = re.compile(r"html preformatted|preformatted text", re.I)
_DEEPEST = 6
_MOST_PARENTS = 20


@dataclass(frozen=True)
class Style:
    """A style: `level` of a heading (0: none), its list, and whether its words are hidden, code or contents."""

    name: str = ""
    based_on: str = ""
    level: int = 0
    is_hidden: bool | None = None
    list_id: int | None = None
    list_level: int | None = None

    @property
    def is_code(self) -> bool:
        return _CODE.fullmatch(self.name) is not None

    @property
    def is_preformatted(self) -> bool:
        """Return whether it is for text with its own line ends: code, or all of a text file that was opened."""
        return _PREFORMATTED.fullmatch(self.name) is not None

    @property
    def is_contents(self) -> bool:
        return _NOT_READ.fullmatch(self.name) is not None


class Styles:
    """The styles by id. What a style does not say, the style that it is based on does."""

    def __init__(self, package: DocxPackage) -> None:
        part = package.part("styles")
        found = package.xml(part).root.children if part else []
        self._styles = {value(one, "styleId"): _style(one) for one in found if word(one) == "style"}
        self._cache: dict[str, Style] = {}

    def __getitem__(self, id_: str) -> Style:
        """Return a style with what it inherits; an unknown one has no properties but the heading in its id."""
        if id_ not in self._cache:
            self._cache[id_] = self._whole(id_)
        return self._cache[id_]

    def _whole(self, id_: str) -> Style:
        if id_ not in self._styles:
            heading = _ID_OF_HEADING.fullmatch(id_)
            return Style(level=min(int(heading[1]), _DEEPEST) if heading else 0)
        chain = [self._styles[id_]]
        while chain[-1].based_on in self._styles and len(chain) < _MOST_PARENTS:
            chain.append(self._styles[chain[-1].based_on])
        return Style(
            name=chain[0].name,
            level=next((one.level for one in chain if one.level), 0),
            is_hidden=next((one.is_hidden for one in chain if one.is_hidden is not None), None),
            list_id=next((one.list_id for one in chain if one.list_id is not None), None),
            list_level=next((one.list_level for one in chain if one.list_level is not None), None),
        )


def level_of(properties: PlacedElement | None) -> int:
    """Return the level of a heading by the outline level of its properties; 0 if it is none."""
    outline = number(child(properties, "outlineLvl"))
    return min(outline + 1, _DEEPEST) if outline is not None and outline < 9 else 0


def _style(element: PlacedElement) -> Style:
    name = value(child(element, "name"))
    heading = _HEADING.fullmatch(name)
    paragraph, run = child(element, "pPr"), child(element, "rPr")
    named = min(int(heading[1]), _DEEPEST) if heading else _TITLES.get(name.casefold(), 0)
    list_ = child(paragraph, "numPr")
    return Style(
        name=name,
        based_on=value(child(element, "basedOn")),
        level=named or level_of(paragraph),
        is_hidden=is_on(child(run, "vanish")),
        list_id=number(child(list_, "numId")),
        list_level=number(child(list_, "ilvl")),
    )
