"""Say something in a language: messages with their values, numbers with decimals, names of languages."""

from __future__ import annotations

import gettext
from dataclasses import dataclass
from functools import cache
from typing import Any

from dropdub.languages import display_name
from dropdub.translations import ENGLISH, catalogue
from dropdub.units import format_size

LANGUAGE_NAME = "name of a language, inside a sentence"
"""The context of these messages: the English names of `dropdub.languages`."""


@dataclass(frozen=True)
class Words:
    """A language and its catalogue.

    Messages have places such as `%(name)s` for their values, and `%%` for a percent sign if there are values.
    """

    language: str
    catalogue: gettext.NullTranslations

    def gettext(self, message: str, /, **values: Any) -> str:
        return _filled(self.catalogue.gettext(message), values)

    def pgettext(self, context: str, message: str) -> str:
        """Return a short message that has another translation in another context."""
        return self.catalogue.pgettext(context, message)

    def ngettext(self, one: str, many: str, num: int, /, **values: Any) -> str:
        """Return the message for that number of things, which is also its value `num`."""
        return _filled(self.catalogue.ngettext(one, many, num), {"num": num, **values})

    def decimal(self, value: float, digits: int) -> str:
        """Return a number rounded to `digits` decimals: `5.83`, in Portuguese `5,83`."""
        return self._with_sign(f"{value:.{digits}f}")

    def size(self, size_bytes: float) -> str:
        """Return a size in powers of 1000: `1.4 GB`, in Portuguese `1,4 GB`."""
        return self._with_sign(format_size(size_bytes))

    def _with_sign(self, number: str) -> str:
        return number.replace(".", self.pgettext("sign before the decimals of a number", "."))

    def name_of(self, tag: str) -> str:
        """Return the name of a tag's language, as inside a sentence: `Portuguese (BR)`, in Portuguese `português (BR)`.

        An unknown tag is returned unchanged.
        """
        return display_name(tag, translated=lambda name: self.pgettext(LANGUAGE_NAME, name))

    def title_of(self, tag: str) -> str:
        """Return the name of a tag's language as it stands alone, with a capital."""
        name = self.name_of(tag)
        return name[:1].upper() + name[1:]


@cache
def words_in(language: str) -> Words:
    """Return the words of an offered language."""
    return Words(language, catalogue(language))


IN_ENGLISH = words_in(ENGLISH)


def _filled(text: str, values: dict[str, Any]) -> str:
    return text % values if values else text
