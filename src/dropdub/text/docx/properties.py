"""What a Word document says about itself."""

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
