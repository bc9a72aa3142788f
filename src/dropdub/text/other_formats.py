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


_PDF_FILE = OtherFormat(
    "a PDF file: it has pages with letters in places, but no sentences and paragraphs",
    f"{_SAVE} Or copy its text into a .txt file.",
)
_RTF = OtherFormat("an RTF file")
_POSTSCRIPT = OtherFormat("a PostScript file", "Drop the text that it was made from.")
_OLD_OFFICE = OtherFormat("a file of an older Microsoft Office, such as .doc")
_OPEN_DOCUMENT = OtherFormat("an OpenDocument file")
_KINDLE = OtherFormat("a Kindle book", "Convert it to EPUB, and drop that.")
_DJVU = OtherFormat("a DjVu file", "Drop its text as a .txt file.")
_FORMATS: tuple[tuple[Callable[[bytes], bool], OtherFormat], ...] = (
    (_is_pdf, _PDF_FILE),
    (_starts(b"{\\rtf"), _RTF),
    (_starts(b"%!PS"), _POSTSCRIPT),
    (_starts(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), _OLD_OFFICE),
    (_starts(b"mimetypeapplication/vnd.oasis.opendocument", at=30), _OPEN_DOCUMENT),
    (_starts(b"BOOKMOBI", at=60), _KINDLE),
    (_starts(b"AT&TFORM"), _DJVU),
)
_NAMED = {
    ".pdf": _PDF_FILE,
    ".rtf": _RTF,
    ".ps": _POSTSCRIPT,
    ".eps": _POSTSCRIPT,
    ".doc": _OLD_OFFICE,
    ".odt": _OPEN_DOCUMENT,
    ".mobi": _KINDLE,
    ".azw3": _KINDLE,
    ".djvu": _DJVU,
}


def other_format_named(suffix: str) -> OtherFormat | None:
    """Return the format of a document of another program by its suffix, in lower case; None if it is none of them."""
    return _NAMED.get(suffix)


def other_text_format(text: str) -> OtherFormat | None:
    """Return the format of a text that is written for a program, not for people; None if it is none that is known."""
    head = text.lstrip("\ufeff \n\t")[:_TEXT_HEAD]
    return next((found for pattern, found in _TEXT_FORMATS if pattern.match(head)), None)


_TEXT_HEAD = 8_000
_COPY = "Copy its words into a .txt file, and drop that."
_XML_NOISE = r"(?:<\?xml[^<>]{0,999}\?>|<!--[^<>]{0,999}-->|<!DOCTYPE[^<>]{0,999}>|\s)*"
_MAIL = r"(?:[A-Za-z][\w-]{0,60}:[^\n]{0,2000}\n(?:[ \t][^\n]{0,2000}\n){0,50}){0,80}"
_TEXT_FORMATS = (
    (
        re.compile(rf"{_XML_NOISE}<FictionBook\b"),
        OtherFormat("a FictionBook e-book", "Convert it to EPUB, for example with Calibre, and drop that."),
    ),
    (re.compile(rf"(?=<\?xml\b)(?!{_XML_NOISE}<html\b)|{_XML_NOISE}<svg\b"), OtherFormat("an XML file", _COPY)),
    (re.compile(r'\{\s*"[^"\n]{0,200}"\s*:|\[\s*\{\s*"[^"\n]{0,200}"\s*:'), OtherFormat("a JSON file", _COPY)),
    (
        re.compile(r"(?:%[^\n]*\n\s*)*+\\(?:documentclass|documentstyle|usepackage|begin|chapter|section|input)\b"),
        OtherFormat("a LaTeX file", "Convert it to .docx, for example with pandoc, and drop that."),
    ),
    (re.compile(r"BEGIN:(?:VCARD|VCALENDAR)\s"), OtherFormat("a card or calendar of a mail program", _COPY)),
    (
        re.compile(rf"{_MAIL}Content-Transfer-Encoding:\s*(?:quoted-printable|base64)\b", re.IGNORECASE),
        OtherFormat("a mail as it is sent, with its words encoded", f"Open it in a mail program. {_COPY}"),
    ),
)
