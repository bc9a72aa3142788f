"""Hostile inputs by the hundred: each a few files that lie in the inbox together, made from a seed."""

from __future__ import annotations

import io
import os
import random
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tests.conftest import SPEECH

Made = Mapping[str, bytes]
"""Files of one input by name; `+x` after a name makes it executable."""
Kind = Callable[[random.Random, str], Made]

FRAGMENTS = (
    "[",
    "[](",
    "{",
    "{\\",
    "<a ",
    "<font ",
    "<!--",
    "</",
    "<![",
    "&#",
    "|a|\n",
    "1. a\n",
    "> ",
    "`",
    "~~~\n",
    "**",
    "_ ",
    "\u0301",
    "\u200b",
    "\r",
    "-->",
    "00:00:01,000 --> ",
    "=\n",
    "#",
    "\ufeff",
    "\x85",
    "\u2028",
    "\U000e0041",
)
SIDECARS = (
    b"targets: !!set {pt, es}\n",
    b"voice: !!binary aGVsbG8=\n",
    b"voice: 0x" + b"f" * 20_000 + b"\n",
    b'out: "/tmp/\\uDC80x"\n',
    b'out: "/tmp/a\\0b"\n',
    b"voice: " + b"1:" * 30_000 + b"1\n",
    b"- " * 30_000,
    b"[" * 60_000,
    b"a: &a [x, x]\nb: *a\n",
    b"<<: {language: en}\n",
    b"language: en\nlanguage: pt\n",
    b"hotwords: [" + b"word, " * 9_000 + b"word]\n",
    b"targets: [" + b"pt, " * 9_000 + b"pt]\n",
    b"transcriber: " + b"x" * 50_000 + b"\n",
    b"report: !!python/object/apply:os.system ['id']\n",
    b"\x00\x01\x02",
    b"\xff\xfe" + "language: en".encode("utf-16-le"),
    b"subtitles: {line_length: .inf}\n",
    b"synthesis: {takes: 1e999}\n",
    b"a" * 200_000,
    b"? ? ? ?",
    b"%YAML 9.9\n---\nlanguage: en\n",
    b"--- a\n--- b\n",
    b"out: ../../outside\n",
)
NAMES = (
    "-i evil{}.wav",
    "file:x{}|y.wav",
    "subfile,,{}.wav",
    "%03d {}.wav",
    "x$(touch PWNED{}).txt",
    "`id`{}.txt",
    "a;id;{}.txt",
    "CON{}.txt",
    "nul.{}.txt",
    "\u202e{}txt.exe",
    "bell\x07 {}.txt",
    "new\nline {}.txt",
    "{}" + "ö" * 100 + ".txt",
    "config{}.yaml",
    ".{}hidden.txt",
    "desktop{}.ini",
    "\x9b31m{}.txt",
    "..{}..txt",
    "{} .txt",
    "'\"{}<>|?*.txt",
)
LISTS = (
    "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:///etc/passwd\n",
    "ffconcat version 1.0\nfile '/etc/passwd'\n",
    "v=0\nc=IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\n",
    "<?xml version='1.0'?><MPD><BaseURL>file:///etc/</BaseURL><Period/></MPD>\n",
    "[playlist]\nFile1=/etc/passwd\n",
    "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>\n",
)


