"""Lift out of a sentence what the models destroy (tags, subtitle commands, emoji, music signs), and put it back. Pure.

The models return one line of text without saying which word became which: a mark returns to the word boundary that is
nearest to its old place.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dropdub.pictographs import PICTURES

_TAG = r"</?[A-Za-z][^<>]{0,200}>"
_COMMAND = r"\{\\[^{}]{0,200}\}"
"""A command of SubStation subtitles, such as `{\\an8}`."""
_SIGNS = rf"(?:{PICTURES}|[\u2460-\u24ff\u2669-\u266f\u2776-\u2793])+"
"""Pictures and enclosed numbers."""
_DASH = r"^\s*[-–—]\s"
"""The dash before a line of dialogue."""
_MARK = re.compile(f"{_TAG}|{_COMMAND}|{_SIGNS}|{_DASH}")


@dataclass(frozen=True)
class Mark:
    """Something lifted out, the number of words `before` it, and whether it touches its `left` or `right` neighbour."""

    text: str
    before: int
    left: bool = False
    right: bool = False


@dataclass(frozen=True)
class Lifted:
    """A sentence without its marks, on one line with single spaces, and the marks in order."""

    bare: str
    marks: tuple[Mark, ...]


def lifted(sentence: str, *, also: re.Pattern[str] | None = None) -> Lifted:
    """Lift the marks out of a sentence, and what the pattern `also` matches."""
    pattern = re.compile(f"{_MARK.pattern}|{also.pattern}", also.flags) if also else _MARK
    bare, marks, start = "", [], 0
    for found in pattern.finditer(sentence):
        bare += sentence[start : found.start()]
        start = found.end()
        marks.append(_mark(found, bare))
    return Lifted(" ".join((bare + sentence[start:]).split()), tuple(marks))


def filled(text: str) -> str:
    """Return a text of the same length in which brackets stand for the marks, so that sentences end where they did."""
    return _MARK.sub(lambda found: (")" if _closes(found) else "(") * len(found[0]), text)


def put_back(bare: str, translation: str, marks: Sequence[Mark]) -> str:
    """Return the translation of a bare sentence with the marks of the sentence."""
    words, former = translation.split(), len(bare.split())
    slots: list[list[Mark]] = [[] for _ in range(len(words) + 1)]
    for mark in marks:
        slots[_slot(mark.before, former, len(words))].append(mark)
    pieces = [*slots[0]]
    for word, slot in zip(words, slots[1:], strict=True):
        pieces += [Mark(word, 0), *slot]
    return _joined(pieces)


def _mark(found: re.Match[str], bare: str) -> Mark:
    """Return the mark that was found after the words of `bare`."""
    before, left, right = len(bare.split()), _touches_left(found), _touches_right(found)
    if not (left and right):
        return Mark(found[0].strip(), before, left, right)
    closes = _closes(found)
    is_inside_word = bare[-1:].strip() != ""
    return Mark(found[0].strip(), before - (is_inside_word and not closes), left=closes, right=not closes)


def _touches_left(found: re.Match[str]) -> bool:
    return found[0] == found[0].lstrip() and found.string[: found.start()][-1:].strip() != ""


def _touches_right(found: re.Match[str]) -> bool:
    return found[0] == found[0].rstrip() and found.string[found.end() :][:1].strip() != ""


def _closes(found: re.Match[str]) -> bool:
    """Return whether a mark belongs to the text before it rather than to what follows."""
    is_opening = found[0].startswith(("<", "{")) and not found[0].startswith("</")
    return _touches_left(found) and not is_opening


def _slot(before: int, former: int, now: int) -> int:
    """Return the word boundary for a mark that had `before` of `former` words before it; there are `now` words."""
    if before <= 0:
        return 0
    if before >= former:
        return now
    return min(max(round(before * now / former), 1), max(now - 1, 0))


def _joined(pieces: Sequence[Mark]) -> str:
    text = ""
    for number, piece in enumerate(pieces):
        touches = number == 0 or piece.left or pieces[number - 1].right
        text += piece.text if touches else f" {piece.text}"
    return text
