"""Whatever a dropped text, subtitle or document holds, it is read in about the time of ordinary prose, or refused."""

from __future__ import annotations

import struct
import sys
import unicodedata
import zipfile
from pathlib import Path

import pytest

from dropdub.config import Retry
from dropdub.daemon.steps.retry import error_for_retry, next_try_at
from dropdub.engines.speaking.text_for_speech import parts
from dropdub.errors import DeadlineExceeded, DropdubError, NotText, Stalled, TooLarge, TooSlow
from dropdub.languages import detect_text_language
from dropdub.speech.cleanup_pt import cleaned
from dropdub.subtitles.reading import MOST_CUES, cue_starts
from dropdub.text import archive
from dropdub.text.chapters import Chapter, as_ffmetadata
from dropdub.text.documents import read_document, read_prose
from dropdub.text.epub import package as epub
from dropdub.text.reading import paragraphs, pieces, spoken
from dropdub.untrusted.text import unescaped, with_few_marks, wrapped
from tests.documents import PACKAGE, an_epub, blocks_of
from tests.drive import Drive
from tests.security.parsers import FRAGMENTS, PROSE, a_file, repeated, sidecar, subtitled, taken
from tests.subtitles import cues_of

if sys.platform == "win32":
    pytest.skip("the limit on processor time is POSIX; the parsers are the same", allow_module_level=True)

from tests.security.parsers import cost

SEEDS = sorted((Path(__file__).parent / "seeds").glob("*.*"))
SIZE = 100_000
MOST_S = 10.0
"""Ten times what the slowest takes here; before, dozens took minutes."""

_ITEMS = "".join(f'<item id="a{at}" href="{at}" media-type="text/html"/>' for at in range(5_001))
_REFERENCES = "".join(f'<itemref idref="a{at}"/>' for at in range(5_001))
MANY_PAGES = PACKAGE.replace("<manifest>", f"<manifest>{_ITEMS}").replace("<spine>", f"<spine>{_REFERENCES}")


@pytest.fixture(autouse=True, scope="module")
def _loaded() -> None:
    detect_text_language(PROSE)


@pytest.mark.parametrize("kind", ["txt", "md", "srt", "vtt", "docx", "epub"])
def test_no_garbage_takes_longer_than_its_size_explains(tmp_path: Path, kind: str) -> None:
    """All pieces in one file, each over and over; those that bring limits down stand in the next test."""
    share = SIZE // 50
    for number, group in enumerate(_groups(list(FRAGMENTS.values()), 60)):
        folder = tmp_path / str(number)
        folder.mkdir()
        path = a_file(folder, kind, "\n\n".join(repeated(one, share) for one in group))
        found = cost(taken, path, folder, most_s=MOST_S)
        assert found.taken is not None, f"{kind}: over {MOST_S} s for {group}"


def _groups(fragments: list[str], size: int) -> list[list[str]]:
    return [fragments[at : at + size] for at in range(0, len(fragments), size)]


@pytest.mark.parametrize(
    "fragment", ["[", "[](", "a\n", "a. ", "a.a.", "{", "<a", "\u0301\u0323", "- a\n", "x" * 1000 + " "]
)
def test_formerly_quadratic_cases_are_linear_for_half_a_million_characters(tmp_path: Path, fragment: str) -> None:
    def read(path: Path, _folder: Path) -> bool:
        for paragraph in paragraphs(read_prose(path, name="a.txt")):
            parts(spoken(paragraph), limit=600)
        return True

    path = a_file(tmp_path, "txt", repeated(fragment, 500_000))
    assert cost(read, path, tmp_path, most_s=MOST_S).taken


def test_an_endless_word_is_cut_and_loses_nothing() -> None:
    word = "x" * 1_000_000
    assert "".join(parts(word, limit=600)) == "".join(pieces(word)) == word
    assert list(wrapped("aa bbbb c", 3)) == ["aa", "bbb", "b c"]


def test_marks_on_one_letter_are_limited_to_what_languages_use() -> None:
    zalgo = "a" + "\u0301\u0323" * 100_000 + "b"
    assert len(with_few_marks(zalgo)) == 32
    assert len(cleaned(zalgo)) <= 32
    assert with_few_marks("ớ́ạ̄ नमस्ते") == "ớ́ạ̄ नमस्ते"


