"""Decode texts, split them into paragraphs, and turn paragraphs into what is spoken."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from dropdub.errors import NotText
from dropdub.inbox.subtitle_names import name_alone
from dropdub.languages import NO_HINT, Hint
from dropdub.sentence_ends import MARKS, sentences
from dropdub.text.encoding import Decoded, decoded, is_legible
from dropdub.text.line_ends import run_on, words_of
from dropdub.untrusted.characters import as_read, in_lines
from dropdub.untrusted.text import wrapped

HEAD_BYTES = 64 * 1024
_MOST_CUT = 3
"""Bytes that may be left of a character that `HEAD_BYTES` divides: each encoding has at most four."""
_MARKER = re.compile(r"(?:(?:#{1,6}|[-*+•–—]|>|\d{1,3}[.)])\s+)+")
_HEADING = re.compile(r"#{1,6}\s")
_BULLET = re.compile(r"^[#\-*+•–—>]+\s+")
# Link texts may not contain brackets, and possessive parts never backtrack: both keep garbage in linear time.
_LINK = re.compile(r"!?\[([^\[\]]*+)\]\((?:[^()\s]|\([^()\s]*+\))*+\)")
_EMPHASIS = re.compile(r"\*\*|__|`|(?<!\w)[*_](?=\w)|(?<=\w)[*_](?!\w)")
_LINES_SHOWN = 5
_NUMBER = re.compile(r"(\d{1,3})[.)]\s")
_SURELY_A_LIST = 3
PIECE_CHARACTERS = 600
MOST_CHARACTERS = 5_000
"""Of a paragraph, which is spoken, verified and compared as a whole: three pages."""


def text_of_head(head: bytes) -> str | None:
    """Return the first characters of a file; None if it is no text.

    `head` is the first `HEAD_BYTES` of the file, or all of it if it is shorter. Only one that is not the whole file may
    end within a character: the last byte of a short one in GBK or Shift-JIS looks just like a piece of UTF-8.
    """
    most_cut = _MOST_CUT if len(head) >= HEAD_BYTES else 0
    found = (_text_of(head[: len(head) - cut]) for cut in range(most_cut + 1))
    return next((text for text in found if text is not None), None)


def _text_of(data: bytes) -> str | None:
    try:
        found = decoded(data)
    except NotText:
        return None
    is_text = is_legible(found) and "\0" not in found.text  # a file's header may have a single one
    return in_lines(found.text) if is_text else None


def looks_like_text(head: bytes) -> bool:
    """Return whether a file that starts with `head` can be a text. Arguments as in `text_of_head`."""
    return text_of_head(head) is not None


def read_text(path: Path, *, hint: Hint = NO_HINT) -> str:
    """Return a text file's characters as every text is read. Arguments and errors as in `written_text`."""
    return as_read(written_text(path, hint=hint).text)


def written_text(path: Path, *, hint: Hint = NO_HINT) -> Decoded:
    """Return a text file's characters as they were written, with `\\n` as line end. Raises NotText, and OSError.

    `hint` helps with old encodings, as does a tag in the file's name, which counts more than the files beside it.
    """
    try:
        found = decoded(path.read_bytes(), hint=replace(hint, likely=_named_language(path) or hint.likely))
    except NotText as error:
        raise NotText(f"{path.name} cannot be read as text.") from error
    if not is_legible(found):
        raise NotText(f"{path.name} cannot be read as text.")
    return replace(found, text=in_lines(found.text))


def _named_language(path: Path) -> str | None:
    name = name_alone(path.stem)
    return None if name.is_doubtful else name.language


def damage_warnings(found: Decoded, *, name: str) -> list[str]:
    """Return warnings about damaged letters of a text, with their lines, and about letters that were restored."""
    if found.is_restored:
        what = "had been saved after it was read in a wrong encoding, as when Ã© stands for é"
        return [f"{name} {what}. Its letters were restored: check its words."]
    if not found.damaged:
        return []
    lines = ", ".join(map(str, found.damaged[:_LINES_SHOWN]))
    more = len(found.damaged) - _LINES_SHOWN
    places = f"line{'s' * (len(found.damaged) > 1)} {lines}{f' and {more} more' if more > 0 else ''}"
    return [f"{name} is in {found.encoding.upper()}, but has damaged letters in {places}. Check the words there."]


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a text, which blank lines separate, with the lines of each joined.

    Markdown headings and list items stay on their own lines. Words divided at a line's end are put together.
    """
    known = words_of(text)
    return [_flowed(block, known) for block in re.split(r"\n[ \t]*\n", text) if block.strip()]


def marked(line: str) -> tuple[str, str]:
    """Return a line's leading marker (of a heading, list or quotation; often empty) and the rest."""
    found = _MARKER.match(line)
    return (found[0], line[found.end() :]) if found else ("", line)


