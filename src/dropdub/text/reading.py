"""Decode texts, split them into paragraphs, and turn paragraphs into what is spoken."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import charset_normalizer

from dropdub.errors import NotText
from dropdub.sentence_ends import MARKS, sentences
from dropdub.untrusted.text import with_few_marks, without_controls, wrapped

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
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_MARKER = re.compile(r"(?:(?:#{1,6}|[-*+•–—]|>|\d{1,3}[.)])\s+)+")
_HEADING = re.compile(r"#{1,6}\s")
_BULLET = re.compile(r"^[#\-*+•–—>]+\s+")
# Link texts may not contain brackets, and possessive parts never backtrack: both keep garbage in linear time.
_LINK = re.compile(r"!?\[([^\[\]]*+)\]\((?:[^()\s]|\([^()\s]*+\))*+\)")
_EMPHASIS = re.compile(r"\*\*|__|`|(?<!\w)[*_](?=\w)|(?<=\w)[*_](?!\w)")
_NO_SPACE_FROM = "\u2e80"
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
    return len(_CONTROLS.findall(text)) <= _MOST_CONTROLS * len(text)


def read_text(path: Path) -> str:
    """Return a text file's characters, with `\\n` as line end. Raises NotText, and OSError."""
    data = path.read_bytes()
    refusal = NotText(f"{path.name} cannot be read as text.")
    if not looks_like_text(data[:HEAD_BYTES]):
        raise refusal
    try:
        text = data.decode(_encoding(data[:HEAD_BYTES]))
    except UnicodeDecodeError as error:
        raise refusal from error
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x85", "\n").replace("\f", "\n\n")
    return with_few_marks(without_controls(text))


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
