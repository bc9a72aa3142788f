"""The prose of a Markdown text: what is read aloud, without code, comments, link addresses and other markup."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import count, repeat
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from dropdub.errors import TooLarge
from dropdub.sentence_ends import MARKS
from dropdub.text.front_matter import without_front_matter
from dropdub.text.line_ends import run_on, words_of
from dropdub.text.markdown_dialects import in_commonmark, without_dialect
from dropdub.text.rewriting.markdown_items import INLINE_NESTING, NOTE_MARK, times

MARKDOWN_SUFFIXES = frozenset({".md", ".markdown"})
STRETCH = 20_000
"""Characters of a paragraph that are parsed at once. Few paragraphs are longer, and garbage takes quadratic time."""
MOST_LINES = 200_000
"""Each may become an item or paragraph, which costs the parser a hundred times as much as its characters."""
MOST_MARKS = 500_000
"""Characters that may start markup, as each `[` may start a link. 5 MB full of emphasis and links have 400,000."""
MOST_CELLS = 100_000
"""Of tables; each starts with a `|`. As many as a thousand pages of tables."""
_BLOCK_NESTING = 40
BOX = re.compile(r"\[[ xX]\]\s+")
CALLOUT = re.compile(r"\[![A-Za-z]{1,20}\][+-]?(?:\s+|$)")
_MARKS = "\\`*_[<&~"
_MARKUP = re.compile(f"[{re.escape(_MARKS)}]")
_HEADING_MARKS = re.compile(r"#{1,6}\s+")
_UNREAD = re.compile(r"<(?:[?!]|(?:script|style|pre|textarea)\b)", re.I)
_STOPS = tuple(MARKS + ":;,：；，")


def markdown_blocks(text: str) -> Iterator[str]:
    """Yield paragraphs: `# ` before headings, `- ` or a number before list items, each table row as its own paragraph.

    The items of a list without blank lines are the lines of one paragraph. The text of a footnote is a list item.
    Raises TooLarge for more lines, markup or cells than people write.
    """
    refuse_too_much(text)
    refs: dict[str, Any] = {}
    source = in_commonmark(without_front_matter(text))
    tree = SyntaxTreeNode(block_parser().parse(source, refs))
    yield from _Reader(refs, words_of(source)).blocks(tree.children)


def refuse_too_much(text: str) -> None:
    for what, number, most in (
        ("lines", text.count("\n"), MOST_LINES),
        ("Markdown marks", sum(map(text.count, _MARKS)), MOST_MARKS),
        ("table cells", text.count("|"), MOST_CELLS),
    ):
        if number > most:
            sentence = f"The text has {number:,} {what}; the limit is {most:,}."
            raise TooLarge(sentence, remedy="Split it into several files, or save it as plain text (.txt); drop those.")


class _Reader:
    """Turns the syntax tree of a text into prose; its reference links refer to `refs`, its words are `known`."""

    def __init__(self, refs: dict[str, Any], known: frozenset[str]) -> None:
        self._refs = refs
        self._known = known
        self._parser = _inline_parser()

    def blocks(self, nodes: Sequence[SyntaxTreeNode]) -> Iterator[str]:
        for node in nodes:
            yield from filter(None, self._block(node))

    def _block(self, node: SyntaxTreeNode) -> Iterator[str]:
        match node.type:
            case "heading":
                yield self._heading(node)
            case "paragraph":
                yield self._paragraph(node.children[0].content)
            case "blockquote":
                yield from self.blocks(node.children)
            case "bullet_list" | "ordered_list":
                yield from self._list(node)
            case "table":
                yield from (self._row(row) for part in node.children for row in part.children)
            case "html_block":
                yield self._words(_outside_tags(node.content))

    def _heading(self, node: SyntaxTreeNode) -> str:
        """Return a heading; in a list or quotation it does not start a chapter, and becomes a paragraph."""
        words = self._words(node.children[0].content)
        return f"{'#' * int(node.tag[1:])} {words}" if words and node.level == 0 else words

    def _paragraph(self, content: str) -> str:
        words = self._words(CALLOUT.sub("", content, count=1) if CALLOUT.match(content) else content)
        marks = _HEADING_MARKS.match(words)  # was escaped as `\#`, so it is not a heading
        return words[marks.end() :] if marks else words

    def _list(self, node: SyntaxTreeNode) -> Iterator[str]:
        numbers = (f"{number}. " for number in count(int(node.attrs.get("start", 1))))
        marks = repeat("- ") if node.type == "bullet_list" else numbers
        items = [line for item, mark in zip(node.children, marks, strict=False) for line in self._item(item, mark)]
        is_tight = any(part.hidden for item in node.children for part in item.children)
        yield from ["\n".join(items)] if is_tight else items

    def _item(self, node: SyntaxTreeNode, mark: str) -> Iterator[str]:
        for number, block in enumerate(self.blocks(node.children)):
            words = _without_box(block) if number == 0 else block
            begins_list = node.children[0].type.endswith("_list")
            yield f"{mark}{words}" if number == 0 and not begins_list else words

    def _row(self, node: SyntaxTreeNode) -> str:
        cells = [words for cell in node.children if (words := self._paragraph(cell.children[0].content))]
        stopped = [cell if cell.endswith(_STOPS) else f"{cell};" for cell in cells[:-1]]
        return " ".join([*stopped, *cells[-1:]])

    def _words(self, content: str) -> str:
        """Return the words of a paragraph on one line."""
        said = (piece for stretch in _stretches(content) for piece in self._said(stretch))
        return _on_one_line("".join(said), self._known)

    def _said(self, stretch: str) -> Iterator[str]:
        stretch = without_dialect(stretch)
        if _MARKUP.search(stretch):
            yield from _texts(self._parser.parseInline(stretch, self._refs)[0].children or ())
        else:
            yield stretch


def _texts(tokens: Sequence[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type == "image":
            yield from _texts(token.children or ())
        elif token.type in ("softbreak", "hardbreak"):
            yield "\n"
        elif token.type == "html_inline":
            yield "\n" if token.content.lower().startswith("<br") else ""
        else:
            yield token.content


def _outside_tags(content: str) -> str:
    """Return an HTML block without what browsers do not show. Its tags are dropped later."""
    shown = content.lstrip()
    shown = shown.partition("-->")[2].lstrip() if shown.startswith("<!--") else shown
    return "" if _UNREAD.match(shown) else shown


def _without_box(words: str) -> str:
    box = BOX.match(words)
    return words[box.end() :] if box else words


def _stretches(content: str) -> Iterator[str]:
    """Yield a text in stretches of at most `STRETCH` characters, cut at spaces if possible."""
    start = 0
    while len(content) - start > STRETCH:
        end = start + STRETCH
        end = max(content.rfind(blank, start, end) for blank in " \n") + 1 or end
        yield content[start:end]
        start = end
    yield content[start:]


def _on_one_line(text: str, known: frozenset[str]) -> str:
    return run_on([words for line in text.split("\n") if (words := " ".join(line.split()))], known)


def block_parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": _BLOCK_NESTING})
    return parser.enable("table").disable("inline")


def _inline_parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": INLINE_NESTING}).enable("strikethrough")
    parser.inline.ruler.before("link", "note_mark", _note_mark)
    parser.inline.ruler.before("emphasis", "times", times)
    return parser


def _note_mark(state: StateInline, silent: bool) -> bool:
    """Parser rule: skip a footnote mark and the space before it."""
    found = NOTE_MARK.match(state.src, state.pos)
    if found is None:
        return False
    if not silent:
        state.pending = state.pending.rstrip(" ")
    state.pos = found.end()
    return True
