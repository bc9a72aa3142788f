"""Find what subtitles show but nobody says: sounds, music, and the names of speakers. Pure, in linear time.

`[door slams] Who is there?`, `(sighs) I am tired.`, `JOHN: The house`, `♪ la la ♪`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from dropdub.function_words import function_words
from dropdub.sentence_ends import CLOSERS, MARKS, OPENERS
from dropdub.speech.label_words import NO_NAMES, ROLES

_SQUARE = r"\[[^\[\]]*+\]|【[^【】]*+】|［[^［］]*+］|〔[^〔〕]*+〕|（[^（）]*+）|\{[^{}]*+\}"
_MUSIC = r"[♪♫♬♩]++[^♪♫♬♩]*+[♪♫♬♩]*+"
_HASHES = r"(?:(?<=\s)|^)#++\s[^#]{1,300}\s#++(?=\s|$)"
_STARS = r"\*[^*\s][^*]{0,60}\*(?=\s*+(?:[^\W\d_a-z]|$))"
_SPAN = re.compile(rf"(?:{_SQUARE}):?|{_MUSIC}|{_HASHES}|{_STARS}|(?P<round>\([^()]*+\)):?")
_CHEVRONS = re.compile(r">{2,3}\s*+")
_START = re.compile(rf"[\s\-–—‐\u200e\u200f\u202a-\u202e\u2066-\u2069{re.escape(OPENERS[:6])}]*+")
_LABEL = re.compile(
    r"([^\W_][^:：\n\[\]{}♪.!?,;()]{0,30}(?:\.[^:：\n\[\]{}♪!?,;()]{0,20})?)(?:\([^()]{0,30}\))?\s?([:：])"
)
_ENDS = re.compile(rf"[{re.escape(MARKS)}]+[{re.escape(CLOSERS)}]*\s+")
_DIRECTIONS = dict.fromkeys(map(ord, "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufeff"))
_DIRECTIONS |= dict.fromkeys(range(0x2066, 0x206A))
_PARTICLES = frozenset(["de", "da", "do", "dos", "das", "del", "von", "van", "la", "le", "el", "bin", "al", "st"])
_MC = re.compile(r"\bMa?c(?=[A-Z])")
_MOST_WORDS = 3
_LONGEST_SOUND, _LONGEST_WITHIN = 8, 3
_LONGEST_ACRONYM = 4
_FEWEST, _LABELLED_SHARE = 2, 0.5
_SHOUTED_SHARE = 0.5
_LONGEST_WIDE = 8


@dataclass(frozen=True)
class Part:
    """A part of a text. `kind`: said, sound (a description, or music) or name (of a speaker)."""

    text: str
    kind: str

    @property
    def is_said(self) -> bool:
        return self.kind == "said"


@dataclass(frozen=True)
class Descriptions:
    """What is not said in the lines of one subtitle.

    `names`: of speakers, in lower case; `shouts`: everything is in capitals; `small_words`: function words.
    """

    names: frozenset[str] = frozenset()
    shouts: bool = False
    small_words: frozenset[str] = frozenset()

    @staticmethod
    def of(texts: Iterable[str], *, language: str | None) -> Descriptions:
        """Return what distinguishes descriptions in these lines: only all together show which labels are names."""
        lines = list(texts)
        listed = function_words(language)
        small = listed.helpers | listed.joiners | listed.leaners
        return Descriptions(_names(lines, small), _is_shouted(lines), small)

    def parts(self, text: str) -> list[Part]:
        """Return the parts of a text in order; joined, they are the text."""
        found: list[Part] = []
        at = 0
        for start, end, kind in self._spans(text):
            if start > at:
                found.append(Part(text[at:start], "said"))
            found.append(Part(text[start:end], kind))
            at = end
        return [*found, *([Part(text[at:], "said")] if at < len(text) else [])]

    def said(self, text: str) -> str:
        """Return the words of a text that are said; empty if there are none."""
        return joined(part.text for part in self.parts(text) if part.is_said)

    def _spans(self, text: str) -> list[tuple[int, int, str]]:
        """Return start, end and kind of what is not said, in order."""
        sounds = [(one.start(), one.end(), "sound") for one in _SPAN.finditer(text) if self._is_sound(text, one)]
        begins = {0, *(end for _, end, _ in sounds), *(end.end() for end in _ENDS.finditer(text))}
        names = [span for begin in begins for span in self._label(text, begin)]
        found: list[tuple[int, int, str]] = []
        for span in sorted([*sounds, *names], key=lambda one: (one[0], -one[1])):
            if not found or span[0] >= found[-1][1]:
                found.append(span)
        return found

    def _label(self, text: str, begin: int) -> Iterator[tuple[int, int, str]]:
        start = _matched_to(_START, text, begin)
        chevrons = _CHEVRONS.match(text, start)
        if chevrons:
            yield start, chevrons.end(), "name"
            start = chevrons.end()
        label = _LABEL.match(text, start)
        if label and (self._is_name(label[1], text[label.end() :], label[2]) or (chevrons and label[1][0].isupper())):
            yield start, label.end(), "name"

    def _is_name(self, label: str, after: str, colon: str) -> bool:
        bare = label.strip().casefold()
        if colon == ":" and after and not after[0].isspace():
            return False
        if bare in self.names or _is_role(bare):
            return not _first_letter(after).islower()
        words = bare.split()
        plain = _MC.sub("", label)
        loud = plain.upper() == plain and plain.lower() != plain and not self.shouts
        return loud and len(words) <= _MOST_WORDS and words[0].rstrip(".") not in NO_NAMES

    def _is_sound(self, text: str, found: re.Match[str]) -> bool:
        inner = found[0].rstrip(":")[1:-1]
        if found["round"] is None:
            return found[0][0] in "♪♫♬♩#" or any(map(str.isalnum, inner))
        before, after = text[: found.start()].rstrip(), text[found.end() :]
        words = inner.split()
        if not any(map(str.isalnum, inner)) or (before and text[found.start() - 1].isalnum()):
            return False
        if inner.rstrip().endswith((".", "?", "!")) and inner.upper() != inner and not inner.rstrip().endswith("..."):
            return False  # somebody says it under their breath
        begins = not before or before[-1] in MARKS + ":：-–—♪])】）>"
        if begins:
            return len(words) <= _LONGEST_SOUND
        return self._is_sound_within(inner, words, ends=not any(map(str.isalnum, after)))

    def _is_sound_within(self, inner: str, words: Sequence[str], *, ends: bool) -> bool:
        """Return whether brackets inside a sentence describe a sound: `I am (sighs) tired`, not `(about 6 dollars)`."""
        if len(words) > _LONGEST_WITHIN or any(map(str.isdigit, inner)) or words[0].casefold() in self.small_words:
            return False
        is_acronym = inner.upper() == inner and len(inner) <= _LONGEST_ACRONYM and inner.lower() != inner
        return not is_acronym and inner in (inner.lower(), inner.upper())


def joined(parts: Iterable[str]) -> str:
    """Return the parts of a text that are said as one, without marks of direction; empty without a letter or digit."""
    text = " ".join(" ".join(parts).translate(_DIRECTIONS).split())
    text = re.sub(r" (?=[.,!?…;:](?:\s|$))", "", text).lstrip("-–—‐, ")
    return text if any(map(str.isalnum, text)) else ""


def _names(lines: Sequence[str], small: frozenset[str]) -> frozenset[str]:
    """Return the labels before colons that are surely names: they come again, or half of the lines have one."""
    labels = [label for line in lines if (label := _possible_name(line, small))]
    counts = Counter(labels)
    if len(counts) >= _FEWEST and len(labels) >= _LABELLED_SHARE * len(lines):
        return frozenset(counts)
    return frozenset(label for label, count in counts.items() if count >= _FEWEST)


def _possible_name(line: str, small: frozenset[str]) -> str | None:
    """Return the label at the start of a line, in lower case, if it can be a name."""
    found = _LABEL.match(line, _matched_to(_START, line, 0))
    if not found or (found[2] == ":" and line[found.end() : found.end() + 1].strip()):
        return None
    words, after = found[1].split(), _first_letter(line[found.end() :])
    if len(words) > _MOST_WORDS or after.islower() or len(found[1]) > (30 if found[2] == ":" else _LONGEST_WIDE):
        return None
    lowered = [word.casefold() for word in words]
    named = all(not word[0].islower() or word.casefold() in _PARTICLES for word in words)
    ordinary = any(word.strip(".") in NO_NAMES or word in small for word in lowered if word not in _PARTICLES)
    return " ".join(lowered) if named and not ordinary and words[0][0].isalpha() else None


def _is_role(label: str) -> bool:
    words = label.split()
    return words[0] in ROLES and all(word.lstrip("#").isdigit() or len(word) == 1 for word in words[1:])


def _first_letter(text: str) -> str:
    return next((one for one in text if one.isalnum()), "")


def _matched_to(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at


def _is_shouted(lines: Sequence[str]) -> bool:
    """Return whether a subtitle is written in capitals, as old captions are: they then mark no names."""
    bare = "".join(_LABEL.sub("", line) for line in lines)
    cased = [one for one in bare if one.isupper() or one.islower()]
    return sum(map(str.isupper, cased)) > _SHOUTED_SHARE * len(cased)
