"""Join the lines of a paragraph: the gap at each seam, and words that were divided there. Pure.

A hyphen at a line's end divides a word (`impor-⏎tant`) or belongs to it (`well-⏎known`, `fá-⏎lo`). What the text itself
has elsewhere decides first; then what usually has a hyphen in English, Portuguese, Spanish, French and German.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import pairwise

from dropdub.sentence_ends import word_set
from dropdub.unspaced import is_joined_without_space

_HYPHENS = "\u2010¬-"
_LAST = re.compile(rf"[^\W\d_]+(?:['’{_HYPHENS}][^\W\d_]+)*$")
_FIRST = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_LONGEST = 60
"""Characters of a line's end that are examined."""
_AFTER_HYPHEN = word_set("und oder bis and or to ou y u et of och og eller")
"""Conjunctions after a part that is left out: `Vor- und Nachteile`, `pre- and postwar`."""
_FIRST_PARTS = word_set(
    "well self half non ex ill all high low long short old new full first second third one two three four five six "
    "seven eight nine ten twenty thirty forty fifty sixty seventy eighty ninety mother father semi anti so vice "
    "guarda porta pós pré recém não meia segunda terça quarta quinta sexta bem além aquém anglo luso afro latino greco "
    "demi après avant arrière peut celui celle ceux celles est"
)
"""First parts of words with a hyphen."""
_SUFFIXES = word_set("er ers est ish ly ness teen teens teenth ty ern ary age ings ing ed ity tion ment able")
"""What follows the same letters in words without one: `high-⏎er`, `second-⏎ary`."""
_ENCLITICS = word_set("me te se lhe lhes nos vos o a os as lo la los las")
_LO = word_set("lo la los las")
_FUTURE = word_set("ei ás á emos eis ão ia ias íamos íeis iam")
_FRENCH = word_set("t il elle on ils elles nous vous là même mêmes moi toi")
_STRESSED = tuple("áâéêíóôú")
_SHORTEST = 2
"""Letters that are left on a line when a word is divided: `e-⏎mail` has its hyphen."""


def words_of(text: str) -> frozenset[str]:
    """Return the words of a text in lower case, with their hyphens, to decide which were divided."""
    return frozenset(found[0].lower() for found in _WORD.finditer(text))


def run_on(lines: Sequence[str], known: Collection[str] | None = None) -> str:
    """Return lines joined into one, with a space between two if their script uses spaces.

    If the words of the whole text are `known`, words divided at line ends are put together.
    """
    joined = list(lines[:1])
    for before, after in pairwise(lines):
        seam = None if known is None else _hyphen(before, after, known)
        if seam is None:
            joined.append(gap(before, after) + after)
        else:
            joined[-1] = joined[-1][:-1] + seam
            joined.append(after)
    return "".join(joined)


def gap(before: str, after: str) -> str:
    """Return the separator for joining two lines: a space, or nothing between Chinese or Japanese ones."""
    return "" if is_joined_without_space(before, after) else " "


def _hyphen(before: str, after: str, known: Collection[str]) -> str | None:
    """Return what stands for the hyphen at a line's end: itself or nothing; None if the line ends without one."""
    if before[-1:] not in _HYPHENS or not before[-1:]:
        return None
    if before[-2:-1].isdigit() and after[:1].isdigit():
        return before[-1]
    last, first = _LAST.search(before[-_LONGEST:-1]), _FIRST.match(after)
    if last is None or first is None or first[0] in _AFTER_HYPHEN:
        return None
    if _has_hyphen(last[0].lower(), first[0], known):
        return "-"
    return ""


def _has_hyphen(last: str, first: str, known: Collection[str]) -> bool:
    """Return whether a word of these two parts is written with a hyphen."""
    if last + first.lower() in known:
        return False
    if f"{last}-{first}".lower() in known or not first[0].islower() or len(last) < _SHORTEST:
        return True
    if "-" in last or first.partition("-")[0] in _FRENCH or (last in _FIRST_PARTS and first not in _SUFFIXES):
        return True
    return _is_enclitic(last, first, known)


def _is_enclitic(last: str, first: str, known: Collection[str]) -> bool:
    """Return whether a pronoun follows a verb, as in Portuguese: `fá-lo`, `sentar-se`, `disse-me`, `dir-lhe`."""
    pronoun, _, rest = first.partition("-")
    if pronoun not in _ENCLITICS or (rest and rest not in _FUTURE):
        return False
    if rest or last in known:
        return True
    return last.endswith(_STRESSED) if pronoun in _LO else last.endswith(("r", "m")) and pronoun not in ("a", "o")
