"""Join segments into whole sentences for the translator, and split translations back over the segments. Pure.

A segment often contains half a sentence, or two; a translator needs whole sentences, one at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from dropdub.function_words import function_words
from dropdub.pipeline.artifacts import Segment
from dropdub.sentence_ends import CLOSERS, MARKS, OPENERS, ends_sentence, is_bound, sentences
from dropdub.unspaced import units

LONGEST_PAUSE_S = 1.2
LONGEST_PAUSE_WITHIN_S = 4.0
"""A pause in which a sentence continues if the next word is written with a small letter: in lessons, people think."""
MOST_CHARACTERS = 400
_CLAUSE_ENDS = MARKS + ",;:—，、；："
_PUNCTUATED_SHARE = 0.1
_NEAR_SHARE = 0.2


@dataclass(frozen=True)
class Fragment:
    """The part of a sentence in one segment; `seconds`: approximate duration."""

    segment_id: int
    text: str
    seconds: float


@dataclass(frozen=True)
class Sentence:
    """A sentence, as its fragments in order."""

    fragments: tuple[Fragment, ...]

    @property
    def text(self) -> str:
        return " ".join(fragment.text for fragment in self.fragments)


def sentences_of(segments: Sequence[Segment]) -> list[Sentence]:
    """Return the sentences of a transcript in order; if it has no punctuation, each segment counts as one."""
    if not _is_punctuated(segments):
        return [Sentence((Fragment(one.id, one.text, one.end - one.start),)) for one in segments if one.text.strip()]
    has_capitals = any(one.text != one.text.lower() for one in segments)
    found: list[Sentence] = []
    before: Segment | None = None
    for segment in (one for one in segments if one.text.strip()):
        fragments = _fragments(segment)
        if before is not None and _continues(found[-1], before, segment, fragments[0], has_capitals=has_capitals):
            found[-1] = Sentence((*found[-1].fragments, fragments.pop(0)))
        found += [Sentence((fragment,)) for fragment in fragments]
        before = segment
    return found


def split_over_segments(found: Sequence[Sentence], translated: Mapping[str, str], *, language: str) -> dict[int, str]:
    """Return the translation of each segment, by id. `translated` maps each sentence's text to its translation.

    The translation of a sentence over several segments is cut in proportion to their time, preferably after a comma,
    and not between an article or a preposition of `language`, the target, and its noun.
    """
    parts: dict[int, list[str]] = {}
    for sentence in found:
        shares = [fragment.seconds for fragment in sentence.fragments]
        done = cut(translated[sentence.text], shares, language=language)
        for fragment, part in zip(sentence.fragments, done, strict=True):
            parts.setdefault(fragment.segment_id, []).append(part)
    return {id_: " ".join(filter(None, pieces)) for id_, pieces in parts.items()}


def cut(text: str, shares: Sequence[float], *, language: str) -> list[str]:
    """Return `text` in one part for each share, of proportional length; nothing is lost, and no word is cut.

    No part is empty if there are enough words (in a script without spaces: words if they are known, else letters).
    """
    if len(shares) == 1:
        return [text]
    words = _words(text)
    places = [0, *_places(words, shares, _joints(words, language)), len(words)]
    return ["".join(words[start:end]).strip() for start, end in pairwise(places)]


def _words(text: str) -> list[str]:
    """Return the words of a text, each with the space that follows it."""
    found: list[str] = []
    for word in text.split():
        *inner, last = units(word)
        found += [*inner, f"{last} "]
    return found


def _places(words: Sequence[str], shares: Sequence[float], joints: Sequence[int]) -> list[int]:
    """Return the index of the first word of each part except the first."""
    ends = list(accumulate(map(len, words)))
    whole, total = (ends[-1] if ends else 0), sum(shares) or 1.0
    found: list[int] = []
    for number, mark in enumerate(accumulate(shares[:-1]), start=1):
        earliest = min((found[-1] if found else 0) + 1, len(words))
        latest = max(len(words) - (len(shares) - number), earliest)
        found.append(_best(ends, joints, whole * mark / total, earliest, min(latest, len(words))))
    return found


def _best(ends: Sequence[int], joints: Sequence[int], mark: float, earliest: int, latest: int) -> int:
    """Return the index from `earliest` to `latest` nearest to `mark`; good joints count as nearer than bad ones."""
    near = _NEAR_SHARE * ends[-1] if ends else 0.0

    def distance(place: int) -> float:
        return abs(ends[place - 1] - mark) + near * joints[place - 1]

    return min(range(earliest, latest + 1), key=distance) if ends else 0


def _joints(words: Sequence[str], language: str) -> list[int]:
    """Return how bad a cut after each word is: -1 after a clause, 1 after a word that belongs to the next, else 0."""
    listed = function_words(language)
    bound = listed.helpers | listed.joiners
    return [_joint(word.rstrip(), after, bound) for word, after in pairwise([*words, ""])]


def _joint(word: str, after: str, bound: frozenset[str]) -> int:
    if is_bound(word, after) or word.strip(OPENERS + CLOSERS).casefold() in bound:
        return 1
    return -1 if word[-1:] in _CLAUSE_ENDS else 0


def _fragments(segment: Segment) -> list[Fragment]:
    texts = sentences(segment.text)
    characters = sum(map(len, texts)) or 1
    seconds = segment.end - segment.start
    return [Fragment(segment.id, text, seconds * len(text) / characters) for text in texts]


def _continues(sentence: Sentence, before: Segment, segment: Segment, first: Fragment, *, has_capitals: bool) -> bool:
    if ends_sentence(sentence.text, first.text) or segment.speaker != before.speaker:
        return False
    is_small = has_capitals and first.text.lstrip(OPENERS)[:1].islower()
    if not is_small and not any(map(str.isalpha, before.text)):
        return False  # a countdown, or the number that an answer ends with
    longest_s = LONGEST_PAUSE_WITHIN_S if is_small else LONGEST_PAUSE_S
    return segment.start - before.end <= longest_s and len(sentence.text) + len(first.text) < MOST_CHARACTERS


def _is_punctuated(segments: Sequence[Segment]) -> bool:
    ends = sum(ends_sentence(segment.text) for segment in segments)
    return ends > _PUNCTUATED_SHARE * len(segments)
