"""Pages of books: how they are encoded, and what of them is read aloud."""

from __future__ import annotations

from html import unescape
from pathlib import Path

import pytest

from dropdub.text.documents import read_document
from dropdub.untrusted.markup_encoding import decoded, encoded
from tests.calls import calls_of
from tests.documents import PACKAGE, an_epub, blocks_of

PORTUGUESE = "<p>Não há ninguém à porta: “é cedo” – ção.</p>"


def page(body: str, *, head: str = "") -> str:
    return f"<html><head>{head}</head><body>{body}</body></html>"


@pytest.mark.parametrize(
    ("head", "encoding", "words"),
    [
        ('<?xml version="1.0" encoding="iso-8859-1"?>', "latin-1", "Não há ninguém"),
        ("<?xml version='1.0' encoding='ISO-8859-1'?>", "cp1252", "“Não há” – ninguém"),
        ('<?xml version="1.0" encoding="windows-1250"?>', "cp1250", "Příliš žluťoučký kůň"),
        ('<?xml version="1.0" encoding="windows-1251"?>', "cp1251", "Ночь, улица, фонарь"),
        ('<?xml version="1.0" encoding="KOI8-R"?>', "koi8-r", "Ночь, улица, фонарь"),
        ('<?xml version="1.0" encoding="windows-1253"?>', "cp1253", "Καλημέρα κόσμε"),
        ('<?xml version="1.0" encoding="windows-1256"?>', "cp1256", "مرحبا بالعالم"),
        ('<?xml version="1.0" encoding="Shift_JIS"?>', "cp932", "東京は大きい町です"),
        ('<?xml version="1.0" encoding="EUC-JP"?>', "euc_jp", "東京は大きい町です"),
        ('<?xml version="1.0" encoding="ISO-2022-JP"?>', "iso2022_jp", "東京は大きい町です"),
        ('<?xml version="1.0" encoding="gb2312"?>', "gb18030", "今天天气很好"),
        ('<?xml version="1.0" encoding="Big5"?>', "big5hkscs", "今天天氣很好"),
        ('<?xml version="1.0" encoding="EUC-KR"?>', "cp949", "오늘은 날씨가 좋다"),
        ('<meta charset="windows-1252"/>', "cp1252", "“Não há” – ninguém"),
        ('<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-2"/>', "iso8859-2", "Zażółć gęślą"),
        ('<?xml version="1.0" encoding="UTF-8"?>', "utf-8", "Não há ninguém"),
        ('<?xml version="1.0" encoding="iso-8859-1"?>', "utf-8", "Não há ninguém – 東京"),
        ("", "utf-8-sig", "Não há ninguém"),
        ("", "cp1252", "Não há ninguém"),
        ('<?xml version="1.0" encoding="UTF-16"?>', "utf-16", "Não há 東京"),
        ('<?xml version="1.0" encoding="UTF-16"?>', "utf-16-le", "Não há 東京"),
        ('<?xml version="1.0" encoding="UTF-16"?>', "utf-16-be", "Não há 東京"),
        ("", "utf-16-le", "Não há 東京"),
        ("", "utf-32", "Não há 東京"),
        ('<?xml version="1.0" encoding="no-such-thing"?>', "utf-8", "Não há"),
        ('<?xml version="1.0" encoding="base64"?>', "utf-8", "Não há"),
    ],
)
def test_a_page_is_decoded_as_it_declares_unless_its_bytes_say_otherwise(
    tmp_path: Path, head: str, encoding: str, words: str
) -> None:
    content = f"{head}<html><body><p>{words}</p></body></html>".encode(encoding)
    book = an_epub(tmp_path / "a.epub", **{"OEBPS/text/two.xhtml": content})
    assert read_document(book).endswith(f"\n\n{words}\n")
    assert unescape(decoded(encoded(decoded(content), content))) == unescape(decoded(content))


def test_a_page_in_utf_8_with_a_few_damaged_bytes_stays_in_utf_8() -> None:
    damaged = (PORTUGUESE * 3).encode() + b"<p>\xff</p>"
    assert "ninguém à porta: “é cedo”" in decoded(damaged)


