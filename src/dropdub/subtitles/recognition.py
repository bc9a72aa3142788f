"""Recognize subtitles by their content, whatever the file's name is."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dropdub.subtitles.arrow_times import arrow_times, pair_times
from dropdub.subtitles.clock import narrow
from dropdub.subtitles.line_cues import LRC, LRC_FACT, MICRODVD, MPL2, SPRUCE, SPRUCE_FACT, TMPLAYER

_LOOKED_AT = 40
_LONGEST_LINE = 1_000
_HEAD = 4_000
_XML_NOISE = re.compile(r"\s*(?:<\?[^<>]*\?>|<!--(?:[^-]|-(?!->))*+-->|<!doctype[^<>\[]*>)", re.IGNORECASE)
_ROOT = re.compile(r"\s*<(?:[\w.-]{1,40}:)?([A-Za-z][\w.-]{0,40})")
_ROOTS = {"tt": "ttml", "timedtext": "timedtext", "sami": "sami"}
_SUBVIEWER = re.compile(r"\[(?:information|subtitle|begin)\]", re.IGNORECASE)
_SCRIPT = re.compile(r"^\s*\[(?:script info|v4\+? styles\+?|events)\]", re.IGNORECASE | re.MULTILINE)
_DIALOGUE = re.compile(r"Dialogue:[^,\n]{0,40},[ \t]*-?\d{1,3}:\d{2}:\d{2}[.:]\d{1,3},")
_LINES = (("microdvd", (MICRODVD,)), ("mpl2", (MPL2,)), ("lrc", (LRC, LRC_FACT)),
          ("spruce", (SPRUCE, SPRUCE_FACT)), ("tmplayer", (TMPLAYER,)))  # fmt: skip
_LINE_SHARE = 0.6
_ARROWS_AMONG = 12
"""Lines for each line of times: a cue has a number, its times, a few lines of text and a blank one."""
_UNREAD = (
    (re.compile(r"Scenarist_SCC"), "Scenarist closed captions (SCC)"),
    (re.compile(r"# VobSub index file"), "VobSub"),
    (re.compile(r"\* Timeline: |@ This file written with the Avid"), "Avid captions"),
    (re.compile(r"<window[\s>]", re.IGNORECASE), "RealText"),
    (re.compile(r"(?:TITLE|FILE|AUTHOR|NOTE|TYPE|FORMAT)=[^\n]*\n(?:[A-Z]+=[^\n]*\n)*\s*-?\d"), "MPSub"),
)
_PGS_SEGMENTS = b"\x14\x15\x16\x17\x80"


def subtitle_format(text: str) -> str | None:
    """Return the format of a text if it is a subtitle file: the name of its reader; None if it is anything else."""
    bare = text.lstrip("\ufeff \n\t")
    head = bare[:_HEAD]
    if re.match(r"WEBVTT(?:\s|$)", head):
        return "vtt"
    if head.startswith("<"):
        return _xml_format(bare)
    if head.startswith("{") and '"events"' in bare and '"tStartMs"' in bare:
        return "json3"
    if _is_script(head, bare):
        return "ass"
    lines = _first_lines(bare)
    if _has_arrows(lines):
        return "srt"
    if any(_SUBVIEWER.fullmatch(line.strip()) for line in lines[:3]) or any(map(pair_times, lines[:2])):
        return "sbv" if any(map(pair_times, lines)) else None
    return _line_format(lines)


def unread_format(head: bytes, *, suffix: str) -> str | None:
    """Return the name of the format of a binary file whose subtitles are not read; None if it may be anything else."""
    if suffix == ".sub" and head.startswith(b"\x00\x00\x01\xba"):
        return "VobSub"
    if head.startswith(b"PG") and head[10:11] in tuple(bytes([one]) for one in _PGS_SEGMENTS):
        return "PGS (Blu-ray subtitles)"
    return None


def unread_text_format(text: str) -> str | None:
    """Return the name of the format of a subtitle file that is text, but is not read; else None."""
    head = text.lstrip("\ufeff \n\t")[:_HEAD]
    named = next((name for pattern, name in _UNREAD if pattern.match(head)), None)
    return named or ("Universal Subtitle Format" if _root_name(head) == "usfsubtitles" else None)


def _is_script(head: str, text: str) -> bool:
    if not head.startswith(("[", ";", "!", "Dialogue:", "Format:")):
        return False
    return bool(_SCRIPT.search(head)) or _DIALOGUE.match(head) is not None


def _root_name(text: str) -> str:
    at = 0
    while noise := _XML_NOISE.match(text, at):
        at = noise.end()
    root = _ROOT.match(text, at)
    return root[1].lower() if root else ""


def _xml_format(text: str) -> str | None:
    name = _root_name(text)
    if name == "transcript":
        return "timedtext" if re.search(r"<text\s[^<>]*start=", text[:_HEAD]) else None
    return _ROOTS.get(name)


def _first_lines(text: str) -> list[str]:
    lines = (line for line in text[: _LOOKED_AT * _LONGEST_LINE].split("\n") if line.strip())
    return [narrow(line[:_LONGEST_LINE]) for line, _ in zip(lines, range(_LOOKED_AT), strict=False)]


def _has_arrows(lines: Sequence[str]) -> bool:
    """Return whether times stand where SubRip has them: at the beginning, and then again and again."""
    found = sum(arrow_times(line) is not None for line in lines)
    return any(map(arrow_times, lines[:3])) or (found > 1 and found * _ARROWS_AMONG >= len(lines))


def _line_format(lines: Sequence[str]) -> str | None:
    for name, patterns in _LINES:
        fitting = [any(pattern.fullmatch(line) for pattern in patterns) for line in lines]
        if fitting and fitting[0] and sum(fitting) >= _LINE_SHARE * len(lines):
            timed = any(patterns[0].fullmatch(line) for line in lines)
            return name if timed else None
    return None
