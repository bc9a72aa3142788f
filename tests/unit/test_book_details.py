"""What a book, a Word document or a Markdown text says about itself: title, authors, cover."""

from __future__ import annotations

from pathlib import Path

import pytest

from dropdub.text.documents import BookDetails, Cover, cover_of, details_of
from tests.documents import PACKAGE, a_docx, an_epub, paragraph, zipped

DC = 'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:opf="http://www.idpf.org/2007/opf"'
JPEG, PNG = b"\xff\xd8\xff\xe0 picture", b"\x89PNG\r\n\x1a\n picture"
TRANSLATED = (
    '<dc:title id="s">A Story</dc:title><meta refines="#s" property="title-type">subtitle</meta>'
    '<dc:title id="m">The House</dc:title><meta refines="#m" property="title-type">main</meta>'
    '<dc:creator id="t">Tom</dc:creator><meta refines="#t" property="role" scheme="marc:relators">trl</meta>'
    '<dc:creator id="a">Ann Lee</dc:creator><meta refines="#a" property="role">aut</meta>'
)
ILLUSTRATED = (
    '<dc:title>Alice</dc:title><dc:creator opf:role="ill">John</dc:creator>'
    '<dc:creator opf:role="aut">Lewis</dc:creator><dc:creator>Bo Ek</dc:creator>'
)
NO_META = PACKAGE.replace('<meta name="cover" content="pic"/>', "")


def said_by(folder: Path, metadata: str) -> BookDetails:
    package = PACKAGE.replace("<metadata>", f"<metadata {DC}>{metadata}")
    return details_of(an_epub(folder / "a.epub", **{"OEBPS/book.opf": package}))


@pytest.mark.parametrize(
    ("metadata", "title", "author"),
    [
        (
            TRANSLATED,
            "The House",
            "Ann Lee",
        ),
        (
            ILLUSTRATED,
            "Alice",
            "Lewis, Bo Ek",
        ),
        ('<dc:title>A</dc:title><dc:creator opf:role="edt">Eve</dc:creator>', "A", "Eve"),
        ("<dc:title>A</dc:title><dc:creator>Unknown</dc:creator>", "A", ""),
    ],
)
def test_the_title_of_a_book_is_its_main_one_and_its_authors_are_who_wrote_it(
    tmp_path: Path, metadata: str, title: str, author: str
) -> None:
    found = said_by(tmp_path, metadata)
    assert (found.title, found.author) == (title, author)


@pytest.mark.parametrize(
    ("title", "creator", "details"),
    [
        ("The annual report", "Ann Lee; Bo Ek", BookDetails("The annual report", "Ann Lee, Bo Ek")),
        ("Word Document", "Microsoft Office User", BookDetails()),
    ],
)
def test_a_word_document_has_the_title_and_author_of_its_properties(
    tmp_path: Path, title: str, creator: str, details: BookDetails
) -> None:
    kinds = "http://schemas.openxmlformats.org/package/2006/relationships"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    plain = a_docx(tmp_path / "plain.docx", paragraph("Words."))
    parts = {
        "_rels/.rels": f'<Relationships xmlns="{kinds}">'
        f'<Relationship Id="1" Type="{office}/officeDocument" Target="word/document.xml"/>'
        f'<Relationship Id="2" Type="{kinds}/metadata/core-properties" Target="docProps/core.xml"/></Relationships>',
        "docProps/core.xml": f"<core {DC}><dc:title>{title}</dc:title><dc:creator>{creator}</dc:creator></core>",
        "word/document.xml": "<document/>",
    }
    assert details_of(zipped(tmp_path / "a.docx", parts)) == details
    assert details_of(plain) == BookDetails()


@pytest.mark.parametrize(
    ("text", "title", "author"),
    [
        ('---\ntitle: The trip  # draft\nauthor: [Ann Lee, "Bo Ek"]\n---\n\nWords.', "The trip", "Ann Lee, Bo Ek"),
        ('+++\ntitle = "It\'s \\"here\\""\n+++\n\nWords.', 'It\'s "here"', ""),
        ("---\ntitle: |\n  Long\n---\n\nWords.", "", ""),
        ("title: no front matter\n\nWords.", "", ""),
    ],
)
def test_a_markdown_text_has_the_title_of_its_front_matter(tmp_path: Path, text: str, title: str, author: str) -> None:
    path = tmp_path / "a.md"
    path.write_text(text, encoding="utf-8")
    assert details_of(path) == BookDetails(title, author)


@pytest.mark.parametrize(
    "package",
    [
        PACKAGE.replace('content="pic"', 'content="cover.png"'),
        NO_META.replace('id="pic"', 'id="my-cover"'),
        NO_META.replace("</package>", '<guide><reference type="cover" href="text/two.xhtml"/></guide></package>'),
        PACKAGE.replace('media-type="image/png"', 'media-type="image/jpg"'),
    ],
)
def test_a_cover_is_found_however_a_book_names_it_and_is_what_its_bytes_are(tmp_path: Path, package: str) -> None:
    page = '<html><body><svg><image xlink:href="../cover.png"/></svg></body></html>'
    parts = {"OEBPS/book.opf": package, "OEBPS/cover.png": JPEG, "OEBPS/text/two.xhtml": page}
    assert cover_of(an_epub(tmp_path / "a.epub", **parts)) == Cover(JPEG, "jpg")


def test_a_picture_whose_name_only_contains_the_word_is_no_cover(tmp_path: Path) -> None:
    package = NO_META.replace('href="cover.png"', 'href="discovery.png"')
    assert cover_of(an_epub(tmp_path / "a.epub", **{"OEBPS/book.opf": package, "OEBPS/discovery.png": PNG})) is None