def test_a_character_that_the_encoding_of_a_page_lacks_is_written_as_a_number() -> None:
    original = '<?xml version="1.0" encoding="iso-8859-1"?><p>é</p>'.encode("latin-1")
    assert encoded("<p>é “東”</p>", original) == b"<p>\xe9 &#8220;&#26481;&#8221;</p>"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ('Old.<a epub:type="noteref" href="#n1">1</a> He slept.', "Old. He slept."),
        ("Old.<a role='doc-noteref' href='#n1'>[1]</a> He slept.", "Old. He slept."),
        ('Old.<sup><a href="#fn1">1</a></sup> He slept.', "Old. He slept."),
        ('Old.<a href="notes.xhtml#fn1"><sup>1</sup></a> He slept.', "Old. He slept."),
        ('Old.<sup><a href="#fn1" id="r1">*</a></sup> He slept.', "Old. He slept."),
        ('Old.<a class="footnote-ref" href="#fn1">12</a> He slept.', "Old. He slept."),
        ('Old.<a href="#n1">[1]</a> He slept.', "Old. He slept."),
        ('Old.<a href="#n1">†</a> He slept.', "Old. He slept."),
        ('“Old.”<a href="#n1">3</a> He slept.', "“Old.” He slept."),
        ('Old<a epub:type="noteref" href="#n1"><sup>iv</sup></a>, but kind.', "Old, but kind."),
        ('Old.<span epub:type="noteref">1</span> He slept.', "Old. He slept."),
        ("E = mc<sup>2</sup>, and the 1<sup>st</sup> of May.", "E = mc2, and the 1st of May."),
        ('See page <a href="#p12">12</a> and <a href="c2.xhtml">chapter 2</a>.', "See page 12 and chapter 2."),
        ('The <span epub:type="pagebreak" id="p2" title="2">2</span>king.', "The king."),
        ('The <span role="doc-pagebreak" aria-label="2"/>king.', "The king."),
        ('The <span class="pagenum">[Pg 12]</span>king.', "The king."),
        ('The <a id="page_7" class="page-number">xii</a>king.', "The king."),
        ('The <span class="pagebreak">whole and only king</span>.', "The whole and only king."),
        ('Here <span hidden="hidden">not</span>it <span hidden>not</span>is.', "Here it is."),
        ('Here <span style="color:red; display : none">not</span>it is.', "Here it is."),
        ('Here <span style="visibility:hidden">not</span>it is.', "Here it is."),
        ('Here <b style="display:inline">it</b> is.', "Here it is."),
        ('<span aria-hidden="true">O</span><span class="sr">Once</span> upon a time.', "Once upon a time."),
        ("<ruby>東京<rp>(</rp><rt>とうきょう</rt><rp>)</rp></ruby>は大きい", "東京は大きい"),
        ("<ruby><rb>町</rb><rtc><rt>まち</rt></rtc></ruby>です", "町です"),
        ("<ruby>漢<rt>かん</ruby><ruby>字<rt>じ</ruby>", "漢字"),
        ("One<br/>two<wbr/>three &amp; <i>four</i><img src='x' alt='five'/>", "One twothree & four"),
        ("<svg><text>No</text></svg>Yes<math><mi>x</mi></math>", "Yes"),
        ("Use <code>print</code> here.", "Use print here."),
    ],
)
def test_what_is_not_for_reading_in_a_line_is_not_read(written: str, read: str) -> None:
    assert blocks_of(page(f"<p>{written}</p>")) == [read]


@pytest.mark.parametrize(
    "silent",
    [
        *('<aside epub:type="footnote" id="n1"><p>1. A note.</p></aside>', "<p hidden>No.</p>"),
        *('<section role="doc-endnotes"><ol><li>A note.</li></ol></section>', '<div class="footnotes"><p>1</p></div>'),
        *('<p class="footnote">A note.</p>', '<section epub:type="rearnotes"><h2>Notes</h2><p>A</p></section>'),
        *('<div style="display:none"><p>No.</p></div>', '<div aria-hidden="true"><p>No.</p></div>'),
        *('<div epub:type="pagebreak">12</div>', '<p class="pagenum">12</p>', "<hr/>", "<nav><p>Contents</p></nav>"),
        *("<pre><code>x = 1</code></pre>", '<pre class="programlisting">x = 1</pre>', "<script>x</script>"),
        *(
            '<p class="gone">No.</p>',
            '<p id="lost">No.</p>',
            "<aside>No.</aside>",
            '<div class="a gone"><p>No.</p></div>',
        ),
    ],
)
def test_a_block_that_is_not_for_reading_is_not_read(silent: str) -> None:
    style = "<style>/* p {display:none} */ .gone, #lost, aside {display: none} @media print {p {display:none}}</style>"
    assert blocks_of(page(f"<p>Before.</p>{silent}<p>After.</p>", head=style)) == ["Before.", "After."]


def test_a_later_rule_shows_what_an_earlier_one_hides() -> None:
    style = "<style>.a {display:none} .b {visibility:hidden} .a {display:block}</style>"
    assert blocks_of(page('<p class="a">Shown.</p><p class="b">Hidden.</p>', head=style)) == ["Shown."]


def test_a_stylesheet_of_the_book_hides_what_it_says(tmp_path: Path) -> None:
    package = PACKAGE.replace("</manifest>", '<item id="css" href="s.css" media-type="text/css"/></manifest>')
    body = '<p class="tts-off">No.</p><p>Yes.</p>'
    parts = {"OEBPS/book.opf": package, "OEBPS/s.css": ".tts-off{display:none}", "OEBPS/text/two.xhtml": page(body)}
    assert read_document(an_epub(tmp_path / "a.epub", **parts)).endswith("\n\nYes.\n")


def test_lists_are_read_with_the_numbers_that_are_shown() -> None:
    found = blocks_of('<ol start="3"><li>c<li><p>d</p><p>more</p></li><li value="9">i<ul><li>x</li></ul></ol>')
    assert found == ["3. c", "4. d", "more", "9. i", "- x"]


