"""Texts and documents as plain text, with their headings as Markdown has them."""

from __future__ import annotations

from pathlib import Path

from dropdub.text.archive import DOCUMENT_SUFFIXES, Cover, opened
from dropdub.text.docx import docx_blocks
from dropdub.text.epub import epub_blocks, epub_cover
from dropdub.text.markdown import MARKDOWN_SUFFIXES, markdown_blocks
from dropdub.text.reading import read_text
from dropdub.untrusted.text import with_few_marks, without_controls

__all__ = ["DOCUMENT_SUFFIXES", "Cover", "cover_of", "is_document", "read_document", "read_prose"]


def is_document(name: str) -> bool:
    return Path(name).suffix.lower() in DOCUMENT_SUFFIXES


def read_prose(path: Path, *, name: str) -> str:
    """Return what is read aloud of a text or document that was dropped as `name`. Raises what `read_document` does."""
    if is_document(name):
        return read_document(path)
    text = read_text(path)
    return "\n\n".join(markdown_blocks(text)) if Path(name).suffix.lower() in MARKDOWN_SUFFIXES else text


def read_document(path: Path) -> str:
    """Return the text of a document: paragraphs parted by blank lines, `# ` before headings, `- ` before list items.

    Raises NotText where it is damaged, locked or not what its name says, TooLarge where it unpacks to too much,
    and OSError.
    """
    with opened(path) as archive:
        blocks = docx_blocks(archive) if path.suffix.lower() == ".docx" else epub_blocks(archive)
        return with_few_marks(without_controls("\n\n".join(blocks) + "\n"))


def cover_of(path: Path) -> Cover | None:
    """Return the picture on the cover of a book; None where there is none. Raises what `read_document` does."""
    if path.suffix.lower() != ".epub":
        return None
    with opened(path) as archive:
        return epub_cover(archive)
