"""Read what was copied from the source of a web page into a text: `<p>Ol&aacute;</p>`. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from dropdub.text.pages.reading import passages_of
from dropdub.text.rewriting.passages import as_blocks, read_passages
from dropdub.untrusted.text import unescaped

_BLOCKS = "blockquote|br|center|div|h[1-6]|hr|img|li|ol|p|table|tbody|td|th|thead|tr|ul"
_INLINE = "a|b|em|font|i|small|span|strong|sub|sup|u"
_TAG = re.compile(rf"</?(?:{_BLOCKS}|{_INLINE})(?:\s[^<>]{{0,999}})?/?>", re.IGNORECASE)
_BEFORE_PAGE = r"\s*(?:<\?xml[^<>]{0,999}\?>\s*)?(?:<!--[^<>]{0,999}-->\s*)?"
_PAGE = re.compile(rf"{_BEFORE_PAGE}<(?:!doctype\s+html|html)\b", re.IGNORECASE)
_LEAST = 2
"""Tags. A single one may be a name in angle brackets."""
_BLANK_LINE = re.compile(r"\n[ \t]*\n")


def without_page_markup(text: str) -> str:
    """Return a text without the tags and entities of a web page, if it has any. Raises TooLarge for too many."""
    if _PAGE.match(text):
        return "\n\n".join(_blocks(text))
    if len(list(islice(_TAG.finditer(text), _LEAST))) < _LEAST:
        return unescaped(text)
    parts = _BLANK_LINE.split(text)
    return "\n\n".join(one for part in parts for one in (_blocks(part) if _TAG.search(part) else [unescaped(part)]))


def _blocks(page: str) -> Iterator[str]:
    yield from as_blocks(read_passages(passages_of(page)))