def test_tables_poems_and_unclosed_paragraphs_are_read_in_order() -> None:
    found = blocks_of("<table><tr><th>Name<td>Age</table><pre>A poem\nof two</pre><p>One<p>Two<div>Three<p>Four</div>")
    assert found == ["Name", "Age", "A poem of two", "One", "Two", "Three", "Four"]


NCX = """<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><docTitle><text>Book</text></docTitle><navMap>
<navPoint><navLabel><text>Part One</text></navLabel><content src="text/two.xhtml"/>
<navPoint><navLabel><text>1. The house</text></navLabel><content src="text/two.xhtml#c1"/></navPoint>
</navPoint></navMap></ncx>"""
NAV = """<html><body><nav epub:type="landmarks"><ol><li><a href="x">Start</a></li></ol></nav><nav epub:type="toc"><ol>
<li><a href="text/two.xhtml">Part One</a><ol><li><a href="text/two.xhtml#c1">1. The house</a></li></ol></li></ol></nav>
</body></html>"""


@pytest.mark.parametrize(
    "parts",
    [
        {"OEBPS/nav.xhtml": NAV},
        {
            "OEBPS/nav.xhtml": "<html/>",
            "OEBPS/toc.ncx": NCX,
            "OEBPS/book.opf": PACKAGE.replace(
                "</manifest>", '<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/></manifest>'
            ),
        },
    ],
)
def test_what_the_table_of_contents_leads_to_is_a_heading_of_its_level(tmp_path: Path, parts: dict[str, str]) -> None:
    body = "<p class='big'>PART ONE</p><p>Words.</p><p id='c1'>The house</p><p>It was old.</p><p>The house</p>"
    found = read_document(an_epub(tmp_path / "a.epub", **{"OEBPS/text/two.xhtml": page(body), **parts}))
    assert found.endswith("# PART ONE\n\nWords.\n\n## The house\n\nIt was old.\n\nThe house\n")


def test_pages_outside_the_reading_order_are_not_read(tmp_path: Path) -> None:
    package = PACKAGE.replace('<itemref idref="two"/>', '<itemref idref="two" linear="no"/>')
    assert "All was well" not in read_document(an_epub(tmp_path / "a.epub", **{"OEBPS/book.opf": package}))


@pytest.mark.parametrize(
    "garbage",
    [
        *(
            "<a ",
            '<a "',
            "<a '",
            "<a '\"",
            '<a b="c',
            "<!-- ",
            "<!--->",
            "<? ",
            "</",
            "<div>",
            "<b>",
            "&",
            "&#",
            "<p =",
        ),
        *(
            "<p hidden>",
            '<p style="display:none',
            "<ruby><rt>",
            "<svg>",
            "<ol><li>",
            "<li>",
            "<sup><a href='#'>1",
            "</p>",
        ),
        *("<a x=1 y=2", "<style>.a{", "<style>a{}</style>", "<table><td>", "<![CDATA[", "<pre>", "<a\t", "a=", "<a a"),
    ],
)
def test_garbage_is_read_with_work_in_proportion_to_its_length(garbage: str) -> None:
    def work(size: int) -> int:
        return calls_of(lambda: blocks_of("<p>Hello.</p>" + garbage * (size // len(garbage))))

    assert work(12_000) < 3 * work(6_000) + 1_000


def test_a_paragraph_that_begins_with_a_link_back_to_its_mark_is_a_note() -> None:
    mark = '<p>She slept<sup><a href="#n1" id="r1">[1]</a></sup> well.</p>'
    for note in (
        '<div><p><a href="#r1" id="n1">[1]</a><span> The note.</span></p></div>',
        '<ol><li id="n1"><a href="#r1">◎</a>The note.</li></ol>',
        '<p id="n1" class="fn"><a href="#r1">1</a> The note.</p>',
    ):
        assert blocks_of(mark + note) == ["She slept well."]


def test_a_verse_whose_number_is_a_link_is_read() -> None:
    index = '<p id="top"><a href="#v1">1</a> <a href="#v2">2</a></p>'
    verses = '<p id="v1"><a href="#top">1</a> In the beginning.</p><p id="v2"><a href="#top">2</a> And then.</p>'
    assert blocks_of(index + verses)[1:] == ["1 In the beginning.", "2 And then."]
    crossed = '<p id="v3"><a href="#x3">3</a> A verse.</p><p id="x3"><a href="#v3">3</a> Its note.</p>'
    assert blocks_of(crossed) == ["3 A verse."]


def test_the_declarations_of_a_page_are_not_read() -> None:
    page = '<!DOCTYPE html [<!ENTITY name "words"> <!ENTITY other "more">]>\n<html><body><p>Read.</p></body></html>'
    assert blocks_of(page) == ["Read."]


def test_the_summary_of_details_is_a_paragraph() -> None:
    assert blocks_of("<details><summary>Click</summary>Hidden words.</details>") == ["Click", "Hidden words."]
