"""Word and EPUB documents as programs write them, made part by part."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

from dropdub.text.pages.reading import passages_of
from dropdub.text.rewriting.passages import as_blocks, read_passages

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
STYLES = f"""<w:styles {W}>
<w:style w:type="paragraph" w:styleId="Ttulo1"><w:name w:val="heading 1"/></w:style>
<w:style w:type="paragraph" w:styleId="Ttulo2"><w:name w:val="heading 2"/></w:style>
<w:style w:type="paragraph" w:styleId="Normal"><w:name w:val="Normal"/></w:style></w:styles>"""
CONTAINER = """<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0">
<rootfiles><rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>"""
PACKAGE = """<package xmlns="http://www.idpf.org/2007/opf" version="3.0">
<metadata><meta name="cover" content="pic"/></metadata>
<manifest>
<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
<item id="two" href="text/two.xhtml" media-type="application/xhtml+xml"/>
<item id="one" href="text/one%20page.xhtml" media-type="application/xhtml+xml"/>
<item id="pic" href="cover.png" media-type="image/png"/>
</manifest>
<spine><itemref idref="nav"/><itemref idref="one"/><itemref idref="two"/></spine></package>"""
PAGE_ONE = """<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN" "http://127.0.0.1:9/xhtml11.dtd">
<html><head><title>Not spoken</title><style>p {}</style></head><body>
<h1>The   <i>first</i> chapter</h1><p>It was a dark&nbsp;&amp; stormy<br/>night.</p><script>alert(1)</script>
<ul><li><p>One thing.</p></li><li>Another.</li></ul></body></html>"""
PAGE_TWO = "<html><body><h1>The second chapter</h1><div>All was <b>well</b>.</div></body></html>"


def zipped(path: Path, parts: Mapping[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def a_docx(path: Path, body: str, *, styles: str = STYLES) -> Path:
    document = f"<w:document {W}><w:body>{body}</w:body></w:document>"
    return zipped(path, {"word/document.xml": document, "word/styles.xml": styles})


def paragraph(text: str, *, style: str | None = None) -> str:
    properties = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f'<w:p>{properties}<w:r><w:t xml:space="preserve">{text}</w:t></w:r></w:p>'


def an_epub(path: Path, **others: str | bytes) -> Path:
    parts: dict[str, str | bytes] = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": CONTAINER,
        "OEBPS/book.opf": PACKAGE,
        "OEBPS/nav.xhtml": "<html><body><nav><p>Contents</p></nav></body></html>",
        "OEBPS/text/one page.xhtml": PAGE_ONE,
        "OEBPS/text/two.xhtml": PAGE_TWO,
    }
    return zipped(path, {**parts, **others})


def blocks_of(page: str) -> list[str]:
    """Return the paragraphs of a page of a book that are read."""
    return list(as_blocks(read_passages(passages_of(page))))
