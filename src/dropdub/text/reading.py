"""Decode texts, split them into paragraphs, and turn paragraphs into what is spoken."""

from __future__ import annotations

import codecs
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import charset_normalizer

from dropdub.errors import NotText
from dropdub.sentence_ends import MARKS, sentences
from dropdub.text.line_ends import run_on, words_of
from dropdub.untrusted.characters import as_read, in_lines
from dropdub.untrusted.text import wrapped

HEAD_BYTES = 64 * 1024
_BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_WESTERN = "cp1252"
_MOST_CONTROLS = 0.005
_FEW_CONTROLS, _FEW_SHARE = 3, 0.1
"""A short text may have a few: ^Z at its end, an escape, a bell."""
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
"""Without the vertical tab, which Office writes for a line break within a paragraph."""
_MARKER = re.compile(r"(?:(?:#{1,6}|[-*+•–—]|>|\d{1,3}[.)])\s+)+")
_HEADING = re.compile(r"#{1,6}\s")
_BULLET = re.compile(r"^[#\-*+•–—>]+\s+")
# Link texts may not contain brackets, and possessive parts never backtrack: both keep garbage in linear time.
_LINK = re.compile(r"!?\[([^\[\]]*+)\]\((?:[^()\s]|\([^()\s]*+\))*+\)")
_EMPHASIS = re.compile(r"\*\*|__|`|(?<!\w)[*_](?=\w)|(?<=\w)[*_](?!\w)")
_NUMBER = re.compile(r"(\d{1,3})[.)]\s")
_SURELY_A_LIST = 3
PIECE_CHARACTERS = 600
MOST_CHARACTERS = 5_000
"""Of a paragraph, which is spoken, verified and compared as a whole: three pages."""
_LANGUAGES = """
en pt es fr de it nl pl ro sv da nb fi cs sk sl hr sr bg uk ru el tr hu et lv lt ca gl eu
ar he fa ur hi bn ta th vi id ms tl sw af cy ga is mk sq eo la zh ja ko
"""
DETECTED_LANGUAGES = tuple(_LANGUAGES.split())
"""Candidates for language detection, without rare languages that short texts are easily mistaken for."""


def looks_like_text(head: bytes) -> bool:
    """Return whether a file that starts with `head` (at most `HEAD_BYTES`) can be a text."""
    try:
        text = _decoded_head(head)
    except NotText:
        return False
    found = len(_CONTROLS.findall(text))
    return found <= _MOST_CONTROLS * len(text) or (found <= _FEW_CONTROLS and found <= _FEW_SHARE * len(text))


def read_text(path: Path) -> str:
    """Return a text file's characters as every text is read, with `\\n` as line end. Raises NotText, and OSError."""
    return as_read(decoded(path))


def decoded(path: Path) -> str:
    """Return a text file's characters as they were written, with `\\n` as line end. Raises NotText, and OSError."""
    data = path.read_bytes()
    refusal = NotText(f"{path.name} cannot be read as text.")
    if not looks_like_text(data[:HEAD_BYTES]):
        raise refusal
    try:
        return in_lines(data.decode(_encoding(data[:HEAD_BYTES])))
    except UnicodeDecodeError as error:
        raise refusal from error


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
    lines = [_EMPHASIS.sub("", _LINK.sub(r"\1", _BULLET.sub("", line, count=1))) for line in paragraph.split("\n")]
    stopped = [line if line[-1:] in MARKS + ":;" else f"{line}." for line in lines[:-1]]
    return " ".join([*stopped, lines[-1]])


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


def _decoded_head(head: bytes) -> str:
    encoding = _encoding(head)
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        return decoder.decode(head, final=False)  # the last character may be cut
    except UnicodeDecodeError as error:
        raise NotText("The characters cannot be read.") from error


def _encoding(head: bytes) -> str:
    for mark, encoding in _BOMS.items():
        if head.startswith(mark):
            return encoding
    if b"\0" in head:
        raise NotText("It contains zero bytes.")
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head, final=False)
        return "utf-8"
    except UnicodeDecodeError:
        return _legacy_encoding(head)


def _legacy_encoding(head: bytes) -> str:
    """Return the most likely legacy encoding; if several are equally likely, the Western European one."""
    matches = charset_normalizer.from_bytes(head)
    best = matches.best()
    if best is None:
        raise NotText("Its encoding is unknown.")
    western = [match for match in matches if match.encoding == _WESTERN or _WESTERN in match.could_be_from_charset]
    return _WESTERN if western and western[0].chaos <= best.chaos else best.encoding


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
