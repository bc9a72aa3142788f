"""Split text into sentences, for translation, speech, subtitles and paragraphs. Pure, in linear time.

Punctuation alone is not enough: `Dr. Silva`, `z. B.`, `3.5` and `«Quem?» perguntou ela` do not end a sentence.
"""

from __future__ import annotations

import re

from dropdub.abbreviations import STARTERS, Kind, ends_before, is_mark_of_number, kind_of
from dropdub.quotations import continues_after_quote


def word_set(text: str) -> frozenset[str]:
    """Return the set of words in a list separated by whitespace."""
    return frozenset(text.split())


WIDE_MARKS = "。！？｡"
"""Marks that end a sentence even if no space follows."""
MARKS = ".!?…؟۔।" + WIDE_MARKS
_MARKS = frozenset(MARKS)
ELLIPSES = ("…", "...")
CLOSERS = "\"'”’»)]}」』】）》〉"
OPENERS = "\"'“‘«„‚([{¿¡「『【（《〈"

_ORDINAL_LED = word_set("im zum vom beim zur dem der am")
"""German words before an ordinal number, whose period ends no sentence: `im 19. Jahrhundert`."""
_AFTER_ORDINALS = word_set(
    "januar februar märz april mai juni juli august september oktober november dezember jahrhundert jahrhunderts "
    "jh weltkrieg stock etage aufl auflage januari februari januára"
)
_MOST_ORDINAL_DIGITS = 2
_LONGEST_WORD = 40
"""How many characters before a period are examined for an abbreviation."""

_GREEK_QUESTION = r"(?<=[\u0370-\u03ff\u1f00-\u1fff]);"
_CLOSING = rf"(?:[{re.escape(CLOSERS)}]|(?:[^\S\n]{{1,2}}[»›]|[“‘«])(?=[\s,.;:!?)—–-]|$))"
"""What closes a quotation. French has a space before it, German marks open one in other languages."""
_END = re.compile(rf"(?<![{re.escape(MARKS)}])([{re.escape(MARKS)}]++|{_GREEK_QUESTION})({_CLOSING}*+)(\s*+)")
_CLOSED = re.compile(rf"(?:{_CLOSING}|\s)++$")
_BEGINNING = re.compile(rf"[{re.escape(OPENERS)}]*+")
_LAST_WORD = re.compile(r"(?:^|(?<=[^\w.]))(?:[^\W\d_]\.\s)*[\w.]+(?:\.-\w)?$")
"""With the single letters before it: of `J.-C.` and `z. B.` the whole."""
_AMOUNT = re.compile(r"\d[ \u00a0\u202f][ghlms]$")
"""A number and its unit of one letter, which may end a sentence: `às 9 h. Depois`."""
_LETTER_AND_STOP = re.compile(r"[^\W\d_]\.")
_DASHES = re.compile(r"[-–—―]\s*+")


def sentences(text: str) -> list[str]:
    """Return the sentences of a text in order, each with its end punctuation, without the whitespace between them."""
    start, found = 0, []
    has_capitals = text != text.lower()
    for end in _END.finditer(text):
        if _is_end(text, start, end, has_capitals=has_capitals):
            found.append(text[start : end.end()].strip())
            start = end.end()
    return [sentence for sentence in (*found, text[start:].strip()) if sentence]


def ends_sentence(text: str, following: str = "") -> bool:
    """Return whether a text ends a sentence, as far as that can be decided from it and the text `following` it."""
    bare = _without_closers(text[-_LONGEST_WORD:])
    if bare[-1:] not in _MARKS:
        return re.search(f"{_GREEK_QUESTION}$", bare) is not None
    if bare != text[-_LONGEST_WORD:].rstrip() and continues_after_quote(following):
        return False
    if bare[-1] != "." or bare[-2:-1] in _MARKS:
        return True
    before, following = bare[:-1], following[:_LONGEST_WORD].lstrip()
    word = _word_before(before, len(before))
    if following.lstrip(OPENERS)[:1].islower() and kind_of(word) is not None:
        return False
    return _ends_before(before, word, following) and not _is_ordinal(before, following)


