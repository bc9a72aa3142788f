"""Turn the text of a cue with its markup into the lines that a player shows. In linear time for any text."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from dropdub.subtitles.formats import JOINER
from dropdub.untrusted.text import unescaped

# No character class contains the first character of its pattern, so garbage is scanned once, not from each of these.
_NAMES = "[biusc]|em|strong|font|span|v|lang|ruby|rt|rp|p"
_TAG = re.compile(
    rf"</?[a-zA-Z][^<>]*+>|<\s{{1,2}}(?:/\s{{0,2}})?(?:{_NAMES})\s{{0,2}}>|<\s{{1,2}}font\s[^<>]*+>", re.IGNORECASE
)
"""With a blank after its bracket, only what surely is one: `a < b and c > d` is text."""
_FORMATTING = re.compile(rf"<\s?/?\s?(?:{_NAMES})(?:[\s.][^<>]*+)?>", re.IGNORECASE)
_BREAK = re.compile(r"<\s?br\s?/?\s?>|\[br\]", re.IGNORECASE)
_READING_AID = re.compile(r"<(rt|rp)\b[^<>]*+>[^<>]*+(?:</\1\s?>)?", re.IGNORECASE)
"""Ruby: the reading of a character, in small print above it."""
_TIME_TAG = re.compile(r"<[\d:.]++>")
_BLOCK = re.compile(r"\{[^{}]*+\}")
_COMMAND = re.compile(r"\\|^\{[a-zA-Z]:|^\{/?[biusBIUS]\}")
"""SubStation's `{\\an8}`, MicroDVD's `{y:i}`, or SubRip's `{b}`; in other braces, people write words."""
_VOICE = re.compile(r"(?:[-–—][ \t]{0,9})?<v(?:\.[^<>\s]*+)?[ \t]+([^<>]*+)>", re.IGNORECASE)
"""WebVTT's `<v Mary>`: what Mary says."""
_DRAWS = re.compile(r"\\p(\d{1,4})")
_WHOLE_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][\da-fA-F]{1,6}|[a-zA-Z]\w{1,30});")
_DASH = re.compile(r"^(?P<marks>[\u200e\u200f\u202a-\u202e\u2066-\u2069]*)[-–—‐]\s*(?=[^\s\d>–—‐-])")
"""Marks a change of speaker, unless it begins an arrow or a `--`.

It is kept if every line of a cue has it, so that shared cues can be recognized.
"""
_UNSEEN = re.compile(r"[\s\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]+")
"""Blanks, and marks without width: they join letters or set the direction of writing, but show nothing themselves."""


def shown_lines(text: str, kind: str) -> tuple[str, ...]:
    """Return the lines that a player shows of a cue of this kind, without markup; empty if it shows nothing.

    Marks without width stay: Arabic, Hebrew, Persian and Indic scripts need them.
    """
    text = _voices_apart(text) if kind == "vtt" else text
    text = _TIME_TAG.sub("", _READING_AID.sub("", _BREAK.sub("\n", _without_commands(text, kind))))
    text = _TAG.sub("", text).replace(r"\h", " ").replace(r"\n", "\n").replace(r"\N", "\n")
    text = text.replace(JOINER, "\0").replace("\ufeff", "")
    lines = (_trimmed(line) for line in _without_entities(text, kind).replace("\0", "").split("\n"))
    return tuple(_with_closed_music(_without_lone_dashes([line for line in lines if _UNSEEN.sub("", line)])))


def _voices_apart(text: str) -> str:
    """Return a text with what each of several named voices says on a line of its own, with a dash."""
    before, *found = _VOICE.split(text)
    if before.strip() or len(set(found[::2])) < 2:
        return text
    return "\n".join(f"- {' '.join(said.split())}" for said in found[1::2] if said.strip())


def _trimmed(line: str) -> str:
    return " ".join(line.split())


def _without_commands(text: str, kind: str) -> str:
    """Return a text without SubStation's commands and drawings: `{\\p1}` starts one, `{\\p0}` or the end ends it."""
    if "{" not in text:
        return text
    if kind == "ass":
        text = text.replace(r"\{", "\1").replace(r"\}", "\2")
    kept, at, draws = [], 0, False
    for block in _BLOCK.finditer(text):
        kept.append("" if draws else text[at : block.start()])
        at = block.end()
        if kind != "ass" and not _COMMAND.search(block[0]):
            kept.append("" if draws else block[0])
        for scale in _DRAWS.findall(block[0]):
            draws = int(scale) > 0
    kept.append("" if draws else text[at:])
    return "".join(kept).replace("\1", "{").replace("\2", "}")


def _without_entities(text: str, kind: str) -> str:
    if "&" not in text or kind == "ass":
        return text
    if kind == "vtt":
        return unescaped(text)
    text = _WHOLE_ENTITY.sub(lambda found: html.unescape(found[0]), text)
    return _FORMATTING.sub("", text)  # some programs write `&lt;i&gt;`


def _without_lone_dashes(lines: list[str]) -> list[str]:
    if len(lines) > 1 and all(map(_DASH.match, lines)):
        return lines
    return [_DASH.sub(r"\g<marks>", line) for line in lines]


_NOTES = "♪♫♬♩"


def _with_closed_music(lines: list[str]) -> Iterator[str]:
    """Yield lines of a song, each of which only begins with a note, with a note at their ends too.

    The lines of a cue are joined later: it would then look as if the words between two notes were all of the song.
    """
    begun = len(lines) > 1 and all(line[0] in _NOTES and not _has_note(line[1:]) for line in lines)
    yield from (f"{line} {line[0]}" for line in lines) if begun else lines


def _has_note(text: str) -> bool:
    return any(note in text for note in _NOTES)
