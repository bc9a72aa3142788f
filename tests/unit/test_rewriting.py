"""Documents written again with their words translated: what is kept, and where emphasis goes."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from dropdub.languages import Hint
from dropdub.text.documents import read_document
from dropdub.text.epub.writing import translated_page
from dropdub.text.pages.reading import passages_of
from dropdub.text.rewriting.documents import write_translated
from dropdub.text.rewriting.markdown import translated_markdown
from dropdub.text.rewriting.translated_passages import Translating
from tests.documents import PACKAGE, STYLES, W, a_docx, an_epub, paragraph, zipped

WORDS = {
    "The red house is old.": "A casa vermelha é velha.",
    "red": "vermelho",
    "house": "casa",
    "old": "velho",
    "The red house": "A casa vermelha",
    "We saw Anna, and she slept. It was late.": "Vimos Anna, e ela dormiu. Era tarde.",
    "It was late.": "Era tarde.",
    "Anna": "Anna",
    "Use Xq0 to write.": "Use o Xq0 para escrever.",
    "Use print to write.": "Use o print para escrever.",
    "We are unbelievable.": "Somos inacreditáveis.",
    "unbelievable": "inacreditável",
    "The 1st house.": "A primeira casa.",
    "東京は大きい。": "Tóquio é grande.",
    "Tokyo is big.": "東京は大きい。",
    "Tokyo": "東京",
}


def known(texts: Iterable[str]) -> dict[str, str]:
    """Translate by a list; other words are written in capitals, stand-ins for code as they are."""
    return {text: WORDS.get(text) or " ".join(_loud(word) for word in text.split()) for text in texts}


def _loud(word: str) -> str:
    return word if re.match(r"Xq\d", word) else word.upper()


def html(written: str) -> str:
    page = f"<p>{written}</p>"
    return translated_page(page, passages_of(page), Translating(known)).removeprefix("<p>").removesuffix("</p>")


def markdown(text: str) -> str:
    return translated_markdown(text, Translating(known))[0]


@pytest.mark.parametrize(
    ("written", "translated"),
    [
        ("The <b>red</b> house is old.", "A casa <b>vermelha</b> é velha."),
        ("The <b>red</b> <i>house</i> is <u>old</u>.", "A <i>casa</i> <b>vermelha</b> é <u>velha</u>."),
        ("<em>The red house is old.</em>", "<em>A casa vermelha é velha.</em>"),
        (
            '<a href="x?a=1&amp;b"><b>The red house</b></a> is old.',
            '<a href="x?a=1&amp;b"><b>A casa vermelha</b></a> é velha.',
        ),
        (
            "We saw Anna,<sup><a href='#n1'>1</a></sup> and she slept. It was late.",
            "Vimos Anna,<sup><a href='#n1'>1</a></sup> e ela dormiu. Era tarde.",
        ),
        (
            "We saw Anna, and she slept.<a href='#n' epub:type='noteref'>2</a> It was late.",
            "Vimos Anna, e ela dormiu.<a href='#n' epub:type='noteref'>2</a> Era tarde.",
        ),
        (
            "We saw <b>Anna</b>, and she slept. <i>It was late.</i>",
            "Vimos <b>Anna</b>, e ela dormiu. <i>Era tarde.</i>",
        ),
        ("H<sub>2</sub>O is red.", "H<sub>2</sub>O IS RED."),
        (
            "<span><em>x</em><sup>2</sup></span> is 5 m<sup>2</sup>.",
            "<span><em>X</em><sup>2</sup></span> IS 5 M<sup>2</sup>.",
        ),
        ('<span class="cap">T</span>he red house is old.', '<span class="cap">A</span> casa vermelha é velha.'),
        ('<span class="cap">“W</span>hen is it?”', '<span class="cap">“W</span>HEN IS IT?”'),
        ("We are un<i>believ</i>able.", "Somos <i>inacreditáveis</i>."),
        ("The 1<sup>st</sup> house.", "A primeira casa."),
        ('<img src="a.png"/> The red house is old.<br/>', '<img src="a.png"/> A casa vermelha é velha.<br/>'),
        ('The red house <img src="a.png"/> is old.', 'A casa vermelha <img src="a.png"/> é velha.'),
        ("Use <code>print</code> to write.", "Use o <code>print</code> para escrever."),
        ("<ruby>東京<rt>とうきょう</rt></ruby>は大きい。", "Tóquio é grande."),
        ("<b>Tokyo</b> is big.", "<b>東京</b>は大きい。"),
        ("a &lt; b &amp; c&nbsp;d", "A &lt; B &amp; C D"),
        ("<!-- x -->one<?pi?> two", "<!-- x -->ONE<?pi?> TWO"),
        ('Use <i translate="no">print</i> to write.', 'Use o <i translate="no">print</i> para escrever.'),
        ("<code>x = 1</code>", "<code>x = 1</code>"),
        ("12 + 3", "12 + 3"),
        ("one <b>two", "ONE <b>TWO"),
        ("one. Two <i>one</i> <b>one one</b>", "ONE. TWO <i>ONE</i> <b>ONE ONE</b>"),
        ("one</i> two <svg><text>three</text></svg>four", "ONE</i> TWO <svg><text>three</text></svg>FOUR"),
    ],
)
def test_markup_goes_to_the_words_that_it_belongs_to(written: str, translated: str) -> None:
    assert html(written) == translated


INLINE = st.recursive(
    st.sampled_from(["one", "two three", " ", "four. Five", "<br/>", "<code>x</code>", "東京", "<img/>", "&amp;"]),
    lambda inner: st.tuples(st.sampled_from(["b", "i", "a"]), st.lists(inner, max_size=3)).map(
        lambda made: f"<{made[0]}>{' '.join(made[1])}</{made[0]}>"
    ),
    max_leaves=12,
)


@given(st.lists(INLINE, max_size=6).map(" ".join))
def test_no_word_and_no_tag_is_lost_whatever_the_markup(written: str) -> None:
    """Words in capitals are as many as before, in the same order, and each tag is still there."""
    made = html(written)
    assert words(made).replace("&amp;", "&") == words(written).replace("&amp;", "&").upper()
    assert sorted(re.findall("<[^>]*>", made)) == sorted(re.findall("<[^>]*>", written))


def words(written: str) -> str:
    return "".join(re.sub("<code>x</code>|<[^>]*>", " ", written).split())


SHUFFLED = st.permutations(["aaaa", "bbbb", "cccc", "dddd", "eeee"])


@given(SHUFFLED, st.sets(st.integers(0, 4)))
def test_each_emphasised_word_is_found_in_whatever_order_the_translation_has(
    order: list[str], marked: set[int]
) -> None:
    source = ["aaaa", "bbbb", "cccc", "dddd", "eeee"]
    page = "<p>" + " ".join(f"<b>{word}</b>" if at in marked else word for at, word in enumerate(source)) + "</p>"
    told = {" ".join(source): " ".join(order)}
    translating = Translating(lambda texts: {text: told.get(text, text) for text in texts})
    made = translated_page(page, passages_of(page), translating)
    assert set(re.findall("<b>(.*?)</b>", made)) == {source[at] for at in marked} or len(marked) == 5
    assert re.sub("<.*?>", "", made).split() == order


MARKDOWN = """---
title: Kept
---

