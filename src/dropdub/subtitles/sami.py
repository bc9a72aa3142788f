"""Read the cues of SAMI files (.smi): HTML in which `<SYNC Start=1000>` begins what is shown from then on."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dropdub.subtitles.raw_cues import RawCue, RawCues

_SYNC = re.compile(r"<sync\b[^<>]*?\bstart\s{0,9}=\s{0,9}[\"']?(-?\d{1,12})(?:ms)?[^<>]*>", re.IGNORECASE)
_ENDS = re.compile(r"\bend\s{0,9}=\s{0,9}[\"']?(\d{1,12})", re.IGNORECASE)
_PARAGRAPH = re.compile(r"<p\b([^<>]*)>", re.IGNORECASE)
_CLASS = re.compile(r"\bclass\s{0,9}=\s{0,9}[\"']?([\w-]+)", re.IGNORECASE)
_SOURCE = re.compile(r"\bid\s{0,9}=\s{0,9}[\"']?source\b", re.IGNORECASE)
_COMMENT = re.compile(r"<!--(?:[^-]|-(?!->))*+(?:-->)?")
_END = re.compile(r"</(?:body|sami)\s?>", re.IGNORECASE)
_BLANK = re.compile(r"&nbsp\b;?", re.IGNORECASE)
_BREAK = re.compile(r"<\s?br\s?/?\s?>", re.IGNORECASE)


def sami_cues(text: str) -> RawCues:
    """Return the cues of the first language of a file; a loss says that there are others."""
    found = RawCues()
    shown: dict[str, list[RawCue]] = {}
    for line, start, end, paragraphs in _syncs(text):
        for language, words in paragraphs:
            shown.setdefault(language, []).append(RawCue(start, end, words, line))
    if not shown:
        return found
    # Some files write the class only once; what has none then belongs to the language that has most.
    main = next(iter(shown)) or max(shown, key=lambda one: len(shown[one]))
    found.cues = sorted([*shown[main], *(shown.get("", []) if main else [])], key=lambda cue: cue.start)
    others = [one for one in shown if one and one != main]
    if others:
        found.losses.append(
            f"It has subtitles in several languages, of which {main} was read, not {', '.join(others)}."
        )
    return found


def _syncs(text: str) -> Iterator[tuple[int, float, float | None, list[tuple[str, str]]]]:
    """Yield line, start and end in seconds, and paragraphs of each moment; most files state no ends.

    Words without a start are not shown.
    """
    text = _COMMENT.sub(lambda found: "\n" * found[0].count("\n"), text)
    end = _END.search(text)
    marks = list(_SYNC.finditer(text, 0, end.start() if end else len(text)))
    line, at = 1, 0
    for number, mark in enumerate(marks):
        line, at = line + text.count("\n", at, mark.start()), mark.start()
        until = marks[number + 1].start() if number + 1 < len(marks) else (end.start() if end else len(text))
        ends = _ENDS.search(mark[0])
        yield (
            line,
            int(mark[1]) / 1000,
            int(ends[1]) / 1000 if ends else None,
            list(_paragraphs(text[mark.end() : until])),
        )


def _paragraphs(text: str) -> Iterator[tuple[str, str]]:
    """Yield the class, in capitals, and the words of each paragraph; names of speakers (`ID=Source`) are left out."""
    pieces = _PARAGRAPH.split(text)
    if pieces[0].strip():
        yield "", _flowed(pieces[0])
    for attributes, words in zip(pieces[1::2], pieces[2::2], strict=True):
        named = _CLASS.search(attributes)
        if not _SOURCE.search(attributes):
            yield named[1].upper() if named else "", _flowed(words)


def _flowed(text: str) -> str:
    """Return HTML with the line ends that it shows, not those of its source."""
    return "\n".join(" ".join(part.split()) for part in _BREAK.split(_BLANK.sub(" ", text)))
