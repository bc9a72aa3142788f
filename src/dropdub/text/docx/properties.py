"""What a Word document says about itself, and which of its words are not read."""

from __future__ import annotations

from dropdub.text.archive import Archive
from dropdub.text.docx.package import DocxPackage
from dropdub.text.epub.package import MOST_IN_LABEL, BookDetails

_DC = "{http://purl.org/dc/elements/1.1/}"
_NOBODY = frozenset(
    (
        *("user", "windows user", "microsoft office user", "admin", "administrator", "author", "unknown"),
        *("python-docx", "docx4j", "apache poi", "un-named", "openxml", "aspose", "msoffice"),
    )
)
"""What programs and new computers write for an author."""
_SAVE_AGAIN = "Open it in Word, save it as .docx, and drop that."
_NO_TITLE = frozenset(("word document", "document", "untitled", "title", "powerpoint presentation"))


def docx_details(archive: Archive) -> BookDetails:
    """Return the title and the author in a document's properties, as far as people wrote them."""
    part = DocxPackage(archive).properties
    if part is None:
        return BookDetails()
    found = {one.tag: " ".join(one.text.split())[:MOST_IN_LABEL] for one in archive.placed(part).root.children}
    title = found.get(f"{_DC}title", "")
    people = [one.strip() for one in found.get(f"{_DC}creator", "").split(";")]
    authors = ", ".join(one for one in people if one and one.casefold() not in _NOBODY)
    return BookDetails("" if title.casefold() in _NO_TITLE else title, authors)


def unread_in_docx(archive: Archive, name: str) -> list[str]:
    """Return warnings about parts of a document whose words are neither read nor translated."""
    package, found = DocxPackage(archive), []
    files = package.number_of("aFChunk", "subDocument")
    if files:
        what = "another file whose words are" if files == 1 else f"{files} other files whose words are"
        found.append(f"{name} contains {what} not read: Word inserts them when it opens the document. {_SAVE_AGAIN}")
    drawings = package.number_of("diagramData", "chart", "chartEx")
    if drawings:
        what = "a diagram or chart" if drawings == 1 else f"{drawings} diagrams or charts"
        found.append(f"The words of {what} in {name} are not read, and stay as they are in a translation of it.")
    return found