def test_an_entity_of_thousands_of_digits_is_text_and_not_an_error() -> None:
    number = "&#" + "1" * 5_000 + ";"
    assert unescaped(f"a &amp; {number} &#65;").startswith("a & ")
    assert cues_of(f"WEBVTT\n\n00:01.000 --> 00:02.000\n{number[:4_000]} &lt;\n", kind="vtt")[0].text.endswith("<")


def refusal(path: Path, folder: Path) -> DropdubError:
    drive = Drive(path, folder)
    with pytest.raises(DropdubError) as refused:
        drive.run_step(drive.step("probe"))
        drive.run_step(drive.step("extract"))
    assert refused.value.permanent and refused.value.remedy
    return refused.value


@pytest.mark.parametrize(
    ("kind", "text", "reason"),
    [
        ("txt", "a\n\n" * 100_001, "paragraphs; the limit is"),
        ("md", "a\n" * 200_001, "lines; the limit is"),
        ("md", "[" * 500_001, "Markdown marks; the limit is"),
        ("md", "|a" * 50_001 + "\n" + "|-" * 50_001, "table cells; the limit is"),
        ("docx-xml", "<w:p/>" * 600_001, "more than 600,000 elements"),
        ("docx-xml", "<w:p>" * 10_000_000, "unpacks to more than 20 MB"),
        ("docx-xml", "<w:p>" * 1_000_000, "more than 100 levels deep"),
        ("docx-xml", f"<w:p {'a=1 ' * 2_000_000}/>", "more than 1,000,000 attributes"),
        ("docx-xml", f"<a xmlns='{'u' * 1_000_000}'>{'<b/>' * 100_000}</a>", "namespace"),
        ("docx-xml", "".join(f"<w:a{at}/>" for at in range(2_001)), "more than 2,000 names"),
        (
            "docx-xml",
            "<w:p " + " ".join(f"w:a{at}=''" for at in range(10_001)) + "/>",
            "more than 10,000 attributes",
        ),
        ("docx-xml", f"<a xmlns='{'😀' * 121}'><b/></a>", "namespace of more than 120"),
        ("epub-opf", PACKAGE.replace("text/two", "a/" * 501), "a file name of more than 1,000"),
        ("epub-opf", MANY_PAGES, "pages; the limit is"),
        ("epub-opf", "<a>" * 1_000_000, "more than 100 levels deep"),
    ],
)
def test_more_than_people_make_is_refused_with_its_reason(tmp_path: Path, kind: str, text: str, reason: str) -> None:
    assert reason in refusal(a_file(tmp_path, kind, text), tmp_path).message


def test_a_subtitle_of_more_cues_lines_or_letters_than_people_make_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.srt"
    cue = "00:00:01,000 --> 00:00:02,000\n"
    for text, reason in (
        (f"{cue}a\n\n" * 50_001, "50,001 subtitles; the limit is"),
        (cue + "{" * 5_001, "at 1 s has 5,001 characters; the limit is"),
        (subtitled("- a\n" * 100_001, "srt"), "100,001 lines; the limit is"),
    ):
        path.write_text(text, encoding="utf-8")
        refused = refusal(path, tmp_path)
        assert isinstance(refused, TooLarge) and reason in refused.message and "a.srt" in refused.message


def test_the_supervisor_looks_at_a_limited_number_of_cues() -> None:
    assert len(cue_starts(b"00:00:01,000 --> 00:00:02,000\n" * 160_000)) == MOST_CUES


@pytest.mark.parametrize(
    "fragment", ["<a ", "</", "<!a", "<?", "<!--<!-", "<![", "a ", "<a \"'", "<script>", "&#1", "<li>"]
)
def test_a_page_without_closing_tags_is_read_in_linear_time(tmp_path: Path, fragment: str) -> None:
    path = an_epub(tmp_path / "a.epub", **{"OEBPS/text/two.xhtml": "<p " + repeated(fragment, 1_000_000)})
    assert cost(lambda path, _folder: bool(read_document(path)), path, tmp_path, most_s=MOST_S).taken


def test_a_page_is_read_as_browsers_read_it() -> None:
    page = (
        "<p title='a > b' class=x>One<!-- <p>no --> <b>word</b> &lt; two<br/>three<p>1 < 2</p>"
        "<SCRIPT>if (a</b) '<p>no'</SCRIPT><style/><h2>Title</h2><ul><li>item</ul><?pi no?><nav><p>no</nav>end"
    )
    assert blocks_of(page) == ["One word < two three", "1 < 2", "## Title", "- item", "end"]


