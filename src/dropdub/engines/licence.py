"""What the licence of an engine's model allows, in one word."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Commercial = Literal["yes", "no", "ask"]
"""Whether results may be used commercially. `ask`: the licence has conditions, is disputed or is not known."""
STRICTEST_FIRST: tuple[Commercial, ...] = ("no", "ask", "yes")


@dataclass(frozen=True)
class Licence:
    """What may be done with a model, and with what it makes.

    `short` fits a column; `consent`: the user must agree to it first. `author`: who must be credited wherever results
    are published; empty if the licence does not demand that.
    """

    short: str
    name: str
    commercial: Commercial
    consent: bool = False
    author: str = ""


MIT = Licence("MIT", "the MIT licence", "yes")
APACHE = Licence("Apache-2", "the Apache License 2.0", "yes")
GPL = Licence("GPL-3", "the GNU General Public License 3.0, which does not extend to what the program makes", "yes")
OWN_CHOICE = Licence("your own", "the licence of the model that you have chosen", "ask")
UNKNOWN = Licence("unknown", "a licence that Dropdub does not know", "ask")


def declared(licence: object) -> Licence:
    """Return the licence that an engine of another package states; `UNKNOWN` if it is no licence that can be read."""
    if not isinstance(licence, Licence) or licence.commercial not in STRICTEST_FIRST:
        return UNKNOWN
    texts = (licence.short, licence.name, licence.author or "-")
    return licence if all(isinstance(text, str) and text.strip() and text.isprintable() for text in texts) else UNKNOWN


def strictest(answers: Iterable[Commercial]) -> Commercial:
    """Return the strictest of several answers; `yes` if there are none."""
    given = set(answers)
    return next((answer for answer in STRICTEST_FIRST if answer in given), "yes")
