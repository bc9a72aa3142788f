"""Word and EPUB documents: what is read of them, and what they cannot do to us."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from dropdub.errors import NotText, TooLarge
from dropdub.text import archive
from dropdub.text.documents import Cover, cover_of, read_document
from tests.documents import CONTAINER, PACKAGE, STYLES, W, a_docx, an_epub, paragraph, zipped

BOOK = """# The first chapter

It was a dark & stormy night.

- One thing.

- Another.

# The second chapter

All was well.
"""


def test_a_word_document_is_read_with_headings_of_any_language_lists_and_tables(tmp_path: Path) -> None:
    numbered = "<w:p><w:pPr><w:numPr/></w:pPr><w:r><w:t>An item</w:t></w:r></w:p>"
    table = f"<w:tbl><w:tr><w:tc>{paragraph('In a cell')}</w:tc></w:tr></w:tbl>"
    broken = "<w:p><w:r><w:t>Two</w:t><w:br/><w:t>lines</w:t></w:r></w:p>"
    body = paragraph("Título", style="Ttulo1") + broken + paragraph("Parte", style="Ttulo2") + numbered + table
    path = a_docx(tmp_path / "a.docx", body + paragraph(" ") + paragraph("Plain.", style="Normal"))
    assert read_document(path) == "# Título\n\nTwo lines\n\n## Parte\n\n- An item\n\nIn a cell\n\nPlain.\n"


def test_deleted_or_duplicate_text_in_a_word_document_is_not_read(tmp_path: Path) -> None:
    tracked = (
        "<w:p><w:ins><w:r><w:t>kept</w:t></w:r></w:ins><w:del><w:r><w:delText>gone</w:delText></w:r></w:del></w:p>"
    )
    mc = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    boxed = (
        f"<mc:AlternateContent {mc}><mc:Choice>{{0}}</mc:Choice><mc:Fallback>{{0}}</mc:Fallback></mc:AlternateContent>"
    )
    box = f"<w:p><w:r><w:t>Around</w:t>{boxed.format(paragraph('In the box'))}</w:r></w:p>"
    assert read_document(a_docx(tmp_path / "a.docx", tracked + box)) == "kept\n\nAround\n\nIn the box\n"


def test_a_book_is_read_page_by_page_in_the_order_of_its_spine(tmp_path: Path) -> None:
    assert read_document(an_epub(tmp_path / "a.epub")) == BOOK


def test_the_cover_of_a_book_is_found_by_either_way_of_naming_it(tmp_path: Path) -> None:
    old = an_epub(tmp_path / "old.epub", **{"OEBPS/cover.png": b"png"})
    named = PACKAGE.replace('<meta name="cover" content="pic"/>', "").replace(
        'id="pic"', 'id="pic" properties="cover-image"'
    )
    new = an_epub(tmp_path / "new.epub", **{"OEBPS/cover.png": b"png", "OEBPS/book.opf": named})
    assert cover_of(old) == cover_of(new) == Cover(b"png", "png")
    assert cover_of(an_epub(tmp_path / "without.epub")) is None


def refusal(path: Path) -> str:
    with pytest.raises((NotText, TooLarge)) as refused:
        read_document(path)
    assert path.name in refused.value.message and refused.value.remedy
    return refused.value.message


def test_a_zip_bomb_is_refused_before_it_fills_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST_BYTES", 1_000_000)
    bomb = a_docx(tmp_path / "bomb.docx", paragraph("x" * 5_000_000))
    assert bomb.stat().st_size < 20_000
    assert "unpacks to more than 1 MB" in refusal(bomb)
    pages = {f"OEBPS/text/{name}.xhtml": "<p>" + "x" * 600_000 for name in ("one page", "two")}
    assert "unpacks to more than" in refusal(an_epub(tmp_path / "bomb.epub", **pages))


@pytest.mark.parametrize(
    "entities",
    [
        '<!ENTITY a "x"><!ENTITY b "&a;&a;&a;&a;">',
        '<!ENTITY b SYSTEM "file:///etc/hostname">',
        '<!ENTITY b SYSTEM "http://127.0.0.1:9/x">',
    ],
)
def test_no_entity_is_followed(tmp_path: Path, entities: str) -> None:
    document = f"<!DOCTYPE w [{entities}]><w:document {W}><w:body>{paragraph('&b;')}</w:body></w:document>"
    path = zipped(tmp_path / "a.docx", {"word/document.xml": document, "word/styles.xml": STYLES})
    assert "is damaged" in refusal(path)
    assert "is damaged" in refusal(
        an_epub(tmp_path / "a.epub", **{"OEBPS/book.opf": f"<!DOCTYPE p [{entities}]>{PACKAGE}"})
    )


def test_no_part_outside_the_document_is_read(tmp_path: Path) -> None:
    outside = tmp_path / "secret.xhtml"
    outside.write_text("<p>secret</p>", encoding="utf-8")
    package = PACKAGE.replace("text/two.xhtml", "../../../" * 9 + outside.as_posix().lstrip("/"))
    assert "is damaged: it lacks" in refusal(an_epub(tmp_path / "a.epub", **{"OEBPS/book.opf": package}))


def test_a_locked_book_is_refused_as_such_and_one_with_hidden_fonts_is_not(tmp_path: Path) -> None:
    def encrypted(uri: str) -> str:
        reference = f'<CipherData xmlns="x"><CipherReference URI="{uri}"/></CipherData>'
        return f"<encryption><EncryptedData>{reference}</EncryptedData></encryption>"

    locked = an_epub(tmp_path / "a.epub", **{"META-INF/encryption.xml": encrypted("OEBPS/text/one%20page.xhtml")})
    assert "locked by a password or copy protection" in refusal(locked)
    fonts = an_epub(tmp_path / "b.epub", **{"META-INF/encryption.xml": encrypted("OEBPS/font.otf")})
    assert read_document(fonts) == BOOK


@pytest.mark.parametrize("name", ["a.docx", "a.epub"])
def test_a_damaged_or_foreign_file_is_refused_with_a_sentence(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    whole = an_epub(path) if name == "a.epub" else a_docx(path, paragraph("x" * 999))
    content = whole.read_bytes()
    found = set()
    for spoilt in (b"no zip at all", content[: len(content) // 2], content[:60] + b"\0" * 40 + content[100:]):
        path.write_bytes(spoilt)
        found.add(refusal(path).partition(" or not")[0].partition(":")[0])
    zipped(path, {"other.txt": "x", "META-INF/container.xml": CONTAINER})
    found.add(refusal(path).partition(" or not")[0].partition(":")[0])
    assert found == {f"{name} is damaged"}


def test_nothing_is_unpacked_to_disk(tmp_path: Path) -> None:
    path = an_epub(tmp_path / "a.epub", **{"../evil.txt": "x"})
    assert "../evil.txt" in zipfile.ZipFile(path).namelist()
    read_document(path)
    assert [file.name for file in tmp_path.iterdir()] == ["a.epub"]
    assert not (tmp_path.parent / "evil.txt").exists()


def test_a_chapter_whose_heading_is_a_picture_is_named_by_the_table_of_contents(tmp_path: Path) -> None:
    nav = '<html><body><nav epub:type="toc"><ol><li><a href="text/two.xhtml">The Sea</a></li></ol></nav></body></html>'
    page = '<html><body><div><img src="h.png" alt=""/></div><p>It went on.</p></body></html>'
    book = an_epub(tmp_path / "a.epub", **{"OEBPS/nav.xhtml": nav, "OEBPS/text/two.xhtml": page})
    assert read_document(book).endswith("# The Sea\n\nIt went on.\n")