# The *first* day

Words with **strong `code` words**, [a link](http://x.org/a_b "Kept"), [another][r] and [r].
Second line, <https://a.org> and https://b.org/x_y.\x20\x20
Hard break[^1], 2*3 and $E=mc^2$ :smile: {{ kept }}.

Setext
------

> Quoted ~~words~~
> in two lines.

- [ ] a task
- [x] done
  1. nested ![a dog](dog.png)

| Name | Age |
|:-----|----:|
| **Anna** | a \\| b |
| `code` | x |

```python
print("kept")
```

    kept()

<div align="center">
Kept
</div>

With <b class="x">tags</b> and <kbd>Ctrl</kbd>.<br>
End

[r]: http://kept.org "Kept"
[^1]: A note.
"""


TRANSLATED = """---
title: Kept
---

# THE *FIRST* DAY

WORDS WITH **STRONG `code` WORDS**, [A LINK](http://x.org/a_b "Kept"), [ANOTHER][r] AND [R][r].
SECOND LINE, <https://a.org> AND https://b.org/x_y.\x20\x20
HARD BREAK[^1], 2\\*3 AND $E=mc^2$ :smile: {{ kept }}.

SETEXT
------

> QUOTED ~~WORDS~~
> IN TWO LINES.

- [ ] A TASK
- [x] DONE
  1. NESTED ![A DOG](dog.png)

| NAME | AGE |
|:-----|----:|
| **Anna** | A \\| B |
| `code` | X |

```python
print("kept")
```

    kept()

<div align="center">
KEPT
</div>

WITH <b class="x">TAGS</b> AND <kbd>Ctrl</kbd>.<br>
END

[r]: http://kept.org "Kept"
[^1]: A NOTE.
"""


def test_the_second_line_of_a_note_keeps_its_place() -> None:
    assert markdown("[^n]: one\n    two\n\n- three\n\n  four\n") == "[^n]: ONE\n    TWO\n\n- THREE\n\n  FOUR\n"


def test_markdown_keeps_everything_but_the_words() -> None:
    assert translated_markdown(MARKDOWN, Translating(known)) == (TRANSLATED, 0)


@pytest.mark.parametrize(
    "text",
    [
        *("1986\\. A year", "\\# no heading", "\\- no item", "a \\* b \\_c\\_ \\[d\\] \\<e>", "\\> f"),
        *("\\~\\~g\\~\\~", "&amp;lt; &lt;b>", "one\n\\+ two\n1\\) three"),
    ],
)
def test_words_that_look_like_markup_are_still_words(text: str) -> None:
    shown = MarkdownIt("commonmark").enable("strikethrough").render
    same = translated_markdown(text, Translating(lambda texts: {one: one for one in texts}))[0]
    assert shown(same) == shown(text)


@given(st.text(alphabet="ab .\n\n#=-+*_`~<>!?[]()^:|\\&;/\"'1\t漢", max_size=120))
def test_any_markdown_is_written_again(text: str) -> None:
    assert translated_markdown(text, Translating(lambda texts: {one: one for one in texts}))[0] is not None


def write(source: Path, *, target: str = "pt", language: str = "en") -> tuple[zipfile.ZipFile, list[str]]:
    out = source.with_name(f"out{source.suffix}")
    warnings = write_translated(source, out, name=source.name, language=language, target=target, ask=known)
    return zipfile.ZipFile(out), warnings


OPF = PACKAGE.replace(
    "<metadata>",
    '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>My book</dc:title><dc:creator>Ann</dc:creator>'
    "<dc:language>en-GB</dc:language>",
)


def test_a_book_comes_back_with_its_words_translated_and_everything_else_as_it_was(tmp_path: Path) -> None:
    page = '<html lang="en" xml:lang="en-US"><body><p>One <i lang="fr">deux</i>.</p><style>p{}</style></body></html>'
    parts = {"OEBPS/book.opf": OPF, "OEBPS/cover.png": b"\x89PNG", "OEBPS/text/two.xhtml": page, "x/odd.bin": b"\0\1"}
    source = an_epub(tmp_path / "a.epub", **parts)
    made, warnings = write(source)
    before = zipfile.ZipFile(source)
    first = made.infolist()[0]
    assert (first.filename, first.compress_type, first.extra) == ("mimetype", zipfile.ZIP_STORED, b"")
    changed = {"OEBPS/book.opf", "OEBPS/nav.xhtml", "OEBPS/text/one page.xhtml", "OEBPS/text/two.xhtml"}
    assert {name for name in before.namelist() if before.read(name) != made.read(name)} == changed
    assert sorted(made.namelist()) == sorted(before.namelist()) and made.testzip() is None and warnings == []
    assert made.read("OEBPS/text/two.xhtml").decode() == page.replace('lang="en"', 'lang="pt"').replace(
        "en-US", "pt"
    ).replace("One", "ONE").replace("deux", "DEUX")
    package = made.read("OEBPS/book.opf").decode()
    assert package == OPF.replace("My book", "MY BOOK").replace("en-GB", "pt")
    assert "CONTENTS" in made.read("OEBPS/nav.xhtml").decode()
    assert read_document(tmp_path / "out.epub").startswith("# THE FIRST CHAPTER\n\nIT WAS A DARK & STORMY NIGHT.")


def test_a_book_for_readers_from_right_to_left_says_so(tmp_path: Path) -> None:
    source = an_epub(tmp_path / "a.epub", **{"OEBPS/book.opf": OPF, "OEBPS/text/two.xhtml": "<html><body><p>A"})
    made, _ = write(source, target="ar")
    assert made.read("OEBPS/text/two.xhtml") == b'<html dir="rtl"><body><p>A'
    assert '<spine page-progression-direction="rtl">' in made.read("OEBPS/book.opf").decode()


def test_a_page_keeps_its_encoding(tmp_path: Path) -> None:
    page = '<?xml version="1.0" encoding="iso-8859-1"?><html><body><p>é <b>Tokyo</b></p></body></html>'
    made, _ = write(an_epub(tmp_path / "a.epub", **{"OEBPS/text/two.xhtml": page.encode("latin-1")}))
    assert "É <b>&#26481;&#20140;</b>" in made.read("OEBPS/text/two.xhtml").decode("latin-1") or (
        "É <b>TOKYO</b>" in made.read("OEBPS/text/two.xhtml").decode("latin-1")
    )


def runs(document: str) -> list[tuple[str, str]]:
    return re.findall(r"<w:r>(<w:rPr>.*?</w:rPr>)?<w:t[^>]*>(.*?)</w:t></w:r>", document)


def test_a_word_document_comes_back_with_only_its_words_changed(tmp_path: Path) -> None:
    body = (
        '<w:p w:rsidR="1"><w:pPr><w:pStyle w:val="Ttulo1"/></w:pPr><w:r><w:t>The </w:t></w:r><w:r><w:rPr><w:b/></w:rPr>'
        "<w:t>red</w:t></w:r><w:proofErr/><w:r><w:t xml:space='preserve'> house is old.</w:t></w:r></w:p>"
        '<w:p><w:r><w:rPr><w:lang w:val="en-US"/></w:rPr><w:t>One</w:t><w:tab/><w:t>two</w:t></w:r>'
        '<w:r><w:footnoteReference w:id="1"/></w:r><w:del><w:r><w:delText>gone</w:delText></w:r></w:del></w:p>'
        "<w:tbl><w:tr><w:tc><w:p/><w:p><w:r><w:t>a &amp; b</w:t></w:r></w:p></w:tc></w:tr></w:tbl><w:sectPr/>"
    )
    source = a_docx(tmp_path / "a.docx", body)
    made, warnings = write(source)
    assert made.read("word/document.xml").decode() == (
        f"<w:document {W}><w:body>"
        '<w:p w:rsidR="1"><w:pPr><w:pStyle w:val="Ttulo1"/></w:pPr>'
        '<w:r><w:t xml:space="preserve">A casa </w:t></w:r>'
        '<w:r><w:rPr><w:b/></w:rPr><w:t xml:space="preserve">vermelha</w:t></w:r>'
        '<w:r><w:t xml:space="preserve"> é velha.</w:t></w:r></w:p>'
        '<w:p><w:r><w:rPr><w:lang w:val="pt"/></w:rPr><w:t xml:space="preserve">ONE</w:t></w:r>'
        '<w:r><w:rPr><w:lang w:val="pt"/></w:rPr><w:tab/></w:r>'
        '<w:r><w:rPr><w:lang w:val="pt"/></w:rPr><w:t xml:space="preserve">TWO</w:t></w:r>'
        '<w:r><w:footnoteReference w:id="1"/></w:r><w:del><w:r><w:delText>gone</w:delText></w:r></w:del></w:p>'
        '<w:tbl><w:tr><w:tc><w:p/><w:p><w:r><w:t xml:space="preserve">A &amp; B</w:t></w:r></w:p></w:tc></w:tr></w:tbl>'
        "<w:sectPr/></w:body></w:document>"
    )
    assert warnings == []


def test_text_boxes_notes_headers_and_fields_of_a_word_document_are_translated(tmp_path: Path) -> None:
    relations = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="a" Type="http://x/header" Target="header1.xml"/>'
        '<Relationship Id="b" Type="http://x/footnotes" Target="footnotes.xml"/></Relationships>'
    )
    box = f"<w:drawing><w:txbxContent>{paragraph('in the box')}</w:txbxContent></w:drawing>"
    mark = '<w:r><w:fldChar w:fldCharType="%s"/></w:r>'
    link = mark % "begin" + "<w:r><w:instrText>HYPERLINK x</w:instrText></w:r>" + mark % "separate"
    body = f"<w:p><w:r><w:t>around</w:t>{box}</w:r></w:p><w:p>{link}<w:r><w:t>the page</w:t></w:r>{mark % 'end'}</w:p>"
    parts = {
        "word/document.xml": f"<w:document {W}><w:body>{body}</w:body></w:document>",
        "word/styles.xml": STYLES.replace(
            "<w:style ",
            '<w:docDefaults><w:rPrDefault><w:rPr><w:lang w:val="en-US"/>'
            "</w:rPr></w:rPrDefault></w:docDefaults><w:style ",
            1,
        ),
        "word/_rels/document.xml.rels": relations,
        "word/header1.xml": f"<w:hdr {W}>{paragraph('the header')}</w:hdr>",
        "word/footnotes.xml": f"<w:footnotes {W}><w:footnote>{paragraph('the note')}</w:footnote></w:footnotes>",
    }
    made, _ = write(zipped(tmp_path / "a.docx", parts))
    document = made.read("word/document.xml").decode()
    assert [text for _, text in runs(document)] == ["AROUND", "IN THE BOX", "THE PAGE"]
    assert document.index("begin") < document.index("separate") < document.index("THE PAGE") < document.index('"end"')
    assert "THE HEADER" in made.read("word/header1.xml").decode()
    assert "THE NOTE" in made.read("word/footnotes.xml").decode()
    assert '<w:rPr><w:lang w:val="pt"/></w:rPr>' in made.read("word/styles.xml").decode()


def test_a_word_document_for_readers_from_right_to_left_says_so(tmp_path: Path) -> None:
    body = '<w:p><w:pPr><w:pStyle w:val="x"/><w:jc w:val="left"/></w:pPr><w:r><w:t>a</w:t></w:r></w:p>' + paragraph("b")
    made, _ = write(a_docx(tmp_path / "a.docx", body), target="ar")
    document = made.read("word/document.xml").decode()
    assert '<w:pStyle w:val="x"/><w:bidi/><w:jc w:val="left"/>' in document
    assert "<w:p><w:pPr><w:bidi/></w:pPr><w:r><w:rPr><w:rtl/></w:rPr>" in document


def test_a_paragraph_with_more_markup_than_people_write_stays_and_a_warning_says_so(tmp_path: Path) -> None:
    page = f"<p>{'<b>a</b> c ' * 1_001}</p><p>short</p>"
    made, warnings = write(an_epub(tmp_path / "a.epub", **{"OEBPS/text/two.xhtml": page}))
    assert made.read("OEBPS/text/two.xhtml").decode() == page.replace("short", "SHORT")
    assert warnings == [
        "1 paragraph of a.epub had too much markup and stayed in the original language in the new document."
    ]


def test_a_document_in_an_old_encoding_is_read_as_its_text_was(tmp_path: Path) -> None:
    source, asked = tmp_path / "psi.md", list[str]()
    source.write_bytes("Děti čtou.\n".encode("cp1250"))

    def ask(texts: Iterable[str]) -> dict[str, str]:
        asked.extend(texts)
        return {}

    write_translated(source, tmp_path / "out.md", name="psi.md", language="cs", target="en", ask=ask, hint=Hint("cs"))
    assert "Děti čtou." in asked


def test_a_drop_cap_of_word_stays_in_its_own_paragraph(tmp_path: Path) -> None:
    frame = '<w:pPr><w:framePr w:dropCap="drop"/></w:pPr>'
    cap = f'<w:p>{frame}<w:r><w:rPr><w:sz w:val="99"/></w:rPr><w:t>T</w:t></w:r></w:p>'
    source = a_docx(tmp_path / "a.docx", cap + paragraph("he red house is old."))
    write_translated(source, tmp_path / "b.docx", name="a.docx", language="en", target="pt", ask=known)
    body = zipfile.ZipFile(tmp_path / "b.docx").read("word/document.xml").decode()
    assert re.findall(r"<w:t [^<>]*>([^<>]*)</w:t>", body) == ["A", " casa vermelha é velha."]
    assert body.count("<w:p>") == 2 and '<w:sz w:val="99"/></w:rPr><w:t xml:space="preserve">A<' in body


def test_runs_that_only_fit_letters_to_a_page_are_no_emphasis(tmp_path: Path) -> None:
    parts = "".join(
        f'<w:r><w:rPr><w:spacing w:val="{at}"/><w:w w:val="{at}"/></w:rPr><w:t xml:space="preserve">{words}</w:t></w:r>'
        for at, words in enumerate(("The r", "ed house", " is old."))
    )
    source = a_docx(tmp_path / "a.docx", f"<w:p>{parts}</w:p>")
    lost = write_translated(source, tmp_path / "b.docx", name="a.docx", language="en", target="pt", ask=known)
    body = zipfile.ZipFile(tmp_path / "b.docx").read("word/document.xml").decode()
    assert (lost, body.count("<w:r>")) == ([], 1) and "A casa vermelha é velha." in body
