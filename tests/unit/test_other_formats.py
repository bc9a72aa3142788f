"""Documents of other programs, whatever they are named."""

from __future__ import annotations

import pytest

from dropdub.text.other_formats import other_format
from dropdub.text.reading import looks_like_text

PDF = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog >>\nendobj\n"


@pytest.mark.parametrize(
    ("head", "what"),
    [
        (PDF, "PDF"),
        (PDF.replace(b"\n%\xe2\xe3\xcf\xd3", b""), "PDF"),
        (b"\r\n\xef\xbb\xbf" + PDF.replace(b"\n", b"\r"), "PDF"),
        (b"{\\rtf1\\ansi Hello.}", "RTF"),
        (b"%!PS-Adobe-3.0\n", "PostScript"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "Office"),
        (b"PK\x03\x04" + bytes(26) + b"mimetypeapplication/vnd.oasis.opendocument.text", "OpenDocument"),
        (b"A book".ljust(60, b"\0") + b"BOOKMOBI", "Kindle"),
    ],
)
def test_documents_of_other_programs_are_recognized(head: bytes, what: str) -> None:
    found = other_format(head)
    assert found is not None and what in found.what and "drop" in found.remedy.lower()


@pytest.mark.parametrize(
    "text",
    [
        b"%PDF is a format for documents. It is read everywhere.",
        b"%PDF-1.7\nThat is how every such file begins.",
        b"The first line of a file is %PDF-1.4, and then 12 objects follow.",
        b"{A note in braces.}",
        b"",
    ],
)
def test_a_text_about_them_is_a_text(text: bytes) -> None:
    assert other_format(text) is None and looks_like_text(text)
