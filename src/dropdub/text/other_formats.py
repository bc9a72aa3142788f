"""Recognize documents of other programs by their content, whatever they are named."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_MAGIC_BYTES = 1024
"""PDF readers accept other bytes before a PDF's first line, up to this many."""
_PDF = re.compile(rb"(?:^|[\r\n])[^\r\n]{0,80}?%PDF-\d\.\d")
_PDF_OBJECT = re.compile(rb"\d \d+ obj\b|[\x00-\x08]")
"""No text has both: one that is about PDF files may begin like one."""
_SAVE = "Open it in Word or LibreOffice Writer, save it as .docx, and drop that."


@dataclass(frozen=True)
class OtherFormat:
    """A format that is not read: what a file of it is, and what to do with it."""

    what: str
    remedy: str = _SAVE


def other_format(head: bytes) -> OtherFormat | None:
    """Return the format of a document of another program that starts with `head`; None if it is none that is known."""
    return next((found for is_one, found in _FORMATS if is_one(head)), None)


def _is_pdf(head: bytes) -> bool:
    return bool(_PDF.search(head[:_MAGIC_BYTES]) and _PDF_OBJECT.search(head))


def _starts(*marks: bytes, at: int = 0) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(marks, at)


_PAGES = "a PDF file: it has pages with letters in places, but no sentences and paragraphs"
_FORMATS: tuple[tuple[Callable[[bytes], bool], OtherFormat], ...] = (
    (_is_pdf, OtherFormat(_PAGES, f"{_SAVE} Or copy its text into a .txt file.")),
    (_starts(b"{\\rtf"), OtherFormat("an RTF file")),
    (
        _starts(b"%!PS"),
        OtherFormat("a PostScript file", "Drop the text that it was made from."),
    ),
    (_starts(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), OtherFormat("a file of an older Microsoft Office, such as .doc")),
    (_starts(b"mimetypeapplication/vnd.oasis.opendocument", at=30), OtherFormat("an OpenDocument file")),
    (
        _starts(b"BOOKMOBI", at=60),
        OtherFormat("a Kindle book", "Convert it to EPUB, and drop that."),
    ),
    (
        _starts(b"AT&TFORM"),
        OtherFormat("a DjVu file", "Drop its text as a .txt file."),
    ),
)