def surely_ends_sentence(text: str) -> bool:
    """Return whether a text ends a sentence, whatever follows it.

    It may continue after an ellipsis, a quoted question (`«Quem?» perguntou ela`), a number or any abbreviation.
    """
    text = text[-_LONGEST_WORD:].rstrip()
    bare = _without_closers(text)
    if bare[-1:] not in _MARKS or bare.endswith(ELLIPSES):
        return False
    return not _may_be_abbreviation(bare) if bare[-1] == "." else bare == text


def is_bound(text: str, following: str) -> bool:
    """Return whether the last word of a text must stay with the next: `Dr.`, `pág.`, `R$`, `n.º`, `3.` of a date."""
    last = text[-_LONGEST_WORD:].rstrip().rpartition(" ")[2].lstrip(OPENERS)
    if is_mark_of_number(last):
        return True
    if not last.endswith(".") or last.endswith(".."):
        return False
    kind = kind_of(last[:-1])
    if kind in (Kind.CLOSING, Kind.COMPANY) and following[:1].islower():
        return False
    is_ordinal = _is_ordinal(last[:-1], following)
    return is_ordinal or (kind is not None and not ends_before(last[:-1], following.lstrip(OPENERS)))


def _without_closers(text: str) -> str:
    return text[: found.start()] if (found := _CLOSED.search(text)) else text


def _may_be_abbreviation(text: str) -> bool:
    """Return whether the last word of a text that ends with a period is a number or may be an abbreviation."""
    word = text.rsplit(maxsplit=1)[-1].strip(OPENERS + MARKS + CLOSERS)
    return kind_of(word) is not None or len(word) == 1 or "." in word or word.isdecimal()


def _is_end(text: str, start: int, end: re.Match[str], *, has_capitals: bool) -> bool:
    marks, closers, space = end.groups()
    if closers and continues_after_quote(text, end.end(2)):
        return False
    if any(mark in WIDE_MARKS for mark in marks):
        return True
    if not space:
        return False
    place = _beginning(text, end.end())
    if has_capitals and text[place : place + 1].islower():
        return False
    return marks != "." or bool(closers) or not _is_inside(text, start, end.start(), end.end())


def _beginning(text: str, place: int) -> int:
    """Return the index of the first word from `place`, after quotes and a dialogue's dash (`— Vá! — disse ele`)."""
    dash = _DASHES.match(text, place)
    found = _BEGINNING.match(text, dash.end() if dash else place)
    return found.end() if found else place


def _is_inside(text: str, start: int, stop: int, place: int) -> bool:
    """Return whether the period at `stop` is inside a sentence that began at `start` and continues at `place`."""
    word, following = _word_before(text, stop), text[place : place + _LONGEST_WORD]
    before = text[max(stop - _LONGEST_WORD, start) : stop]
    if _is_item_number(text, start, stop) or not _ends_before(before, word, following):
        return True
    if len(word) == 1 and word.islower():  # `u. U.`
        return _LETTER_AND_STOP.match(text, place) is not None
    return _is_ordinal(before, following)


def _ends_before(before: str, word: str, following: str) -> bool:
    """Return whether the period after `word`, the last of a text, ends the sentence before the text `following`."""
    if _AMOUNT.search(before):
        return following[:1].isupper() or not following
    return ends_before(word, following)


def _is_ordinal(before: str, following: str) -> bool:
    """Return whether a text ends with an ordinal number, which in German has a period: `am 3. Oktober`."""
    *led, last = before.split()[-2:] or [""]
    if not (last.isdecimal() and len(last) <= _MOST_ORDINAL_DIGITS) or not following[:1].isupper():
        return False
    after = re.split(r"\W", following, maxsplit=1)[0].lower()
    return after in _AFTER_ORDINALS or (bool(led) and led[0].lower() in _ORDINAL_LED and after not in STARTERS)


def _is_item_number(text: str, start: int, stop: int) -> bool:
    """Return whether there is only a number before the period, as in a numbered list."""
    return stop - start < _LONGEST_WORD and text[start:stop].strip().isdecimal()


def _word_before(text: str, stop: int) -> str:
    """Return the word that ends at `stop`; spaces between single letters are left out."""
    found = _LAST_WORD.search(text[max(stop - _LONGEST_WORD, 0) : stop])
    return "".join(found[0].split()) if found else ""
