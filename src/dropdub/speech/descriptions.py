"""Find what subtitles show but nobody says: sounds, music, and the names of speakers. Pure, in linear time.

`[door slams] Who is there?`, `(sighs) I am tired.`, `JOHN: The house`, `♪ la la ♪`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from dropdub.function_words import function_words
from dropdub.sentence_ends import MARKS
from dropdub.speech.label_words import NOT_SOUNDS, SOUND_SIGNS
from dropdub.speech.speaker_names import (
    LABEL,
    begins,
    first_letter,
    has_title,
    is_loud,
    is_role,
    label_start,
    names_in,
    touches,
)
from dropdub.unspaced import is_joined_without_space, is_unspaced

_SQUARE = r"\[[^\[\]]*+\]|【[^【】]*+】|［[^［］]*+］|〔[^〔〕]*+〕|\{[^{}]*+\}"
_MUSIC = r"[♪♫♬♩]++[^♪♫♬♩]*+[♪♫♬♩]*+"
_HASHES = r"(?:(?<=\s)|^)#++\s[^#]{1,300}\s#++(?=\s|$)"
_STARS = r"\*[^*\s][^*]{0,60}\*(?=\s*+(?:[^\W\d_a-z]|$))"
_SPAN = re.compile(
    rf"(?:{_SQUARE}):?|{_MUSIC}|{_HASHES}|{_STARS}|(?P<round>\([^()]*+\)):?|(?P<wide>（[^（）]*+）)[:：]?"
)
_CHEVRONS = re.compile(r">{2,3}\s*+")
_TURN = re.compile(r"(?<=\s)>{2,3}\s")
_DIRECTIONS = dict.fromkeys(map(ord, "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufeff"))
_DIRECTIONS |= dict.fromkeys(range(0x2066, 0x206A))
_WORD = re.compile(r"[^\W\d_]{2,}")
_READING_AID = re.compile("[\u3041-\u30ff・]+")
_LONGEST_SOUND, _LONGEST_WITHIN = 8, 3
_LONGEST_ACRONYM = 4
_SHOUTED_SHARE = 0.5


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
    def of(texts: Iterable[str], *, language: str | None, names: frozenset[str] = frozenset()) -> Descriptions:
        """Return what distinguishes descriptions in these lines: only all together show which labels are names.

        `names`: those that are known, in lower case; a translation keeps those of its source.
        """
        lines = list(texts)
        listed = function_words(language)
        small = listed.helpers | listed.joiners | listed.leaners
        return Descriptions(names | names_in(lines, small), _is_shouted(lines), small)

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
        turns = (turn.start() for turn in _TURN.finditer(text))
        starts = {*begins(text), *(end for _, end, _ in sounds), *turns}
        names = [span for begin in starts for span in self._label(text, begin)]
        found: list[tuple[int, int, str]] = []
        for span in sorted([*sounds, *names], key=lambda one: (one[0], -one[1])):
            if not found or span[0] >= found[-1][1]:
                found.append(span)
        return found

    def _label(self, text: str, begin: int) -> Iterator[tuple[int, int, str]]:
        start = label_start(text, begin)
        chevrons = _CHEVRONS.match(text, start)
        if chevrons:
            yield start, chevrons.end(), "name"
            start = chevrons.end()
        label = LABEL.match(text, start)
        if not label or touches(text, label):
            return
        if self._is_name(label[1].strip(), text[label.end() :]) or (chevrons and label[1][0].isupper()):
            yield start, label.end(), "name"

    def _is_name(self, label: str, after: str) -> bool:
        bare = " ".join(label.casefold().split())
        if bare in self.names or is_role(bare) or has_title(label):
            return not first_letter(after).islower()
        return is_loud(label) and not self.shouts

    def _is_sound(self, text: str, found: re.Match[str]) -> bool:
        inner = found[0].rstrip(":：")[1:-1]
        if found["round"] is None and found["wide"] is None:
            return found[0][0] in "♪♫♬♩#" or any(map(str.isalnum, inner))
        before, after = text[: found.start()].rstrip(), text[found.end() :]
        words = inner.split()
        if not _WORD.search(inner) and not is_unspaced(inner):
            return False  # `(2020)`, `(1)`
        if inner.rstrip().endswith((".", "?", "!")) and inner.upper() != inner and not inner.rstrip().endswith("..."):
            return False  # somebody says it under their breath
        if not before or before[-1] in MARKS + ":：-–—♪])】）>":
            return len(words) <= _LONGEST_SOUND
        if text[found.start() - 1].isalnum():
            return _is_attached_sound(inner, text[found.start() - 1])
        return self._is_sound_within(inner, words, before=before, ends=not any(map(str.isalnum, after)))

    def _is_sound_within(self, inner: str, words: Sequence[str], *, before: str, ends: bool) -> bool:
        """Return whether brackets inside a sentence describe a sound: `I am (sighs) tired`, not `(about 6 dollars)`."""
        if len(words) > _LONGEST_WITHIN or any(map(str.isdigit, inner)) or words[0].casefold() in self.small_words:
            return False
        if before[-1].isdigit() or inner.casefold().rstrip(".") in NOT_SOUNDS:
            return False  # `5 (pm)`
        is_acronym = inner.upper() == inner and len(inner) <= _LONGEST_ACRONYM and inner.lower() != inner
        return not is_acronym and inner in (inner.lower(), inner.upper())


def _is_attached_sound(inner: str, before: str) -> bool:
    """Return whether brackets directly after a letter are not said: in scripts without blanks they may be anything.

    A reading aid is not said either.
    """
    is_aid = _READING_AID.fullmatch(inner) is not None and is_unspaced(before)
    return is_aid or any(sign in inner for sign in SOUND_SIGNS)


def joined(parts: Iterable[str]) -> str:
    """Return the parts of a text that are said as one, without marks of direction; empty without a letter or digit."""
    text = ""
    for part in parts:
        text += part if is_joined_without_space(text.rstrip(), part.lstrip()) else f" {part}"
    text = " ".join(text.translate(_DIRECTIONS).split())
    text = re.sub(r" (?=[.,!?…;:](?:\s|$))", "", text).lstrip("-–—‐, ")
    return text if any(map(str.isalnum, text)) else ""


def _is_shouted(lines: Sequence[str]) -> bool:
    """Return whether a subtitle is written in capitals, as old captions are: they then mark no names."""
    bare = "".join(LABEL.sub("", line) for line in lines)
    cased = [one for one in bare if one.isupper() or one.islower()]
    return sum(map(str.isupper, cased)) > _SHOUTED_SHARE * len(cased)