def test_a_page_that_the_spine_names_a_thousand_times_is_read_once(tmp_path: Path) -> None:
    many = PACKAGE.replace('<itemref idref="two"/>', '<itemref idref="two"/>' * 2_000)
    read = read_document(an_epub(tmp_path / "a.epub", **{"OEBPS/book.opf": many}))
    assert read.count("All was well.") == 1


def test_the_name_of_a_page_is_examined_once_however_often_it_occurs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at = []
    monkeypatch.setattr(epub, "resolved", lambda base, href: looked_at.append(href) or archive.resolved(base, href))
    many = PACKAGE.replace('<itemref idref="two"/>', '<itemref idref="two"/>' * 2_000)
    read_document(an_epub(tmp_path / "a.epub", **{"OEBPS/book.opf": many}))
    assert len(looked_at) == 3, "two pages and the table of contents"


def test_no_text_commands_a_terminal_or_ends_a_title(tmp_path: Path) -> None:
    """NUL ends a line of ffmetadata; ESC and the controls above ASCII move a terminal's cursor."""
    bad = "".join(map(chr, [*range(9), *range(0x0B, 0x0D), *range(0x0E, 0x20), 0x1B, *range(0x7F, 0xA0)]))
    (tmp_path / "a.txt").write_text(f"{PROSE * 700}One{bad}[CHAPTER]\n", encoding="utf-8")
    references = "".join(f"&#{ord(one)};" for one in bad)
    pages = {"OEBPS/text/two.xhtml": f"<h1>One{bad}[CHAPTER]{references}</h1>"}
    (tmp_path / "a.md").write_text(f"{PROSE * 700}# One{bad}{references}[CHAPTER]\n", encoding="utf-8")
    texts = [
        read_prose(tmp_path / "a.txt", name="a.txt"),
        read_prose(tmp_path / "a.md", name="a.md"),
        read_document(an_epub(tmp_path / "a.epub", **pages)),
    ]
    for text in texts:
        assert "One" in text and "[CHAPTER]" in text
        assert not [one for one in text if one != "\n" and unicodedata.category(one) == "Cc"]
    title = Chapter("One\0[CHAPTER]\0END=1", 0.0, 1.0)
    assert "\0" not in as_ffmetadata([title], title="a\0b")


def test_a_page_in_utf_16_is_read_correctly(tmp_path: Path) -> None:
    page = "<p>It was a dark night.</p>".encode("utf-16")
    assert "It was a dark night." in read_document(an_epub(tmp_path / "a.epub", **{"OEBPS/text/two.xhtml": page}))


def test_a_zip_of_millions_of_parts_is_refused_before_they_are_listed(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    entry = struct.pack("<4s6H3L5H2L", b"PK\1\2", *[0] * 9, 1, *[0] * 6) + b"a"
    entries = entry * 100_000
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, len(entries), 0, 0)
    path.write_bytes(entries + end)
    with pytest.raises(TooLarge, match="more parts than a document"):
        read_document(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_document_with_unusual_compression_is_refused(tmp_path: Path, method: int) -> None:
    with zipfile.ZipFile(tmp_path / "a.docx", "w", method) as archive:
        archive.writestr("word/document.xml", "<a/>")
    with pytest.raises(NotText, match="is damaged"):
        read_document(tmp_path / "a.docx")


@pytest.mark.parametrize("error", [DeadlineExceeded("probe took longer than 10 s."), Stalled("It said nothing.")])
def test_a_file_that_cannot_be_examined_in_time_is_not_tried_again(error: DropdubError) -> None:
    settings = Retry(attempts=3, first=1, longest=10)
    probed = error_for_retry(error, stage="probe")
    assert isinstance(probed, TooSlow) and error.message in probed.message and "deadlines.factor" in probed.remedy
    assert next_try_at(probed, attempts=1, settings=settings, now=0.0) is None
    assert next_try_at(error_for_retry(error, stage="extract"), attempts=1, settings=settings, now=0.0) is not None


@pytest.mark.parametrize("seed", SEEDS, ids=lambda one: one.name)
def test_inputs_found_by_the_fuzzer_are_accepted_or_refused(tmp_path: Path, seed: Path) -> None:
    read = sidecar if seed.name.endswith(".job.yaml") else taken
    path = tmp_path / seed.name
    path.write_bytes(seed.read_bytes())
    assert cost(read, path, tmp_path, most_s=MOST_S).taken is not None
