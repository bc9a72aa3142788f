"""Texts and documents as plain text with Markdown headings."""

from __future__ import annotations

from pathlib import Path

from dropdub.languages import NO_HINT, Hint
from dropdub.text.archive import DOCUMENT_SUFFIXES, Cover, opened
from dropdub.text.docx.properties import docx_details, unread_in_docx
from dropdub.text.docx.reading import docx_blocks
from dropdub.text.epub.package import BookDetails
from dropdub.text.epub.reading import epub_blocks, epub_cover, epub_details
from dropdub.text.front_matter import front_matter
from dropdub.text.markdown import MARKDOWN_SUFFIXES, markdown_blocks
from dropdub.text.pasted_page import without_page_markup
from dropdub.text.reading import read_text, written_text
from dropdub.untrusted.characters import as_read

__all__ = [
    "DOCUMENT_SUFFIXES",
    "BookDetails",
    "Cover",
    "cover_of",
    "details_of",
    "is_document",
    "read_document",
    "read_prose",
    "unread_parts",
]


def is_document(name: str) -> bool:
    return Path(name).suffix.lower() in DOCUMENT_SUFFIXES


def read_prose(path: Path, *, name: str, hint: Hint = NO_HINT) -> str:
    """Return the prose of a text or document that was dropped as `name`.

    Raises the errors of `read_document`.
    """
    if is_document(name):
        return read_document(path)
    text = read_text(path, hint=hint)
    is_markdown = Path(name).suffix.lower() in MARKDOWN_SUFFIXES
    return "\n\n".join(markdown_blocks(text)) if is_markdown else as_read(without_page_markup(text))


def read_document(path: Path) -> str:
    """Return the text of a document: paragraphs separated by blank lines, `# ` before headings, `- ` before list items.

    Raises NotText if it is damaged, locked or not what its name says, TooLarge if it unpacks to too much, and OSError.
    """
    with opened(path) as archive:
        blocks = docx_blocks(archive) if path.suffix.lower() == ".docx" else epub_blocks(archive)
        return as_read("\n\n".join(blocks) + "\n")


def unread_parts(path: Path, *, name: str) -> list[str]:
    """Return warnings about words in a document that are not read. Raises the errors of `read_document`."""
    if path.suffix.lower() != ".docx":
        return []
    with opened(path) as archive:
        return unread_in_docx(archive, name)


def cover_of(path: Path) -> Cover | None:
    """Return the cover picture of a book; None if there is none. Raises the errors of `read_document`."""
    if path.suffix.lower() != ".epub":
        return None
    with opened(path) as archive:
        return epub_cover(archive)


def details_of(path: Path) -> BookDetails:
    """Return the title and author that a book or text states, empty where it states none.

    Raises the errors of `read_document`.
    """
    suffix = path.suffix.lower()
    if suffix in MARKDOWN_SUFFIXES:
        said = front_matter(written_text(path).text)
        return BookDetails(said.get("title", ""), said.get("author", ""), said.get("lang", ""))
    if suffix not in DOCUMENT_SUFFIXES:
        return BookDetails()
    with opened(path) as archive:
        return epub_details(archive) if suffix == ".epub" else docx_details(archive)
