"""Decode texts, split them into paragraphs, and turn paragraphs into what is spoken."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from dropdub.errors import NotText
from dropdub.inbox.subtitle_names import name_alone
from dropdub.sentence_ends import MARKS, sentences
from dropdub.text.encoding import Decoded, decoded, is_legible
from dropdub.untrusted.text import with_few_marks, without_controls, wrapped

HEAD_BYTES = 64 * 1024
_CUT = re.compile(rb"[\xc2-\xf4][\x80-\xbf]{0,2}\Z")
_MARKER = re.compile(r"(?:(?:#{1,6}|[-*+•–—]|>|\d{1,3}[.)])\s+)+")
_HEADING = re.compile(r"#{1,6}\s")
_BULLET = re.compile(r"^[#\-*+•–—>]+\s+")
# Link texts may not contain brackets, and possessive parts never backtrack: both keep garbage in linear time.
_LINK = re.compile(r"!?\[([^\[\]]*+)\]\((?:[^()\s]|\([^()\s]*+\))*+\)")
_EMPHASIS = re.compile(r"\*\*|__|`|(?<!\w)[*_](?=\w)|(?<=\w)[*_](?!\w)")
_NO_SPACE_FROM = "\u2e80"
_LINES_SHOWN = 5
PIECE_CHARACTERS = 600
MOST_CHARACTERS = 5_000
"""Of a paragraph, which is spoken, verified and compared as a whole: three pages."""


def looks_like_text(head: bytes) -> bool:
    """Return whether a file that starts with `head` (at most `HEAD_BYTES`) can be a text."""
    whole = _CUT.sub(b"", head)  # the last character may be cut
    try:
        return is_legible(decoded(whole or head))
    except NotText:
        return False


def read_text(path: Path, *, language: str | None = None) -> str:
    """Return a text file's characters, with `\\n` as line end. Raises NotText, and OSError.

    `language` is the one that the text is known to be in, and helps with old encodings; so does a tag in its name.
    """
    text = _decoded(path, language).text
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x85", "\n").replace("\f", "\n\n")
    return with_few_marks(without_controls(text))


def damage_warnings(path: Path, *, language: str | None = None, name: str) -> list[str]:
    """Return a warning if `read_text` finds damaged letters, with their lines. Raises NotText, and OSError."""
    found = _decoded(path, language)
    if not found.damaged:
        return []
    lines = ", ".join(map(str, found.damaged[:_LINES_SHOWN]))
    more = len(found.damaged) - _LINES_SHOWN
    places = f"line{'s' * (len(found.damaged) > 1)} {lines}{f' and {more} more' if more > 0 else ''}"
    return [f"{name} is in {found.encoding.upper()}, but has damaged letters in {places}. Check the words there."]


def _decoded(path: Path, language: str | None) -> Decoded:
    try:
        found = decoded(path.read_bytes(), language=language or name_alone(path.stem).language)
    except NotText as error:
        raise NotText(f"{path.name} cannot be read as text.") from error
    if not is_legible(found):
        raise NotText(f"{path.name} cannot be read as text.")
    return found


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a text, which blank lines separate, with the lines of each joined.

    Markdown headings and list items stay on their own lines.
    """
    return [_flowed(block) for block in re.split(r"\n[ \t]*\n", text) if block.strip()]


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


def _flowed(block: str) -> str:
    lines: list[list[str]] = []
    for line in filter(None, (" ".join(line.split()) for line in block.split("\n"))):
        if not lines or _MARKER.match(line) or _HEADING.match(lines[-1][0]):
            lines.append([line])
        else:
            lines[-1].append(line)
    return "\n".join(map(run_on, lines))


def run_on(lines: Sequence[str]) -> str:
    """Return lines joined into one, with a space between two if their script uses spaces."""
    return "".join([*lines[:1], *(gap(before, after) + after for before, after in pairwise(lines))])


def gap(before: str, after: str) -> str:
    """Return the separator for joining two lines: a space, or nothing if their script does not use spaces."""
    return "" if before[-1:] >= _NO_SPACE_FROM and after[:1] >= _NO_SPACE_FROM else " "
