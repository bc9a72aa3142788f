"""What reads a dropped file, as probe and extract do it in a worker, and files made of one piece of garbage."""

from __future__ import annotations

import signal
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import FrameType

from dropdub.config import SubtitleStyle, read_sidecar
from dropdub.dubbing.quality import quality_of
from dropdub.dubbing.utterances import joined
from dropdub.errors import DropdubError
from dropdub.pipeline.artifacts import TRANSCRIPT, Segment, Transcript
from dropdub.pipeline.facts import Facts
from dropdub.publishing.deliverables import readable
from dropdub.report.contents import contents_of
from dropdub.speech.cleanup_pt import clean_segments
from dropdub.speech.sentences import sentences_of
from dropdub.subtitles.cue_file import read_cues
from dropdub.subtitles.layout import layout
from dropdub.subtitles.user_edits import revised, segments_of
from dropdub.text.chapters import chapters
from dropdub.text.documents import cover_of
from tests.documents import STYLES, W, an_epub
from tests.drive import LIGHT, Drive

FRAGMENTS = {
    **{
        repr(one): one
        for one in [
            "[",
            "](",
            "[^",
            "[a]:",
            "![",
            "{",
            "{\\",
            "}",
            "<a",
            "<a>",
            "</a>",
            "<",
            ">",
            "</",
            "<!--",
            "-->",
            "<!a",
            "<![",
            "<?",
        ]
    },
    **{
        repr(one): one
        for one in [
            "<font",
            "<p>",
            "<td>",
            "<table>",
            "<nav>",
            "<svg>",
            "<b>x</b>",
            "<script>",
            "&amp;",
            "&",
            "&#",
            "&#1",
        ]
    },
    **{
        repr(one): one
        for one in [
            "*",
            "**",
            "_",
            "__",
            "`",
            "```",
            "~~~",
            "~~",
            "\\",
            "\\[",
            "#",
            '"',
            "'",
            "=",
            ":",
            "|",
            "|a",
            "-",
            ".",
            ",",
            "a@",
            "a.a.",
            "@",
            "http://",
            "www.",
            "1",
            "١",
            "é",
        ]
    },
    **{
        repr(one): one
        for one in ["1. a\n", "- a\n", "> ", "> a\n", "|a|\n", "|-|\n", "a\n", "a\n\n", "\n", "\n ", "# "]
    },
    **{
        repr(one): one
        for one in ["# a\n\n", "\r", "\t", "a\t", "a ", "a. ", "A. b ", "[^a]: b\n", "[a]: b\n", "    a\n"]
    },
    **{
        repr(one): one
        for one in ["*a **b ", "[a](b) ", "[a][b] ", "![a](", "<a b='", '<a b="', "---\n", "===\n", "{a} "]
    },
    **{
        repr(one): one
        for one in ["00:00:01,000 --> 00:00:02,000\n", "00:00:01.000 --> 00:00:02.000\na\n\n", "1:", "-->"]
    },
    **{repr(one): one for one in ["\n1\n", "- a\n- b\n", "<00:01>", "\\N", "hum ", "é… ", " ,", "o o ", "a, ", "Mr. "]},
    "combining": "\u0301\u0323",
    "zero-width": "\u200b\u2060",
    "right to left": "\u202eא ",
    "emoji": "\U0001f469\u200d",
    "hangul": "\u1100\u1161\u11a8",
    "cjk": "漢。",
    "turkish": "İ",
}
"""Pieces of markup, of which each kind of file knows some; a file holds one of them over and over."""
PROSE = "It was a dark & stormy night; the rain fell in torrents, except at times. “Who is there?” said Mr. Bulwer.\n\n"
BEGINNINGS = {"srt": "1\n00:00:01,000 --> 00:00:09,000\n", "vtt": "WEBVTT\n\n00:01.000 --> 00:09.000\n"}
KINDS = ("txt", "md", "srt", "vtt", "docx", "docx-xml", "epub", "epub-opf")


class TookTooLong(BaseException):
    """No Exception, so that nothing takes it for what it foresaw."""


