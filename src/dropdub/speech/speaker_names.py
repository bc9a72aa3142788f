"""Find the names of speakers before colons in the lines of a subtitle. Pure, in linear time.

A name in capitals is one by itself (`JOHN: Hi.`), and so is one with a title (`Dr. Smith: Hi.`). In mixed case it looks
like any other word before a colon (`Remember: Hi.`), so only the whole file can show that it is one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from dropdub.sentence_ends import CLOSERS, MARKS, OPENERS, word_set
from dropdub.speech.label_words import NO_NAMES, ROLES, SAYING_ENDS, TITLES
from dropdub.unspaced import is_unspaced

LABEL = re.compile(
    r"([^\W_][^:：\n\[\]{}♪.!?,;()]{0,30}(?:\.[^:：\n\[\]{}♪!?,;()]{0,20})?)"
    r"(?:\([^()]{0,30}\)|\[[^\[\]]{0,30}\])?\s?([:：])"
)
_BEFORE = re.compile(rf"[\s\-–—‐\u200e\u200f\u202a-\u202e\u2066-\u2069{re.escape(OPENERS[:6])}]*+")
_ENDS = re.compile(rf"[{re.escape(MARKS)}]+[{re.escape(CLOSERS)}]*\s+")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_CALLED = re.compile(r", ([^\W\d_]+)(?=[.,!?…]|$)|^([^\W\d_]+)(?=[,!] )")
_ENCLITIC = re.compile(r"-(?:me|te|se|lhe|lhes|nos|vos|o|a|os|as|lo|la|los|las)$")
"""Portuguese verbs have it, names do not: `Disse-lhe:`."""
_PARTICLES = word_set("de da do dos das del di du des von van der den la le el bin al")
_MC = re.compile(r"\bMa?c(?=[A-Z])")
MOST_WORDS = 3
_LONGEST, _LONGEST_WIDE = 30, 8
_FEWEST, _LABELLED_SHARE = 2, 0.5
_MOST_UNREPEATED = 4
"""More labels, none of which comes again, are a list: `Flour: Two cups.`, `Dog: Cachorro.`"""
_SURELY = 3
"""A label that comes so often is a name, even if its words are also ordinary ones: `Will:`, `Grace:`."""


def begins(text: str) -> Iterator[int]:
    """Yield where a name may stand in a text: at its start, and after each sentence."""
    yield 0
    yield from (end.end() for end in _ENDS.finditer(text))


def label_start(text: str, begin: int) -> int:
    """Return the index of the first letter from `begin`, after dashes, quotes and marks of direction."""
    found = _BEFORE.match(text, begin)
    return found.end() if found else begin


def is_role(label: str) -> bool:
    """Return whether a label in lower case is a speaker without a name: `man 2`, `narrator`."""
    words = label.split()
    return bool(words) and words[0] in ROLES and all(word.lstrip("#").isdigit() or len(word) == 1 for word in words[1:])


def has_title(label: str) -> bool:
    """Return whether a label is a title and a name: `Dr. Smith`."""
    title, *name = label.split()
    return title.rstrip(".").casefold() in TITLES and 0 < len(name) < MOST_WORDS and name[-1][0].isupper()


def is_loud(label: str) -> bool:
    """Return whether a label is a name in capitals."""
    words, plain = label.casefold().split(), _MC.sub("", label)
    loud = plain.upper() == plain and plain.lower() != plain
    return loud and len(words) <= MOST_WORDS and words[0].rstrip(".") not in NO_NAMES


def first_letter(text: str) -> str:
    """Return the first letter or digit of a text; empty if there is none."""
    return next((one for one in text if one.isalnum()), "")


def touches(text: str, label: re.Match[str]) -> bool:
    """Return whether something follows a label's colon without a blank, as in `10:30`; wide scripts have none."""
    after = text[label.end() : label.end() + 1]
    return label[2] == ":" and bool(after.strip()) and not is_unspaced(after)


@dataclass(frozen=True)
class _Lines:
    """The lines of a subtitle, with what distinguishes names from ordinary words.

    `labels`: what may be names, in lower case, those of each line.
    """

    labels: Sequence[Sequence[str]]
    ordinary: frozenset[str]
    called: frozenset[str]

    @staticmethod
    def of(texts: Sequence[str], small: frozenset[str]) -> _Lines:
        labels = [[label for begin in begins(text) if (label := _possible_name(text, begin, small))] for text in texts]
        ordinary = {word for text in texts for word in _WORD.findall(text) if word.islower()}
        called = {one[1] or one[2] for text in texts for one in _CALLED.finditer(text)}
        return _Lines(labels, small | ordinary, frozenset(one.casefold() for one in called if one[0].isupper()))

    def is_ordinary(self, label: str) -> bool:
        """Return whether a word of a label is a function word, or also written with a small letter."""
        return any(word in self.ordinary for word in label.split() if word not in _PARTICLES)

    def is_called(self, label: str) -> bool:
        """Return whether somebody is called by a word of a label: `Thank you, Maria.`"""
        return any(word in self.called for word in label.split() if word not in _PARTICLES)

    def in_dialogue(self) -> Iterator[str]:
        """Yield the labels of two who talk: different ones, in the same line or the next."""
        flat = [(place, label) for place, labels in enumerate(self.labels) for label in labels]
        for (place, label), (after, other) in pairwise(flat):
            if after - place <= 1 and label != other:
                yield from (label, other)


def names_in(texts: Sequence[str], small: frozenset[str]) -> frozenset[str]:
    """Return the labels before colons that are surely names, in lower case. `small`: function words of the language.

    A name comes again, or somebody is called by it, or both of two who talk have one, or half of the lines; in a file
    where two come again, whatever looks like one is a name.
    """
    lines = _Lines.of(texts, small)
    counts = Counter(label for labels in lines.labels for label in labels)
    likely = {label for label in counts if not lines.is_ordinary(label)}
    again = {label for label, count in counts.items() if count >= (_FEWEST if label in likely else _SURELY)}
    if not again and len(counts) > _MOST_UNREPEATED:
        return frozenset()
    labelled = sum(bool(labels) for labels in lines.labels)
    if len(again) >= _FEWEST or (len(counts) >= _FEWEST and labelled >= _LABELLED_SHARE * len(texts)):
        return frozenset(again | likely)
    talking = set(lines.in_dialogue())
    return frozenset(again | {label for label in likely if label in talking or lines.is_called(label)})


def _possible_name(text: str, begin: int, small: frozenset[str]) -> str | None:
    """Return the label at a place, in lower case, if it can be a name."""
    found = LABEL.match(text, label_start(text, begin))
    if not found or touches(text, found):
        return None
    words, after = found[1].split(), first_letter(text[found.end() :])
    is_wide = found[2] == "：" or is_unspaced(found[1])
    if len(words) > MOST_WORDS or after.islower() or len(found[1].strip()) > (_LONGEST_WIDE if is_wide else _LONGEST):
        return None
    return " ".join(word.casefold() for word in words) if _may_be_names(words, small) else None


def _may_be_names(words: Sequence[str], small: frozenset[str]) -> bool:
    lowered = [word.casefold() for word in words]
    named = all(not word[0].islower() or word.casefold() in _PARTICLES for word in words)
    listed = any(word.strip(".") in NO_NAMES for word in lowered)
    listed = listed or (len(words) > 1 and any(word in small for word in lowered if word not in _PARTICLES))
    says = lowered[-1].endswith(SAYING_ENDS) or _ENCLITIC.search(lowered[-1]) is not None
    return named and not listed and not says and words[0][0].isalpha()
