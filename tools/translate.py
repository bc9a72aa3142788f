"""Bring the catalogues up to date: collect the messages of code and templates, and compile each catalogue.

A new language is one new file, `src/dropdub/translations/LANGUAGE.po`, which may be empty at first. Needs Babel.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from dropdub.languages import display_name, known_languages
from dropdub.translations.words import LANGUAGE_NAME

SOURCE = Path(__file__).parents[1] / "src" / "dropdub"
FOLDER = SOURCE / "translations"
METHODS = [("**.py", "python"), ("**.j2", "jinja2")]
_LEFT_OUT = (
    *("Project-Id", "Report-Msgid", "POT-Creation", "PO-Revision", "Last-Translator", "Language-Team", "Generated-By"),
)
"""Lines of a catalogue's head that say nothing here, or differ at each writing."""
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}


def main() -> None:
    for file in sorted(FOLDER.glob("*.po")):
        found = updated(file)
        file.write_bytes(written(found))
        file.with_suffix(".mo").write_bytes(compiled(found))
        missing = [message.id for message in found if message.id and not message.string]
        print(f"{file.name}: {len(found)} messages, {len(missing)} without a translation")


def messages() -> Catalog:
    """Return all messages of code and templates, and the names of languages."""
    catalog = Catalog(charset="utf-8", fuzzy=False)
    options = {"**.j2": {"encoding": "utf-8", "newstyle_gettext": "true", "trimmed": "true"}}
    for name, _, text, comments, context in extract_from_dir(str(SOURCE), METHODS, options, KEYWORDS):
        catalog.add(text, None, [(name, 0)], auto_comments=comments, context=context)
    for code in known_languages():
        catalog.add(display_name(code), None, [("languages.py", 0)], context=LANGUAGE_NAME)
    return catalog


def updated(file: Path) -> Catalog:
    """Return a catalogue with exactly today's messages; what is no message any more is left out."""
    with file.open("rb") as opened:
        found = read_po(opened, locale=file.stem, charset="utf-8")
    found.update(messages(), no_fuzzy_matching=True)
    found.obsolete.clear()
    found.fuzzy = False
    _add_names(found, Locale.parse(file.stem))
    return found


def _add_names(catalog: Catalog, locale: Locale) -> None:
    """Fill in the names of languages that nobody has translated, from Unicode's data (CLDR)."""
    for code in known_languages():
        message = catalog.get(display_name(code), LANGUAGE_NAME)
        if message is not None and not message.string:
            message.string = locale.languages.get(code, "")


def written(catalog: Catalog) -> bytes:
    """Return the text of a catalogue, without what would differ at each writing."""
    text = io.BytesIO()
    write_po(text, catalog, width=110, sort_output=True, omit_header=False, include_lineno=False, ignore_obsolete=True)
    lines = text.getvalue().decode("utf-8").splitlines(keepends=True)
    return "".join(line for line in lines if not line.removeprefix('"').startswith(_LEFT_OUT)).lstrip("\n").encode()


def compiled(catalog: Catalog) -> bytes:
    """Return a catalogue as programs read it."""
    binary = io.BytesIO()
    write_mo(binary, cast(Catalog, _Compiled(catalog)))
    return binary.getvalue()


class _Compiled:
    """A catalogue as `write_mo` reads it, without what would differ at each writing."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self.charset = catalog.charset

    def __iter__(self) -> Iterator[Message]:
        head, *messages = self._catalog
        kept = [line for line in str(head.string).splitlines() if not line.startswith(_LEFT_OUT)]
        yield Message("", "\n".join(kept))
        yield from messages


if __name__ == "__main__":
    sys.exit(main())