def repeated(chance: random.Random, number: str) -> Made:
    """A text or subtitle of one or two fragments repeated over and over."""
    text = chance.choice(FRAGMENTS) + (chance.choice(FRAGMENTS) if chance.random() < 0.5 else "")
    suffix = chance.choice(("txt", "md", "srt", "vtt", "ass"))
    size = chance.choice((2_000, 20_000)) if suffix in ("txt", "md") else 200_000  # what is no garbage is spoken
    body = (text * (size // len(text) + 1)).encode("utf-8")
    head = b"1\n00:00:01,000 --> 00:00:02,000\n" if suffix in ("srt", "vtt") else b""
    return {f"repeated {number}.{suffix}": head + body}


def options(chance: random.Random, number: str) -> Made:
    """A harmless text with a sidecar that is not."""
    return {f"steered {number}.txt.job.yaml": chance.choice(SIDECARS), f"steered {number}.txt": b"A short text.\n"}


def damaged(chance: random.Random, number: str) -> Made:
    """A recording with bits turned over, cut off, or with a piece of it repeated."""
    data = bytearray(SPEECH.read_bytes()[: chance.choice((4_000, 40_000, 200_000))])
    for _ in range(chance.choice((0, 3, 60))):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    at = chance.randrange(len(data))
    piece = bytes(data[at : at + chance.randrange(1, 2_000)]) * chance.choice((0, 0, 50))
    suffix = chance.choice(("flac", "mp4", "mkv", "mp3", "wav", "avi", "ts", "m4a"))
    return {f"damaged {number}.{suffix}": bytes(data[:at]) + piece + bytes(data[at:])}


def noise(chance: random.Random, number: str) -> Made:
    """Noise after the first bytes of some container."""
    heads = (
        b"\x1aE\xdf\xa3",
        b"\0\0\0\x20ftypisom",
        b"OggS",
        b"RIFF\xff\xff\xff\xffWAVEfmt ",
        b"ID3\x04\0\0\x7f\x7f\x7f\x7f",
        b"fLaC\0\0\0\x22",
        b"PK\x03\x04",
        b"%PDF-1.7",
        b"\x7fELF",
        b"\x47",
        b"FLV\x01",
        b"MThd",
        b"\x89PNG\r\n\x1a\n",
    )
    suffix = chance.choice(("mp4", "mkv", "ogg", "wav", "mp3", "flac", "docx", "epub", "txt", "srt"))
    return {f"noise {number}.{suffix}": chance.choice(heads) + chance.randbytes(chance.randrange(0, 60_000))}


def lying_wave(chance: random.Random, number: str) -> Made:
    """A wave file whose header claims what is not there."""
    rate, channels = chance.choice((1, 16_000, 4_000_000_000)), chance.choice((0, 1, 2, 255, 65_535))
    claimed = chance.choice((0, 2_000_000_000, 0xFFFFFFFF)).to_bytes(4, "little")
    head = b"RIFF" + claimed + b"WAVEfmt \x10\0\0\0\x01\0" + channels.to_bytes(2, "little")
    head += rate.to_bytes(4, "little") + (rate & 0xFFFF).to_bytes(4, "little") + b"\x02\0\x10\0data" + claimed
    return {f"lying {number}.wav": head + b"\x10\x20" * 8_000}


def listing(chance: random.Random, number: str) -> Made:
    """A list that asks whoever opens it to open something else."""
    suffix = chance.choice(("mp4", "m3u8", "mkv", "sdp", "wav", "mpd", "srt", "txt"))
    return {f"listing {number}.{suffix}": chance.choice(LISTS).encode()}


def document(chance: random.Random, number: str) -> Made:
    """A book or document with a bomb in it."""
    bombs = (
        b"<p>" * 30_000,
        b"<!--<!-" * 20_000,
        b"</" * 50_000,
        b"<a " * 50_000,
        b"<![" * 9,
        b"<p " + b"a " * 50_000 + b">",
        b"\0" * 2_000_000,
        b"<w:p/>" * 200_000,
        b"&amp;" * 100_000,
        b"<!DOCTYPE a [<!ENTITY b 'bbbbbbbb'>"
        + b"".join(b"<!ENTITY c%d '&b;&b;&b;&b;'>" % n for n in range(9))
        + b"]>",
    )
    kind = chance.choice(("epub", "docx"))
    inner = "OEBPS/a.xhtml" if kind == "epub" else "word/document.xml"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        if kind == "epub":
            archive.writestr("mimetype", "application/epub+zip")
            place = "../../../tmp/escaped.opf" if chance.random() < 0.2 else "OEBPS/a.opf"
            archive.writestr("META-INF/container.xml", f'<container><rootfile full-path="{place}"/></container>')
            spine = '<itemref idref="a"/>' * chance.choice((1, 3_000))
            item = '<item id="a" href="a.xhtml" media-type="application/xhtml+xml"/>'
            archive.writestr("OEBPS/a.opf", f"<package><manifest>{item}</manifest><spine>{spine}</spine></package>")
        archive.writestr(inner, chance.choice(bombs))
        archive.writestr("../escaped.txt", "out of the root")
    return {f"document {number}.{kind}": packed.getvalue()}


def odd_name(chance: random.Random, number: str) -> Made:
    """A short text under a name that some program may mistake for something else."""
    return {chance.choice(NAMES).format(number): b"A short text under an odd name, number " + number.encode() + b".\n"}


def trap(chance: random.Random, number: str) -> Made:
    """What is to be run or read by who comes across it later."""
    return {
        f"trap {number}/config.yaml": b"ffmpeg: ./run.sh\n",
        f"trap {number}/run.sh+x": b"#!/bin/sh\ntouch PWNED\n",
        f"trap {number}/jobs.db": b"SQLite format 3\0",
    }


KINDS: tuple[Kind, ...] = (
    repeated,
    options,
    damaged,
    noise,
    lying_wave,
    listing,
    document,
    odd_name,
    trap,
)


def inputs(number: int, *, seed: int) -> Iterator[Made]:
    """Yield the given number of inputs, equally many of each kind."""
    chance = random.Random(seed)
    for index in range(number):
        yield KINDS[index % len(KINDS)](chance, f"{index:04}")


def plant(made: Made, inbox: Path, outside: Path, *, owner: int | None = None) -> list[Path]:
    """Bring the files of one input into the inbox, each by one rename, in the given order.

    `owner`: the user id that they are to have. Returns where they are, without names that this system does not allow.
    """
    planted = []
    for name, content in made.items():
        plain = name.removesuffix("+x")
        draft, target = outside / "draft", inbox / plain
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(content)
            draft.chmod(0o755 if name != plain else 0o644)
            if owner is not None and sys.platform != "win32":
                os.chown(draft, owner, owner)
                if target.parent != inbox:
                    os.chown(target.parent, owner, owner)
            draft.replace(target)
        except (OSError, ValueError):
            continue
        planted.append(target)
    return planted
