"""Clean up transcripts of Portuguese speech: hesitations, spacing, capitals, abbreviations. Pure.

Spoken words are removed only if they cannot mean anything; in case of doubt they are kept.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from dropdub.pipeline.artifacts import Segment
from dropdub.sentence_ends import ELLIPSES, surely_ends_sentence, word_set
from dropdub.untrusted.text import with_few_marks


def _with_stop(words: Iterable[str]) -> dict[str, str]:
    return {word: f"{word.capitalize()}." for word in words}


_HESITATION = re.compile(r"h+u*m+|a+h+[nm]+|ã+h+|ã{2,}|h+ã+h?|é{2,}", re.IGNORECASE)
"""Sounds that are not words. Excludes the words `um` and `é`, and the meaningful `ah`, `oh` and `eh`."""
_AFTER_STRAY_E = word_set("eu nós você vocês então mas porque portanto")
"""Words that never follow the verb `é` ("is"): before them, an `é…` at the start of a sentence is a hesitation."""
_REPEATED = word_set("o a os as uma de da do das dos em na no nas com ao à e mas eu tu ele ela eles elas você")
"""Function words that never occur twice in a row. Excludes `que`, `se`, `para`, `um`, `nos` and `pelo`, which may."""
_STRAY_BEFORE_COMMA = word_set("os as de da do das dos em na nas com ao")
"""Those that no comma can follow and that are not the name of a letter: `de, de Lisboa` is a false start."""
_LETTERED = word_set("letra letras vitamina classe grupo turma plano hepatite ponto opção alínea")
"""Words that a letter may follow: `vitamina a a mais`."""
_TITLES = _with_stop(word_set("sr sra srs sras dr dra drs dras"))
_BEFORE_NAMES = _with_stop(word_set("prof profa profs eng arq av exmo exma"))

_SPACES = re.compile(r"\s+")
_BEFORE_PUNCTUATION = re.compile(r"(?<=\S) (?=[,;!?]+(?:\s|$))|(?<=[^\W\d]) (?=[.:](?:\s|$))")
_AFTER_PUNCTUATION = re.compile(r"(?<=[^\W\d])([,;])(?=[^\W\d])")
_INSIDE_BRACKETS = re.compile(r"(?<=[(«]) | (?=[)»])")
_COMMAS = re.compile(r",{2,}")
_HESITATION_ENDS = ("", ",", ".", ";", ":", *ELLIPSES, "…,", "...,")
_MOST_PASSES = 20


@dataclass(frozen=True)
class _Token:
    """The text between two spaces: a word with its adjacent punctuation."""

    lead: str
    word: str
    trail: str

    @property
    def lower(self) -> str:
        return self.word.lower()

    def __str__(self) -> str:
        return self.lead + self.word + self.trail


def clean_segments(segments: Iterable[Segment]) -> tuple[Segment, ...]:
    """Return the segments with cleaned texts; changed ones keep the original as `raw`. `words` are not changed."""
    found: list[Segment] = []
    at_start = True
    for segment in segments:
        text = cleaned(segment.text, begins_sentence=at_start)
        found.append(segment if text == segment.text else replace(segment, text=text, raw=segment.text))
        at_start = _ends(_token(text.split()[-1])) if text else at_start
    return tuple(found)


def cleaned(text: str, *, begins_sentence: bool = True) -> str:
    """Return the cleaned text; cleaning it again changes nothing. A text of only hesitations keeps them."""
    text = unicodedata.normalize("NFC", with_few_marks(text))
    for _ in range(_MOST_PASSES):
        before, text = text, _pass(text, begins_sentence)
        if text == before:
            break
    return text


def _pass(text: str, begins_sentence: bool) -> str:
    tokens = [_token(part) for part in _spaced(text).split()]
    kept = _without_repeats(_without_hesitations(tokens))
    if not any(token.word for token in kept):
        kept = tokens
    return " ".join(map(str, _capitalised(_abbreviated(kept), begins_sentence)))


def _spaced(text: str) -> str:
    text = _SPACES.sub(" ", text).strip()
    text = _BEFORE_PUNCTUATION.sub("", _INSIDE_BRACKETS.sub("", text))
    return _COMMAS.sub(",", " ".join(map(_spaced_after, text.split())))


def _spaced_after(part: str) -> str:
    """Return a part with spaces after its commas; an address is left unchanged."""
    return part if re.search(r"[/@]|www\.", part) else _AFTER_PUNCTUATION.sub(r"\1 ", part)


def _token(part: str) -> _Token:
    first = next((place for place, character in enumerate(part) if character.isalnum()), len(part))
    last = max((place for place, character in enumerate(part) if _is_of_word(character)), default=first - 1)
    return _Token(part[:first], part[first : last + 1], part[last + 1 :]) if last >= first else _Token(part, "", "")


def _is_of_word(character: str) -> bool:
    return character.isalnum() or unicodedata.combining(character) > 0


# Hesitations


def _without_hesitations(tokens: list[_Token]) -> list[_Token]:
    kept: list[_Token] = []
    at_start = False
    for place, token in enumerate(tokens):
        if _is_hesitation(tokens, place):
            _move_punctuation(token, kept, is_last=place + 1 == len(tokens))
            at_start = at_start or token.word[:1].isupper()
            continue
        kept.append(_capital(token) if at_start else token)
        at_start = False
    return kept


def _is_hesitation(tokens: list[_Token], place: int) -> bool:
    token = tokens[place]
    if token.lead or token.trail not in _HESITATION_ENDS or token.word not in (token.lower, token.word.capitalize()):
        return False
    if _HESITATION.fullmatch(token.word):
        return not _is_assent(tokens, place)
    return _is_stray_e(tokens, place)


def _is_assent(tokens: list[_Token], place: int) -> bool:
    """Return whether the token is one half of `hum hum`, which means yes."""
    here = tokens[place]
    if not here.lower.startswith("h"):
        return False
    after = place + 1 < len(tokens) and not here.trail and tokens[place + 1].lower == here.lower
    return after or (place > 0 and not tokens[place - 1].trail and tokens[place - 1].lower == here.lower)


def _is_stray_e(tokens: list[_Token], place: int) -> bool:
    """Return whether the token is an `é…` that is not the verb: between commas, or before `_AFTER_STRAY_E`."""
    token = tokens[place]
    if token.lower != "é" or token.trail.rstrip(",") not in ELLIPSES or place + 1 == len(tokens):
        return False
    before = tokens[place - 1].trail[-1:] if place else "."
    if before == "," and token.trail.endswith(","):
        return True
    return before in tuple(",.?!…") and tokens[place + 1].lower in _AFTER_STRAY_E


def _move_punctuation(token: _Token, kept: list[_Token], *, is_last: bool) -> None:
    """Move the punctuation of a removed hesitation to the previous word, if the sentence needs it."""
    trail = "," if token.trail.endswith(",") else token.trail
    if not kept or not trail or (trail in ELLIPSES and not is_last):
        return
    before = kept[-1]
    if not before.trail or (before.trail in (",", ";", ":") and trail in (".", *ELLIPSES)):
        kept[-1] = replace(before, trail=trail)


# False starts


def _without_repeats(tokens: list[_Token]) -> list[_Token]:
    kept: list[_Token] = []
    for token in tokens:
        if kept and _is_false_start(kept, token):
            kept[-1] = replace(kept[-1], trail=token.trail)
        else:
            kept.append(token)
    return kept


def _is_false_start(kept: list[_Token], token: _Token) -> bool:
    before = kept[-1]
    if before.lower != token.lower or token.lower not in _REPEATED or token.lead or not token.word.islower():
        return False
    if not (before.word.islower() or _begins_here(kept)) or (len(kept) > 1 and kept[-2].lower in _LETTERED):
        return False
    return before.trail in ("", *ELLIPSES) or (before.trail == "," and token.lower in _STRAY_BEFORE_COMMA)


def _begins_here(kept: list[_Token]) -> bool:
    return len(kept) == 1 or _ends(kept[-2])


# Abbreviations and capitals


def _abbreviated(tokens: list[_Token]) -> Iterator[_Token]:
    for place, token in enumerate(tokens):
        after = tokens[place + 1] if place + 1 < len(tokens) else None
        written = _written(token, after)
        if written is None:
            yield token
        else:
            yield replace(token, word=written, trail=token.trail.removeprefix("."))


def _written(token: _Token, after: _Token | None) -> str | None:
    """Return the standard form of an abbreviation, with its full stop; None for any other word."""
    if token.word not in (token.lower, token.word.capitalize()) or token.trail[:2] == ".." or token.trail[:1] == "…":
        return None
    if token.word == "etc":
        return "etc."
    if token.lower in _BEFORE_NAMES and after is not None and token.trail in ("", ".") and not after.lead:
        return _BEFORE_NAMES[token.lower] if after.word.istitle() else None
    return _TITLES.get(token.lower)


def _capitalised(tokens: Iterable[_Token], begins_sentence: bool) -> Iterator[_Token]:
    at_start = begins_sentence
    for token in tokens:
        yield _capital(token) if at_start else token
        at_start = _ends(token) or (at_start and not token.word)


def _capital(token: _Token) -> _Token:
    """Return a token capitalized; names such as `iPhone` or `www.rtp.pt` are left unchanged."""
    if not token.word.islower() or not token.word.replace("-", "").isalpha():
        return token
    return replace(token, word=token.word[0].upper() + token.word[1:])


def _ends(token: _Token) -> bool:
    return bool(token.word) and surely_ends_sentence(str(token))