def heading_of(paragraph: str) -> tuple[int, str] | None:
    """Return a heading's level, from 1, and its words; None if the paragraph is not a heading."""
    line = paragraph.split("\n", 1)[0]
    found = _HEADING.match(line)
    words = line[found.end() :].strip() if found else ""
    return (found[0].count("#"), words) if found and words else None


def without_heading_marks(paragraph: str) -> str:
    """Return a paragraph as plain text: a heading without its marks."""
    return paragraph[_marks(paragraph) :]


def _marks(paragraph: str) -> int:
    found = _HEADING.match(paragraph)
    return found.end() if found else 0


def spoken(paragraph: str) -> str:
    """Return a paragraph as it is read aloud: without markup, but with list numbers."""
    return " ".join(spoken_lines(paragraph))


def spoken_lines(paragraph: str) -> list[str]:
    """Return the lines of a paragraph as they are read aloud, all but the last with a mark at their end."""
    lines = [_EMPHASIS.sub("", _LINK.sub(r"\1", _BULLET.sub("", line, count=1))) for line in paragraph.split("\n")]
    stopped = [line if line[-1:] in MARKS + ":;" else f"{line}." for line in lines[:-1]]
    return [*stopped, lines[-1]]


def pieces(text: str, *, longest: int = PIECE_CHARACTERS) -> list[str]:
    """Return a text in pieces of whole sentences, at most `longest` characters each; longer sentences are cut."""
    return list(_packed(_sentences(text, longest), " ", longest))


def cut(paragraph: str, *, longest: int = MOST_CHARACTERS) -> list[str]:
    """Return a paragraph, split between lines or else sentences if it has more than `longest` characters."""
    if len(paragraph) <= longest:
        return [paragraph]
    parts = (piece for line in paragraph.split("\n") for piece in pieces(line, longest=longest))
    return list(_packed(parts, "\n", longest))


def _packed(parts: Iterable[str], between: str, longest: int) -> Iterator[str]:
    """Join neighbouring parts as long as they fit."""
    before = ""
    for part in parts:
        if before and len(before) + len(between) + len(part) > longest:
            yield before
            before = part
        else:
            before = f"{before}{between}{part}" if before else part
    if before:
        yield before


def _sentences(text: str, longest: int) -> Iterator[str]:
    for sentence in sentences(text):
        if len(sentence) <= longest:
            yield sentence
        else:
            yield from wrapped(sentence, longest)


def _flowed(block: str, known: Collection[str]) -> str:
    raw = [line for line in block.split("\n") if line.strip()]
    items = _items(raw)
    lines: list[list[str]] = []
    for number, line in enumerate(" ".join(line.split()) for line in raw):
        if not lines or number in items or _HEADING.match(lines[-1][0]):
            lines.append([line])
        else:
            lines[-1].append(line)
    return "\n".join(run_on(parts, known) for parts in lines)


def _items(lines: Sequence[str]) -> set[int]:
    """Return the indices of the lines of a paragraph that begin an item, heading or quotation.

    A number begins an item only in a list, because any line of prose may begin with one: `he lived at number⏎42. Then`.
    """
    bare = [line.strip() for line in lines]
    numbers = {place: int(found[1]) for place, line in enumerate(bare) if (found := _NUMBER.match(line))}
    latest, order, seen = {number: place for place, number in numbers.items()}, list(numbers.values()), {0}
    items = {place for place, line in enumerate(bare) if place not in numbers and _MARKER.match(line)}
    for at, (place, number) in enumerate(numbers.items()):
        is_first = place == 0 or bare[place - 1].endswith((":", "：")) or _counts(order[at : at + _SURELY_A_LIST])
        is_start = is_first or (number <= 1 and latest.get(number + 1, 0) > place)
        is_next = len(seen) > 1 and not seen.isdisjoint({number - 1, number + 1})
        if is_start or is_next:
            items.add(place)
            seen.add(number)
    return items


def _counts(numbers: Sequence[int]) -> bool:
    """Return whether enough numbers for a list count up or down."""
    steps = {after - before for before, after in pairwise(numbers)}
    return len(numbers) == _SURELY_A_LIST and steps in ({1}, {-1})
