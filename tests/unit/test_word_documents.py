"""Word documents: what of them is read aloud, and how lists, headings and fields are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from dropdub.text.documents import read_document, unread_parts
from tests.documents import STYLES, W, paragraph, zipped

STRICT = 'xmlns:w="http://purl.oclc.org/ooxml/wordprocessingml/main"'
NUMBERING = f"""<w:numbering {W}>
<w:abstractNum w:abstractNumId="0">
<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>
<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%2)"/></w:lvl>
<w:lvl w:ilvl="2"><w:start w:val="1"/><w:numFmt w:val="upperRoman"/><w:lvlText w:val="%1.%3"/></w:lvl></w:abstractNum>
<w:abstractNum w:abstractNumId="1">
<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="bullet"/><w:lvlText w:val=""/></w:lvl></w:abstractNum>
<w:abstractNum w:abstractNumId="2">
<w:lvl w:ilvl="0"><w:start w:val="5"/><w:numFmt w:val="none"/><w:lvlText w:val=""/></w:lvl></w:abstractNum>
<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num>
<w:num w:numId="3"><w:abstractNumId w:val="2"/></w:num></w:numbering>"""

DELETED = "<w:del><w:r><w:delText>gone</w:delText></w:r></w:del>"
NOTE = "<w:r><w:footnoteReference w:id='1'/></w:r>"
COMMENT = "<w:r><w:endnoteReference w:id='1'/></w:r><w:r><w:commentReference w:id='1'/></w:r>"

HINT = "<w:showingPlcHdr/>"


def read(path: Path, body: str, **parts: str) -> list[str]:
    document = f"<w:document {W}><w:body>{body}</w:body></w:document>"
    return read_document(zipped(path / "a.docx", {"word/document.xml": document, **parts})).rstrip("\n").split("\n\n")


def run(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def item(text: str, list_id: int, level: int = 0) -> str:
    place = f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{list_id}"/></w:numPr>'
    return f"<w:p><w:pPr>{place}</w:pPr>{run(text)}</w:p>"


def mark(kind: str) -> str:
    return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'


def field(code: str, result: str) -> str:
    return (
        mark("begin") + f"<w:r><w:instrText>{code}</w:instrText></w:r>" + mark("separate") + run(result) + mark("end")
    )


STYLED = f"""<w:styles {W}>
<w:style w:type="character" w:styleId="Secret"><w:rPr><w:vanish/></w:rPr></w:style>
<w:style w:type="character" w:styleId="Deeper"><w:basedOn w:val="Secret"/></w:style>
<w:style w:type="paragraph" w:styleId="Hint"><w:name w:val="Hint"/><w:rPr><w:vanish w:val="1"/></w:rPr></w:style>
<w:style w:type="paragraph" w:styleId="berschrift1"><w:name w:val="Eigene"/>
<w:pPr><w:outlineLvl w:val="0"/></w:pPr></w:style>
<w:style w:type="paragraph" w:styleId="Sub"><w:name w:val="Unter"/><w:basedOn w:val="berschrift1"/></w:style>
<w:style w:type="paragraph" w:styleId="Verz1"><w:name w:val="toc 1"/></w:style>
<w:style w:type="paragraph" w:styleId="Zahl"><w:name w:val="heading 2"/>
<w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr></w:pPr></w:style></w:styles>"""


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (run("Shown ") + run("not", "<w:vanish/>") + run("it is."), "Shown it is."),
        (run("Shown ", '<w:vanish w:val="0"/>') + run("too", '<w:vanish w:val="false"/>'), "Shown too"),
        (run("Shown ") + run("not", '<w:rStyle w:val="Secret"/>') + run("it is."), "Shown it is."),
        (run("Shown ") + run("not", '<w:rStyle w:val="Deeper"/>') + run("it is."), "Shown it is."),
        (run("Shown", '<w:rStyle w:val="Secret"/><w:vanish w:val="off"/>'), "Shown"),
        (
            run("kept ") + DELETED + f"<w:ins>{run('new')}</w:ins>",
            "kept new",
        ),
        (f"<w:moveFrom>{run('gone ')}</w:moveFrom><w:moveTo>{run('here')}</w:moveTo>", "here"),
        (run("Old.") + NOTE + run(" He slept."), "Old. He slept."),
        (
            run("Old") + COMMENT + run("!"),
            "Old!",
        ),
        (
            "<w:r><w:t>One</w:t><w:tab/><w:t>two</w:t><w:cr/><w:br/><w:t>three</w:t></w:r>",
            "One two three",
        ),
        ("<w:r><w:t>well</w:t><w:noBreakHyphen/><w:t>kn</w:t><w:softHyphen/><w:t>own</w:t></w:r>", "well-known"),
        (run("Page ") + field(" PAGE ", "7") + run("of ") + field("NUMPAGES", "9"), "Page of"),
        (run("See ") + field(' HYPERLINK "http://x.org" ', "the page") + run("."), "See the page."),
        (run("See ") + field("REF _Ref1 \\h", "Figure 2") + run("."), "See Figure 2."),
        (run("See ") + f'<w:fldSimple w:instr="PAGEREF x">{run("7")}</w:fldSimple>' + run("below."), "See below."),
        (run("On ") + f'<w:fldSimple w:instr="DATE">{run("1 May")}</w:fldSimple>', "On 1 May"),
        (f"<w:hyperlink>{run('linked')}</w:hyperlink><w:smartTag>{run(' words')}</w:smartTag>", "linked words"),
        (f"<w:sdt><w:sdtPr/><w:sdtContent>{run('Filled in')}</w:sdtContent></w:sdt>", "Filled in"),
        (
            run("Name: ") + f"<w:sdt><w:sdtPr>{HINT}</w:sdtPr><w:sdtContent>{run('No')}</w:sdtContent></w:sdt>",
            "Name:",
        ),
        (
            "<w:r><w:ruby><w:rt><w:r><w:t>とうきょう</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>東京</w:t></w:r></w:rubyBase>"
            "</w:ruby></w:r>" + run("です"),
            "東京です",
        ),
        (run("In") + '<w:bookmarkStart w:id="0" w:name="b"/><w:proofErr/>' + run("side", "<w:b/>"), "Inside"),
    ],
)
def test_the_words_that_a_paragraph_shows_are_read(tmp_path: Path, content: str, words: str) -> None:
    found = read(tmp_path, f"<w:p>{content}</w:p><w:p>{run('End.')}</w:p>", **{"word/styles.xml": STYLED})
    assert found == [words, "End."]


def test_a_hidden_paragraph_is_not_read_but_for_the_words_that_are_shown(tmp_path: Path) -> None:
    shown = run("Yes.", '<w:vanish w:val="0"/>')
    hidden = f'<w:p><w:pPr><w:pStyle w:val="Hint"/></w:pPr>{run("No. ")}{shown}</w:p>'
    assert read(tmp_path, hidden, **{"word/styles.xml": STYLED}) == ["Yes."]


def test_headings_are_known_by_outline_level_by_inheritance_and_by_id(tmp_path: Path) -> None:
    body = paragraph("A", style="berschrift1") + paragraph("B", style="Sub") + paragraph("C", style="Ttulo3")
    direct = f'<w:p><w:pPr><w:outlineLvl w:val="1"/></w:pPr>{run("D")}</w:p>'
    none = f'<w:p><w:pPr><w:outlineLvl w:val="9"/></w:pPr>{run("E")}</w:p>'
    found = read(tmp_path, body + direct + none, **{"word/styles.xml": STYLED})
    assert found == ["# A", "# B", "### C", "## D", "E"]


def test_list_items_have_the_numbers_that_word_shows(tmp_path: Path) -> None:
    body = item("a", 1) + item("b", 1, 1) + item("c", 1, 1) + item("d", 1, 2) + item("e", 1) + item("f", 1, 1)
    more = item("g", 2) + item("h", 3) + item("i", 0) + item("j", 99)
    found = read(tmp_path, body + more, **{"word/numbering.xml": NUMBERING})
    assert found == ["1. a", "a) b", "b) c", "1.I d", "2. e", "a) f", "- g", "h", "i", "- j"]


def test_a_deleted_item_does_not_count(tmp_path: Path) -> None:
    deleted = item("x", 1).replace("</w:pPr>", "<w:rPr><w:del/></w:rPr></w:pPr>").replace(run("x"), DELETED)
    found = read(tmp_path, item("a", 1) + deleted + item("b", 1), **{"word/numbering.xml": NUMBERING})
    assert found == ["1. a", "2. b"]


def test_numbered_headings_are_read_with_their_numbers(tmp_path: Path) -> None:
    parts = {"word/numbering.xml": NUMBERING, "word/styles.xml": STYLED}
    found = read(tmp_path, paragraph("One", style="Zahl") + paragraph("Two", style="Zahl"), **parts)
    assert found == ["## 1. One", "## 2. Two"]


def test_a_table_of_contents_is_not_read(tmp_path: Path) -> None:
    code = "<w:r><w:instrText> TOC \\o </w:instrText></w:r>"
    first = f"<w:p>{mark('begin')}{code}{mark('separate')}{run('One')}{field('PAGEREF a', '1')}</w:p>"
    last = f"<w:p>{run('Two')}</w:p><w:p>{mark('end')}</w:p>"
    gallery = '<w:docPartObj><w:docPartGallery w:val="Table of Contents"/></w:docPartObj>'
    control = f"<w:sdt><w:sdtPr>{gallery}</w:sdtPr><w:sdtContent>{paragraph('Contents')}</w:sdtContent></w:sdt>"
    styled = paragraph("Three 3", style="Verz1")
    found = read(tmp_path, first + last + control + styled + paragraph("Text."), **{"word/styles.xml": STYLED})
    assert found == ["Text."]


def test_tables_content_controls_and_text_boxes_are_read_in_order(tmp_path: Path) -> None:
    drawing = f"<w:drawing><w:txbxContent>{paragraph('In')}</w:txbxContent></w:drawing>"
    box = f"<w:p><w:r><w:t>Around</w:t>{drawing}</w:r></w:p>"
    control = f"<w:sdt><w:sdtContent>{paragraph('Held')}</w:sdtContent></w:sdt>"
    inner = f"<w:tbl><w:tr><w:tc>{paragraph('x')}</w:tc></w:tr></w:tbl>"
    table = f"<w:tbl><w:tr><w:tc>{paragraph('a')}{inner}</w:tc><w:tc>{paragraph('b')}</w:tc></w:tr></w:tbl>"
    assert read(tmp_path, box + control + table) == ["Around", "In", "Held", "a", "x", "b"]


def test_a_strict_file_and_one_with_other_part_names_are_read(tmp_path: Path) -> None:
    relations = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
        'Type="http://purl.oclc.org/ooxml/officeDocument/relationships/{kind}" Target="{target}"/></Relationships>'
    )
    body = paragraph("Title", style="Ttulo1") + f"<w:p>{run('No', '<w:vanish/>')}{run('Yes.')}</w:p>"
    parts = {
        "_rels/.rels": relations.format(kind="officeDocument", target="/word/document2.xml"),
        "word/_rels/document2.xml.rels": relations.format(kind="styles", target="styles2.xml"),
        "word/document2.xml": f"<w:document {STRICT}><w:body>{body}</w:body></w:document>",
        "word/styles2.xml": STYLES.replace(W, STRICT),
    }
    assert read_document(zipped(tmp_path / "a.docx", parts)) == "# Title\n\nYes.\n"


def test_notes_comments_headers_and_footers_are_not_read(tmp_path: Path) -> None:
    names = ("footnotes", "endnotes", "comments", "header1")
    parts = {f"word/{name}.xml": f"<w:{name} {W}>{paragraph('No.')}</w:{name}>" for name in names}
    assert read(tmp_path, paragraph("Yes."), **parts) == ["Yes."]


def test_a_list_counts_again_where_it_says_so_and_takes_its_numbers_from_a_style(tmp_path: Path) -> None:
    again = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride>'
    same = '<w:lvlOverride w:ilvl="0"><w:lvl w:ilvl="0"><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>'
    step = '<w:lvl w:ilvl="0"><w:numFmt w:val="decimal"/><w:lvlText w:val="Step %1:"/></w:lvl>'
    legal = (
        '<w:lvl w:ilvl="0"><w:numFmt w:val="upperRoman"/><w:lvlText w:val="%1."/></w:lvl>'
        '<w:lvl w:ilvl="1"><w:isLgl/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1.%2"/></w:lvl>'
    )
    lists = (
        '<w:abstractNum w:abstractNumId="3"><w:numStyleLink w:val="S"/></w:abstractNum>'
        f'<w:abstractNum w:abstractNumId="4"><w:styleLink w:val="S"/>{step}</w:abstractNum>'
        f'<w:abstractNum w:abstractNumId="5">{legal}</w:abstractNum>'
        f'<w:num w:numId="4"><w:abstractNumId w:val="0"/>{again}</w:num>'
        f'<w:num w:numId="5"><w:abstractNumId w:val="0"/>{same}</w:lvlOverride></w:num>'
        '<w:num w:numId="6"><w:abstractNumId w:val="3"/></w:num><w:num w:numId="7"><w:abstractNumId w:val="5"/></w:num>'
    )
    numbering = NUMBERING.replace("</w:numbering>", f"{lists}</w:numbering>")
    body = item("a", 1) + item("b", 1) + item("c", 4) + item("d", 4) + item("e", 5) + item("f", 6) + item("g", 6)
    body += item("h", 7) + item("i", 7) + item("j", 7, 1)
    read_items = read(tmp_path, body, **{"word/numbering.xml": numbering})
    assert read_items == ["1. a", "2. b", "1. c", "2. d", "3. e", "Step 1: f", "Step 2: g", "I. h", "II. i", "2.1 j"]


def test_a_letter_in_a_paragraph_of_its_own_begins_the_next_paragraph(tmp_path: Path) -> None:
    capital = '<w:p><w:pPr><w:framePr w:dropCap="drop" w:lines="3"/></w:pPr><w:r><w:t>O</w:t></w:r></w:p>'
    assert read(tmp_path, capital + paragraph("nce upon a time.") + paragraph("He slept.")) == [
        "Once upon a time.",
        "He slept.",
    ]


def test_a_paragraph_whose_end_was_deleted_is_one_with_the_next(tmp_path: Path) -> None:
    joined = f'<w:p><w:pPr><w:rPr><w:del w:id="1"/></w:rPr></w:pPr>{run("It begins")}</w:p>'
    assert read(tmp_path, joined + paragraph(" and ends.") + paragraph("Next.")) == ["It begins and ends.", "Next."]


def test_a_table_of_contents_of_one_line_is_not_read(tmp_path: Path) -> None:
    begin, separate, end = (f'<w:r><w:fldChar w:fldCharType="{one}"/></w:r>' for one in ("begin", "separate", "end"))
    code = "<w:r><w:instrText>TOC \\c Figure</w:instrText></w:r>"
    contents = f"<w:p>{begin}{code}{separate}{run('Figure 1: A cat. 1')}{end}</w:p>"
    assert read(tmp_path, contents + paragraph("The end.")) == ["The end."]


def test_a_text_file_that_was_saved_by_a_word_processor_is_prose_and_listings_are_not(tmp_path: Path) -> None:
    styles = (
        f'<w:styles {W}><w:style w:type="paragraph" w:styleId="P"><w:name w:val="Preformatted Text"/></w:style>'
        '<w:style w:type="paragraph" w:styleId="C"><w:name w:val="Source Code"/></w:style></w:styles>'
    )
    lines = paragraph("It was late.", style="P") + paragraph("She slept.", style="P")
    assert read(tmp_path, lines, **{"word/styles.xml": styles}) == ["It was late.", "She slept."]
    mixed = paragraph("Run this:") + paragraph("x = 1", style="P") + paragraph("y = 2", style="C") + paragraph("Done.")
    assert read(tmp_path, mixed, **{"word/styles.xml": styles}) == ["Run this:", "Done."]


def test_words_in_diagrams_and_inserted_files_are_warned_of(tmp_path: Path) -> None:
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    related = "".join(
        f'<Relationship Id="r{kind}" Type="{office}/{kind}" Target="{kind}.xml"/>'
        for kind in ("aFChunk", "diagramData")
    )
    parts = {
        "word/document.xml": f"<w:document {W}><w:body>{paragraph('Words.')}</w:body></w:document>",
        "word/_rels/document.xml.rels": f"<Relationships>{related}</Relationships>",
        **{"word/aFChunk.xml": "<a/>", "word/diagramData.xml": "<a/>"},
    }
    file, diagram = unread_parts(zipped(tmp_path / "a.docx", parts), name="a.docx")
    assert file.startswith("a.docx contains another file whose words are not read")
    assert diagram.startswith("The words of a diagram or chart in a.docx are not read")
