"""Translate any text with a model that knows plain sentences only. Pure, apart from the model that is handed in.

What would be lost is kept away from the model: line ends, markup, signs, addresses, capitals, and text without letters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from dropdub.engines.addresses import ADDRESS
from dropdub.engines.bergamot.capitals import in_sentence_case, is_shouted
from dropdub.engines.bergamot.marks import filled, lifted, put_back
from dropdub.engines.clauses import within
from dropdub.sentence_ends import sentences

LONGEST = 300
"""Characters of a sentence that a model translates at once. Beyond about 500 it drops words: it was trained on less."""
Translate = Callable[[str], str]
"""Translates one plain sentence. Returns an empty text if it cannot."""
_LINE_END = re.compile(r"((?<![^\S\n])[^\S\n]*+(?:\n\s*+|\\N\s*+|<br\s{0,9}/?>\s*+))", re.IGNORECASE)
_NAME = re.compile(rf"{ADDRESS.pattern}|(?<!\w)[@#]\w++", re.IGNORECASE)
"""What must stay as it is: addresses, and the names that services mark with `@` and `#`."""
_STAND_IN = re.compile(r"Xq\d+", re.IGNORECASE)
"""What stands for a name: the models leave such a word as it is."""


def translated(text: str, translate: Translate, *, language: str) -> str:
    """Return a text of `language` translated sentence by sentence, with the whitespace between sentences unchanged.

    A sentence that the model cannot translate stays as it is.
    """
    return "".join(
        part if is_between else "".join(_sentence(piece, translate, language) for piece in cut(part))
        for part, is_between in _lines(text)
    )


def cut(line: str) -> Iterator[str]:
    """Yield the sentences of a line and the whitespace around them: joined, they are the line."""
    start, brackets = 0, filled(line)
    for sentence in sentences(brackets):
        place = brackets.index(sentence, start)
        yield from filter(None, (line[start:place], line[place : place + len(sentence)]))
        start = place + len(sentence)
    yield from filter(None, (line[start:],))


def _lines(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the lines of a text and what is between them, which is marked as such."""
    for number, part in enumerate(_LINE_END.split(text)):
        yield part, number % 2 == 1


def _sentence(sentence: str, translate: Translate, language: str) -> str:
    """Return a sentence with its words translated, and everything else in its old place."""
    whole = lifted(sentence)
    if not _has_words(whole.bare):
        return sentence
    found = _with_names(whole.bare, translate, language)
    if found is None:  # the model lost a stand-in: put the names back as it is done with marks
        whole = lifted(sentence, also=_NAME)
        found = _parts(whole.bare, translate, language) if _has_words(whole.bare) else ""
    return put_back(whole.bare, found, whole.marks) if found else sentence


def _with_names(bare: str, translate: Translate, language: str) -> str | None:
    """Return a sentence translated with its names in it; None if they did not come out once each."""
    names = _NAME.findall(bare)
    if names and _STAND_IN.search(bare):
        return None
    number = iter(range(len(names)))
    found = _parts(_NAME.sub(lambda _: f"Xq{next(number)}", bare), translate, language)
    if not found or sorted(_STAND_IN.findall(found)) != sorted(f"Xq{place}" for place in range(len(names))):
        return None if names else found
    return _STAND_IN.sub(lambda stand_in: names[int(stand_in[0][2:])], found)


def _parts(sentence: str, translate: Translate, language: str) -> str:
    """Return a plain sentence translated, a long one in parts; empty if a part could not be translated."""
    is_loud = is_shouted(_STAND_IN.sub("", sentence))
    quiet = _STAND_IN.sub(lambda found: found[0].title(), in_sentence_case(sentence, language=language))
    found = [translate(part) for part in within(quiet if is_loud else sentence, LONGEST)]
    joined = " ".join(found) if all(found) else ""
    return _STAND_IN.sub(lambda found: found[0].title(), joined.upper()) if is_loud else joined


def _has_words(bare: str) -> bool:
    return any(map(str.isalpha, _NAME.sub("", bare)))