def repeated(fragment: str, size: int) -> str:
    """Return a fragment over and over, `size` bytes of it."""
    return (fragment * (size // len(fragment.encode()) + 1)).encode()[:size].decode(errors="ignore")


def subtitled(text: str, kind: str, *, longest: int = 4_000) -> str:
    """Return a subtitle file that shows a text, in cues as long as they may be."""
    point = "," if kind == "srt" else "."
    cues = (text[at : at + longest] for at in range(0, len(text), longest))
    times = (f"{at // 3600:02}:{at // 60 % 60:02}:{at % 60:02}{point}" for at in range(0, 86_400, 2))
    blocks = (
        f"{number}\n{at}000 --> {at}900\n{cue}\n\n"
        for number, (at, cue) in enumerate(zip(times, cues, strict=False), 1)
    )
    return ("WEBVTT\n\n" if kind == "vtt" else "") + "".join(blocks)


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def a_file(folder: Path, kind: str, text: str) -> Path:
    """Write a file of a kind that holds a text in the place where it does the most harm."""
    path = folder / f"a.{kind.partition('-')[0]}"
    match kind:
        case "docx":
            paragraphs = "".join(f"<w:p><w:r><w:t>{escaped(one)}</w:t></w:r></w:p>" for one in text.split("\n\n"))
            _docx(path, paragraphs)
        case "docx-xml":
            _docx(path, text)
        case "epub":
            an_epub(path, **{"OEBPS/text/two.xhtml": text})
        case "epub-opf":
            an_epub(path, **{"OEBPS/book.opf": text})
        case "srt" | "vtt":
            path.write_text(subtitled(text, kind), encoding="utf-8", newline="")
        case _:
            path.write_text(text, encoding="utf-8", newline="")
    return path


def _docx(path: Path, body: str) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", f"<w:document {W}><w:body>{body}</w:body></w:document>")
        archive.writestr("word/styles.xml", STYLES)


def taken(path: Path, folder: Path) -> bool:
    """Read a file as probe and extract do, and process its words; return whether it is accepted or refused."""
    try:
        drive = Drive(path, folder, options=LIGHT.overridden({"targets": []}))
        drive.run_step(drive.step("probe"))
        drive.run_step(drive.step("extract"))
        segments = Transcript.load(drive.job_dir / TRANSCRIPT).segments
        sentences_of(clean_segments(segments))
        chapters(segments, {one.id: float(one.id) for one in segments}, title="a", end=1e6)
        cover_of(path)
        if path.suffix in (".srt", ".vtt"):
            cues = read_cues(path)
            revised(segments_of(cues), cues)
            layout(segments, SubtitleStyle())
            joined(segments)
        readable(segments)
        _reported(segments)
    except DropdubError:
        return False
    return True


def _reported(segments: Sequence[Segment]) -> None:
    """Make the report of a translation that a user brought, with its own lines."""
    source = Transcript("en", 1.0, tuple(segments), engine={})
    lines = tuple(replace(one, start=one.start + 0.1) for one in segments)
    made = {"job": {"name": "a", "kind": "subtitle"}, "language": "en", "created": "", "engines": (), "warnings": ()}
    program = {"program": {"name": "dropdub", "version": "1"}}
    contents_of(
        {**made, **program},
        quality_of(Facts({}), {}, ["pt"]),
        Facts({}),
        source,
        {"pt": replace(source, segments=lines)},
    )


def sidecar(path: Path, folder: Path) -> bool:
    try:
        read_sidecar(path)
    except DropdubError:
        return False
    return True


@dataclass(frozen=True)
class Cost:
    cpu_s: float
    taken: bool | None
    """None if it took longer than allowed."""


@contextmanager
def cpu_limit(seconds: float) -> Iterator[None]:
    """Raise TookTooLong once this process has worked for so long; regular expressions, too, look for signals."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise TookTooLong

    before = signal.signal(signal.SIGVTALRM, end)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def cost(read: Callable[[Path, Path], bool], path: Path, folder: Path, *, most_s: float) -> Cost:
    started = time.process_time()
    was_taken = None
    try:
        with cpu_limit(most_s):
            was_taken = read(path, folder)
    except TookTooLong:
        pass
    return Cost(time.process_time() - started, was_taken)


@cache
def names() -> tuple[str, ...]:
    return tuple(FRAGMENTS)
