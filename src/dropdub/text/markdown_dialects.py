"""What site generators and note-taking programs add to Markdown, in terms of CommonMark. Pure, in linear time.

Lines keep their number, so that what is found in them is at the same place of the original.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

NOTE = re.compile(r"^ {0,3}\[\^[^\]\s]{1,99}\]:[ \t]*")
_FENCE = re.compile(r"[ \t]{0,99}(?:[-*+>][ \t]{1,3})?(`{3,}|~{3,})")
_ADMONITION = re.compile(
    r"(?:!!!|\?\?\?\+?|===[!+]?)[ \t]+(?:[\w-]{1,30}(?:[ \t][\w -]{0,60})?)?(?:\"([^\"]{0,200})\")?[ \t]*"
)
"""`!!! note "Title"`, `??? tip` and `=== "Tab"`, whose content is indented."""
_CONTAINER = re.compile(
    r"[ \t]{0,9}:{3,99}[ \t]{0,9}(?:\{[^{}]{0,200}\}|[\w-]{0,30})(?:\[([^\[\]]{1,200})\]|[ \t]([^{}]{1,200}))?"
)
"""`:::note`, `:::tip[Title]` and `:::`, around content that is not indented."""
_BLOCKS = {"$$": "$$", "\\[": "\\]", "%%": "%%"}
"""Lines between which there are formulas, or comments."""
_ENVIRONMENT = re.compile(r"\\begin\{([a-zA-Z*]{1,30})\}")
_NO_WORDS = re.compile(
    r"\[TOC\]|\[\[_TOC_\]\]|--8<--.{0,300}|\\(?:newpage|pagebreak|clearpage|tableofcontents)\b.{0,99}"
    r"|\{\{[<%].{0,500}[>%]\}\}|\{%.{0,500}%\}|\{[:#.][^{}]{0,300}\}|\$\$.{1,500}\$\$|\\\[.{1,500}\\\]"
    r"|!\[\[[^\[\]]{1,300}\]\]"
    r"|\*\[[^\[\]]{1,99}\]:.{0,300}|import\s.{1,300}from\s[\"'].{1,300}|export\s(?:default|const|function)\s.{1,300}"
    r"|\+[-=:+]{3,300}\+",
    re.I,
)
"""Lines of instructions, formulas, abbreviations and the borders of tables."""
_SPOKEN = (
    (re.compile(r"\[([^\[\]*_`\n]{1,300})\](?=\{[#.:])"), r"\1"),
    (re.compile(r"!\[\[[^\[\]\n]{1,300}\]\]|%%[^%\n]{1,300}%%|\[@[^\[\]\n]{1,300}\]|\^\[[^\[\]\n]{1,300}\]"), ""),
    (re.compile(r"\{\{[<%][^{}\n]{1,300}[>%]\}\}|\{%[^{}\n]{1,300}%\}|\s?\{\s?[#.:][^{}\n]{1,300}\}"), ""),
    (re.compile(r"(?<=\s)\^[A-Za-z0-9-]{1,40}$", re.M), ""),
    (re.compile(r"\[\[(?:[^\[\]|\n]{1,300}\|)?#?([^\[\]|\n]{1,300})\]\]"), r"\1"),
    (re.compile(r"(?<![=\w])==(?=[^\s=])([^=\n]{1,300})==(?![=\w])"), r"\1"),
)


def in_commonmark(text: str) -> str:
    """Return a text with as many lines, in which the words of other dialects are where CommonMark finds them."""
    return "\n".join(_lines(text.split("\n")))


def without_dialect(words: str) -> str:
    """Return a part of a paragraph as it is read: links between notes as their words, without comments and the like."""
    for pattern, shown in _SPOKEN:
        words = pattern.sub(shown, words)
    return words


def _lines(lines: list[str]) -> Iterator[str]:
    fence = end = ""
    indents: list[int] = []
    for number, line in enumerate(lines):
        bare = line.strip()
        if fence:
            fence = "" if bare.startswith(fence) and not bare.strip(fence[0]) else fence
            yield _dedented(line, indents)
        elif end:
            end = "" if bare.endswith(end) else end
            yield ""
        else:
            while bare and indents and _indent(line) < indents[-1]:
                indents.pop()
            found = _FENCE.match(line)
            fence = found[1] if found else ""
            end = "" if fence else _block_end(bare)
            yield "" if end else _line(line, bare, indents, is_first=number == 0)


def _block_end(bare: str) -> str:
    """Return what ends the block of formulas or comments that begins with a line; empty if it begins none."""
    environment = _ENVIRONMENT.match(bare)
    if environment is not None:
        mark = f"\\end{{{environment[1]}}}"
        return "" if mark in bare else mark
    return _BLOCKS.get(bare, "")


def _line(line: str, bare: str, indents: list[int], *, is_first: bool) -> str:
    if is_first and bare.startswith("% "):
        return f"# {bare[2:]}"
    admonition = _ADMONITION.fullmatch(bare)
    if admonition is not None and bare[:3] in ("!!!", "???", "==="):
        shown = _dedented(line, indents)
        indents.append(_indent(line) + 4)
        return _titled(shown, admonition[1])
    container = _CONTAINER.fullmatch(line.rstrip())
    if container is not None:
        return _titled("", container[1] or container[2])
    if _NO_WORDS.fullmatch(bare) or (bare.startswith("\\begin{") and bare.endswith("}")):
        return ""
    # CommonMark would take the continued text of a footnote for code, and a footnote of one word for a link address.
    return NOTE.sub("- ", _dedented(line, indents), count=1)


def _titled(line: str, title: str | None) -> str:
    """Return the line of a title, which stands alone as a heading does."""
    return f"{line[: _indent(line)]}###### {title}" if title and title.strip() else ""


def _dedented(line: str, indents: list[int]) -> str:
    """Return a line without the blanks of the admonitions that it is in."""
    return line[min(4 * len(indents), _indent(line)) :]


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
