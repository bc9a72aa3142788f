"""Recognize subtitles by their content, whatever the file's name is."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dropdub.subtitles.arrow_times import arrow_times, pair_times
from dropdub.subtitles.clock import narrow
from dropdub.subtitles.json_cues import json_format
from dropdub.subtitles.line_cues import LINE_FORMATS

_LOOKED_AT = 40
_LONGEST_LINE = 1_000
_HEAD = 4_000
_XML_NOISE = re.compile(r"\s*(?:<\?[^<>]*\?>|<!--(?:[^-]|-(?!->))*+-->|<!doctype[^<>\[]*>)", re.IGNORECASE)
_ROOT = re.compile(r"\s*<(?:[\w.-]{1,40}:)?([A-Za-z][\w.-]{0,40})")
_ROOTS = {"tt": "ttml", "timedtext": "timedtext", "sami": "sami", "sync": "sami"}
_SUBVIEWER = re.compile(r"\[(?:information|subtitle)\]", re.IGNORECASE)
_SCRIPT = re.compile(r"^\s*\[(?:script info|v4\+? styles\+?|events)\]", re.IGNORECASE | re.MULTILINE)
_DIALOGUE = re.compile(r"Dialogue:[^,\n]{0,40},[ \t]*-?\d{1,3}:\d{2}:\d{2}[.:]\d{1,3},")
_ARROWS_AMONG = 12
"""Lines for each line of times: a cue has a number, its times, a few lines of text and a blank one."""
_UNREAD = (
    (re.compile(r"Scenarist_SCC"), "Scenarist closed captions (SCC)"),
    (re.compile(r"# VobSub index file"), "VobSub"),
    (re.compile(r"\* Timeline: |@ This file written with the Avid"), "Avid captions"),
    (re.compile(r"<window[\s>]", re.IGNORECASE), "RealText"),
    (re.compile(r"File Format=MacCaption_MCC"), "MacCaption captions (MCC)"),
    (re.compile(r"st_format\s"), "Scenarist subtitles (SST)"),
    (re.compile(r"\{(?=[^\0]{0,4000}\"results\")(?=[^\0]{0,4000}\"transcripts\")"), "Amazon's JSON without segments"),
    (re.compile(r"(?:TITLE|FILE|AUTHOR|NOTE|TYPE|FORMAT)=[^\n]*\n(?:[A-Z]+=[^\n]*\n)*\s*-?\d"), "MPSub"),
)
_UNREAD_ROOTS = {
    "usfsubtitles": "Universal Subtitle Format",
    "bdn": "BDN XML (Blu-ray subtitles)",
    "dcsubtitle": "subtitles of digital cinema (DCSubtitle)",
    "subtitlereel": "subtitles of digital cinema (SubtitleReel)",
    "fcpxml": "Final Cut Pro XML",
    "xmeml": "Final Cut Pro XML",
    "textstream": "3GPP timed text (TTXT)",
}
_UNREAD_SUFFIXES = {
    ".pac": "PAC (Screen Electronics)",
    ".890": "Cavena 890",
    ".cap": "Cheetah CAP",
    ".cin": "Cinecanvas",
    ".fpc": "FAB Subtitler",
    ".sup": "PGS (Blu-ray subtitles)",
}
_PGS_SEGMENTS = b"\x14\x15\x16\x17\x80"


def subtitle_format(text: str) -> str | None:
    """Return the format of a text if it is a subtitle file: the name of its reader; None if it is anything else."""
    bare = text.lstrip("\ufeff \n\t")
    head = bare[:_HEAD]
    if re.match(r"WEBVTT(?:\s|$)", head):
        return "vtt"
    if head.startswith("<"):
        return _xml_format(bare)
    if found := json_format(bare):
        return found
    if _is_script(head, bare):
        return "ass"
    lines = _first_lines(bare)
    if _has_arrows(lines):
        return "srt"
    if any(_SUBVIEWER.fullmatch(line.strip()) for line in lines[:3]) or any(map(pair_times, lines[:2])):
        return "sbv" if any(map(pair_times, lines)) else _line_format(lines)
    return _line_format(lines)


def unread_format(head: bytes, *, suffix: str) -> str | None:
    """Return the name of the format of a binary file whose subtitles are not read; None if it may be anything else."""
    if suffix == ".sub" and head.startswith(b"\x00\x00\x01\xba"):
        return "VobSub"
    if head.startswith(b"PG") and head[10:11] in tuple(bytes([one]) for one in _PGS_SEGMENTS):
        return "PGS (Blu-ray subtitles)"
    return _UNREAD_SUFFIXES.get(suffix) if b"\0" in head else None


def unread_text_format(text: str) -> str | None:
    """Return the name of the format of a subtitle file that is text, but is not read; else None."""
    head = text.lstrip("\ufeff \n\t")[:_HEAD]
    named = next((name for pattern, name in _UNREAD if pattern.match(head)), None)
    return named or _UNREAD_ROOTS.get(_root_name(head))


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
    for name, one in LINE_FORMATS.items():
        timed = sum(one.cue.fullmatch(line) is not None for line in lines)
        facts = sum(one.fact is not None and one.fact.fullmatch(line) is not None for line in lines)
        firsts = (one.first,) if one.first else (one.cue, one.fact)
        begins = bool(lines) and any(part is not None and part.fullmatch(lines[0]) for part in firsts)
        if begins and timed >= one.fewest and timed + facts >= one.share * len(lines):
            return name
    return None
