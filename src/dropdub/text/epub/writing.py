"""Write an EPUB book again with its words translated, and everything else as it is."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from pathlib import Path

from dropdub.languages import same_language
from dropdub.text.archive import Archive
from dropdub.text.epub.package import Package
from dropdub.text.pages.reading import passages_of
from dropdub.text.pages.tree import Element, elements, tree, words_in
from dropdub.text.rewriting.language_marks import is_right_to_left, with_language, with_page_language
from dropdub.text.rewriting.passages import Passage
from dropdub.text.rewriting.rewritten_archive import rewrite
from dropdub.text.rewriting.splicing import spliced
from dropdub.text.rewriting.translated_passages import Translating
from dropdub.untrusted.markup_encoding import decoded, encoded

_PROGRESSION = re.compile(r"(<(?:\w+:)?spine\b[^<>]*?)\spage-progression-direction\s*=\s*([\"'])\w*\2", re.I)
_SPINE = re.compile(r"<(?:\w+:)?spine\b", re.I)


def write_epub(
    archive: Archive, source: Path, out: Path, translating: Translating, *, language: str, target: str
) -> None:
    """Write the book at `source`, which `archive` reads, to `out`: its pages, tables of contents and title translated.

    Raises the errors of reading it, and OSError.
    """
    package = Package(archive)
    package.pages()  # refuses a locked book
    hidden, changed = package.hidden(), {}
    for part in package.markup():
        page = package.read(part)
        new = translated_page(page, passages_of(page, hidden=hidden), translating)
        new = with_page_language(new, source=language, target=target)
        if new != page:
            changed[part] = encoded(new, archive.original(part))
    package_file = archive.original(package.place)
    described = _described(decoded(package_file), translating, language, target)
    rewrite(source, out, changed | {package.place: encoded(described, package_file)})


def translated_page(page: str, passages: Sequence[Passage], translating: Translating) -> str:
    """Return a page with its passages translated."""
    wanted = [one for one in passages if one.is_translated]
    rendered = translating.rendered(wanted, lambda text, _style: html.escape(text, quote=False))
    edits = [(one.start, one.end, new) for one, new in zip(wanted, rendered, strict=True) if new is not None]
    return spliced(page, edits)


def _described(package: str, translating: Translating, language: str, target: str) -> str:
    """Return the package file with the title and the language of the translation."""
    found = list(elements(tree(package)))
    titles = [one for one in found if one.name in ("dc:title", "title")]
    edits = [_edit(one, translating.text(words)) for one in titles if (words := words_in(package, one))]
    said = [one for one in found if one.name in ("dc:language", "language")]
    own = [one for one in said if same_language(words_in(package, one), language)] or said[:1]
    edits += [_edit(one, target) for one in own]
    return _with_progression(with_language(spliced(package, edits), source=language, target=target), language, target)


def _edit(element: Element, words: str) -> tuple[int, int, str]:
    return element.inner, element.inner_end, html.escape(words, quote=False)


def _with_progression(package: str, language: str, target: str) -> str:
    """Return the package file with the direction in which pages are turned, if it changes."""
    if is_right_to_left(language) == is_right_to_left(target):
        return package
    without = _PROGRESSION.sub(r"\1", package)
    direction = "rtl" if is_right_to_left(target) else "ltr"
    return _SPINE.sub(lambda tag: f'{tag[0]} page-progression-direction="{direction}"', without, count=1)
