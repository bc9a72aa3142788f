"""Point the links within a Markdown text at its translated headings. Pure, in linear time.

Sites make a heading's address of its words, so a translated heading has another address.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token

from dropdub.text.markdown import STRETCH, block_parser
from dropdub.text.markdown_dialects import in_commonmark
from dropdub.text.rewriting.markdown_items import Refs, parser

_LEFT_OUT = re.compile(r"[^\w\- ]")
"""GitHub's and GitLab's rule: small letters, `-` for blanks, without punctuation, a number after what comes again."""
_OWN_ADDRESS = re.compile(r"\{[^{}\n]{0,100}#([^\s{}]{1,100})[^{}\n]{0,100}\}\s*$")
_LINK = re.compile(r"(\]\(<?|^ {0,3}\[[^\[\]]{1,300}\]:[ \t]*<?|\bhref=[\"'])#([^\s)>\"']{1,300})", re.M)
_CODE = ("fence", "code_block")


def with_heading_links(translated: str, before: Sequence[Token]) -> str:
    """Return a translated text whose links to headings have their new addresses.

    `before` are the tokens of the blocks of what was translated.
    """
    if not _LINK.search(translated):
        return translated
    tokens = block_parser().parse(in_commonmark(translated), Refs())
    old, new = list(_addresses(before)), list(_addresses(tokens))
    if len(old) != len(new):
        return translated
    moved = dict(zip(old, new, strict=True))
    code = {line for token in tokens if token.type in _CODE and token.map for line in range(*token.map)}
    lines = translated.split("\n")
    return "\n".join(line if at in code else _pointed(line, moved) for at, line in enumerate(lines))


def _addresses(tokens: Sequence[Token]) -> Iterator[str]:
    """Yield the address of each heading, without `#`."""
    count, inline = Counter[str](), parser()
    for before, token in pairwise(tokens):
        if before.type != "heading_open" or len(token.content) > STRETCH:
            continue
        own = _OWN_ADDRESS.search(token.content)
        address = own[1] if own else _LEFT_OUT.sub("", _words(inline, token.content).lower()).replace(" ", "-")
        yield f"{address}-{count[address]}" if count[address] else address
        count[address] += 1


def _words(inline: MarkdownIt, heading: str) -> str:
    children = inline.parseInline(heading, {})[0].children or ()
    return "".join(child.content for child in children if child.type in ("text", "code_inline")).strip()


def _pointed(line: str, moved: dict[str, str]) -> str:
    return _LINK.sub(lambda link: f"{link[1]}#{moved.get(unquote(link[2]), link[2])}", line)
