"""Split text into sentences, for translation, speech, subtitles and paragraphs. Pure, in linear time.

Punctuation alone is not enough: `Dr. Silva`, `z. B.`, `3.5` and `«Quem?» perguntou ela` do not end a sentence.
"""

from __future__ import annotations

import re


def word_set(text: str) -> frozenset[str]:
    """Return the set of words in a list separated by whitespace."""
    return frozenset(text.split())


WIDE_MARKS = "。！？｡"
"""Marks that end a sentence even if no space follows."""
MARKS = ".!?…؟۔।" + WIDE_MARKS
_MARKS = frozenset(MARKS)
ELLIPSES = ("…", "...")
CLOSERS = "\"'”’»)]}」』】）"
OPENERS = "\"'“‘«„‚([{¿¡「『【（"

BEFORE_NAMES = word_set(
    "sr sra srs sras srta dr dra drs dras prof profa profs eng engª arq av exmo exma st mr mrs ms jr messrs gen col "
    "lt capt sgt gov sen rev hon dña ud uds lic gral mme mlle mlles hr dipl ing sig dott avv dhr mevr approx ca cf "
    "séc vs bzw"
)
"""Abbreviations, without their period, that never end a sentence."""
BEFORE_NUMBERS = word_set("art arts cap caps fig figs ex núm nº nr pág págs pags pp tel vol vols máx mín")
"""Abbreviations that do not end a sentence if a number follows; some are also words (`art`, `ex`)."""
_WORDS_BEFORE_NUMBERS = word_set(
    "no num pag sec ch jan feb fev mar apr abr jun jul aug ago sep sept set oct out nov dec dez"
)
"""The same, for abbreviations that are also common words in one of the languages (`no`, `mar`)."""
_ABBREVIATIONS = BEFORE_NAMES | BEFORE_NUMBERS | {"etc"}
_HALF_DAYS = frozenset(["a.m", "p.m"])
"""Abbreviations of single letters that can end a sentence, because no name follows them."""
_PRONOUN = "I"
_VOWELS = frozenset("aeiouyáàâãéêíóôõúèìòù")
_LONGEST_WORD = 40
"""How many characters before a period are examined for an abbreviation."""

_END = re.compile(rf"(?<![{re.escape(MARKS)}])([{re.escape(MARKS)}]++)([{re.escape(CLOSERS)}]*+)(\s*+)")
_BEGINNING = re.compile(rf"[{re.escape(OPENERS)}]*+")
_LAST_WORD = re.compile(r"(?:^|(?<=[^\w.]))[\w.]+$")
_LETTERS = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]")
_LETTER_AND_STOP = re.compile(r"[^\W\d_]\.")


def sentences(text: str) -> list[str]:
    """Return the sentences of a text in order, each with its end punctuation, without the whitespace between them."""
    start, found = 0, []
    has_capitals = text != text.lower()
    for end in _END.finditer(text):
        if _is_end(text, start, end, has_capitals=has_capitals):
            found.append(text[start : end.end()].strip())
            start = end.end()
    return [sentence for sentence in (*found, text[start:].strip()) if sentence]


def ends_sentence(text: str) -> bool:
    """Return whether a text ends a sentence, as far as that can be decided without the text that follows."""
    bare = text[-_LONGEST_WORD:].rstrip().rstrip(CLOSERS)
    if bare[-1:] not in _MARKS:
        return False
    return bare[-1] != "." or bare[-2:-1] in _MARKS or not is_abbreviation(_word_before(bare, len(bare) - 1))


def surely_ends_sentence(text: str) -> bool:
    """Return whether a text ends a sentence, whatever follows it.

    It may continue after an ellipsis, a quoted question (`«Quem?» perguntou ela`), a number or any abbreviation.
    """
    text = text[-_LONGEST_WORD:].rstrip()
    bare = text.rstrip(CLOSERS)
    if bare[-1:] not in _MARKS or bare.endswith(ELLIPSES):
        return False
    return not _may_be_abbreviation(bare) if bare[-1] == "." else bare == text


def is_abbreviation(word: str) -> bool:
    """Return whether a word, without its final period, is an abbreviation: `Dr`, `e.g`, `J`."""
    if _LETTERS.fullmatch(word) is None:
        return word.lower() in BEFORE_NAMES
    if len(word) == 1:
        return word != _PRONOUN and word not in _VOWELS
    return word.lower() not in _HALF_DAYS


def _may_be_abbreviation(text: str) -> bool:
    """Return whether the last word of a text that ends with a period is a number or may be an abbreviation."""
    word = text.rsplit(maxsplit=1)[-1].strip(OPENERS + MARKS + CLOSERS).lower()
    return word in _ABBREVIATIONS or len(word) == 1 or "." in word or word.isdecimal()


def _is_end(text: str, start: int, end: re.Match[str], *, has_capitals: bool) -> bool:
    marks, closers, space = end.groups()
    if any(mark in WIDE_MARKS for mark in marks):
        return True
    if not space:
        return False
    following = _BEGINNING.match(text, end.end())
    place = following.end() if following else end.end()
    if has_capitals and text[place : place + 1].islower():
        return False
    return marks != "." or bool(closers) or not _is_inside(text, start, end.start(), place)


def _is_inside(text: str, start: int, stop: int, place: int) -> bool:
    """Return whether the period at `stop` is inside a sentence that began at `start` and continues at `place`."""
    word = _word_before(text, stop)
    if is_abbreviation(word) or _is_item_number(text, start, stop):
        return True
    if len(word) == 1 and word.islower():  # `u. U.`
        return _LETTER_AND_STOP.match(text, place) is not None
    return word.lower() in BEFORE_NUMBERS | _WORDS_BEFORE_NUMBERS and text[place : place + 1].isdecimal()


def _is_item_number(text: str, start: int, stop: int) -> bool:
    """Return whether there is only a number before the period, as in a numbered list."""
    return stop - start < _LONGEST_WORD and text[start:stop].strip().isdecimal()


def _word_before(text: str, stop: int) -> str:
    found = _LAST_WORD.search(text[max(stop - _LONGEST_WORD, 0) : stop])
    return found[0] if found else ""
