"""Recordings that lie, made by hand or by ffmpeg and then changed: a few kilobytes each that claim a lot."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from tests.films import made

PICTURE = ("-f", "lavfi", "-i", "testsrc=size=64x64:rate=10:duration=2")
SOUND = ("-f", "lavfi", "-i", "sine=duration=2")
_CLUSTER = b"\x1f\x43\xb6\x75"
_GRANULE_AT, _CHECKSUM_AT = 6, 22
PCM, PCM_RATE = 1, 16_000


def mkv_whose_clock_jumps(path: Path, jump_s: int) -> Path:
    """Write a film of two seconds; in the middle its clusters' clock jumps ahead by the given time."""
    clusters = ("-write_crc32", "0", "-cluster_time_limit", "500")
    made(path, *PICTURE, *SOUND, "-c:v", "mpeg4", "-c:a", "aac", *clusters)
    data = path.read_bytes()
    starts = [at for at in range(len(data)) if data.startswith(_CLUSTER, at)]
    whole = data[: starts[0]]
    for number, (at, end) in enumerate(pairwise([*starts, len(data)])):
        whole += _cluster(data[at:end], jump_s * 1000 if number >= len(starts) // 2 else 0)
    path.write_bytes(whole)
    return path


def _cluster(data: bytes, later_ms: int) -> bytes:
    size, length = _number(data, len(_CLUSTER))
    at = len(_CLUSTER) + length
    assert data[at] == 0xE7  # its time comes first
    digits = data[at + 1] & 0x7F
    time_ms = int.from_bytes(data[at + 2 : at + 2 + digits], "big") + later_ms
    body = b"\xe7\x88" + time_ms.to_bytes(8, "big") + data[at + 2 + digits : at + size]
    return _CLUSTER + (len(body) | 1 << 56).to_bytes(8, "big") + body + data[at + size :]


def _number(data: bytes, at: int) -> tuple[int, int]:
    """Return a number in EBML's form, and how many bytes it takes."""
    length = 9 - data[at].bit_length()
    return int.from_bytes(data[at : at + length], "big") & ((1 << 7 * length) - 1), length


def png(side: int) -> bytes:
    """Return a black picture, four bytes a pixel: a thousandth of what it takes in memory."""
    row = bytes(1 + 4 * side)
    packer = zlib.compressobj(9, wbits=-15)
    # Behind a full flush, the same bytes say the same again.
    once = packer.compress(row * 64) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = struct.pack(">I", (side * len(row) % 65521) << 16 | 1)
    packed = b"\x78\xda" + once * (side // 64) + b"\x03\x00" + checksum
    head = struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def mp3_with(path: Path, frame: bytes, content: bytes) -> Path:
    """Write a sound of two seconds with a frame of ID3 in front, such as a cover or a title."""
    made(path, *SOUND, "-c:a", "libmp3lame", "-id3v2_version", "0")
    body = frame + struct.pack(">I", len(content)) + b"\0\0" + content
    size = bytes(len(body) >> shift & 0x7F for shift in (21, 14, 7, 0))
    path.write_bytes(b"ID3\x03\0\0" + size + body + path.read_bytes())
    return path


def mp3_with_cover(path: Path, picture: bytes) -> Path:
    return mp3_with(path, b"APIC", b"\0image/png\0\3\0" + picture)


def flac_with_cover(path: Path, picture: bytes) -> Path:
    made(path, *SOUND)
    data = path.read_bytes()
    mime = b"image/png"
    block = struct.pack(">II", 3, len(mime)) + mime + struct.pack(">IIIIII", 0, 0, 0, 0, 0, len(picture)) + picture
    at = 4 + 4 + 34  # its mark, and the block that comes first
    path.write_bytes(data[:at] + struct.pack(">I", 6 << 24 | len(block)) + block + data[at:])
    return path


def flac_that_claims(path: Path, samples: int) -> Path:
    made(path, *SOUND)
    data = bytearray(path.read_bytes())
    claimed = int.from_bytes(data[18:26], "big") & ~((1 << 36) - 1) | samples
    data[18:26] = claimed.to_bytes(8, "big")
    path.write_bytes(data)
    return path


def wav(path: Path, *, rate: int = PCM_RATE, channels: int = 1, form: int = PCM, claimed: int | None = None) -> Path:
    sound = b"\x10\x20" * PCM_RATE
    align = min(2 * channels, 0xFFFF)
    head = struct.pack("<HHIIHH", form, channels, rate, min(rate * align, 2**32 - 1), align, 16)
    size = len(sound) if claimed is None else claimed
    body = b"WAVEfmt " + struct.pack("<I", len(head)) + head + b"data" + struct.pack("<I", size) + sound
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    return path


def m4a_whose_samples_last(path: Path, ticks: int) -> Path:
    """Write a sound of two seconds whose packets each claim the given number of ticks of a 44.1 kHz clock."""
    made(path, *SOUND, "-c:a", "aac")
    data = bytearray(path.read_bytes())
    at = data.index(b"stts") + 8
    for entry in range(struct.unpack_from(">I", data, at)[0]):
        struct.pack_into(">I", data, at + 8 + 8 * entry, ticks)
    for kind, duration_at in ((b"mvhd", 20), (b"tkhd", 24), (b"mdhd", 20), (b"elst", 12)):
        struct.pack_into(">I", data, data.index(kind) + duration_at, 0)
    path.write_bytes(data)
    return path


def mp4_of_deep_boxes(path: Path, depth: int) -> Path:
    """Write boxes within boxes, in front of a film that can be read."""
    made(path, *PICTURE, *SOUND, "-c:v", "mpeg4", "-c:a", "aac")
    nested = b"".join(struct.pack(">I4s", 8 * (depth - level), b"moov") for level in range(depth))
    path.write_bytes(path.read_bytes() + nested)
    return path


def ogg_whose_clock_jumps(path: Path, jump_s: int) -> Path:
    made(path, *SOUND, "-c:a", "libopus")
    data = bytearray(path.read_bytes())
    last = data.rindex(b"OggS")
    page = data[last:]
    granule = struct.unpack_from("<q", page, _GRANULE_AT)[0] + jump_s * 48_000
    struct.pack_into("<qI", page, _GRANULE_AT, granule, struct.unpack_from("<I", page, 14)[0])
    struct.pack_into("<I", page, _CHECKSUM_AT, 0)
    struct.pack_into("<I", page, _CHECKSUM_AT, _ogg_checksum(page))
    path.write_bytes(data[:last] + page)
    return path


def _ogg_checksum(page: bytes) -> int:
    found = 0
    for byte in page:
        found ^= byte << 24
        for _ in range(8):
            found = (found << 1 ^ (0x04C11DB7 if found & 0x80000000 else 0)) & 0xFFFFFFFF
    return found


def avi(
    path: Path, frames: Sequence[bytes], *, size: tuple[int, int], codec: bytes, rate: int = 10, sounds: int = 1
) -> Path:
    """Write a film whose header may claim anything about its frames."""
    width, height = size
    look = struct.pack("<IiiHH4sIiiII", 40, width, height, 1, 24, codec, 0, 0, 0, 0, 0)
    wave = struct.pack("<HHIIHH", PCM, 1, PCM_RATE, 2 * PCM_RATE, 2, 16)
    picture = _list(b"strl", _riff(b"strh", _stream(b"vids", codec, rate, len(frames))) + _riff(b"strf", look))
    sound = _list(b"strl", _riff(b"strh", _stream(b"auds", b"\0" * 4, PCM_RATE, PCM_RATE)) + _riff(b"strf", wave))
    main = struct.pack("<14I", 100_000, 0, 0, 0x10, len(frames), 0, 1 + sounds, 0, width, height, 0, 0, 0, 0)
    heads = _list(b"hdrl", _riff(b"avih", main) + picture + sound * sounds)
    chunks = [_riff(b"00dc", frame) + _riff(b"01wb", b"\x10\x20" * (PCM_RATE // 10)) for frame in frames]
    path.write_bytes(_riff(b"RIFF", b"AVI " + heads + _list(b"movi", b"".join(chunks))))
    return path


def _stream(kind: bytes, codec: bytes, rate: int, length: int) -> bytes:
    sample = 2 if kind == b"auds" else 0
    return struct.pack("<4s4sIHHIIIIIIIIHHHH", kind, codec, 0, 0, 0, 0, 1, rate, 0, length, 0, 0, sample, 0, 0, 0, 0)


def _riff(kind: bytes, data: bytes) -> bytes:
    return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def _list(kind: bytes, data: bytes) -> bytes:
    return _riff(b"LIST", kind + data)


def adts_noise(path: Path) -> Path:
    """Write heads of AAC with noise between them."""
    chance = random.Random(7)
    path.write_bytes(b"".join(b"\xff\xf1\x50\x80\x08\x7f\xfc" + chance.randbytes(60) for _ in range(20_000)))
    return path


def chapters(count: int) -> str:
    listed = (f"[CHAPTER]\nTIMEBASE=1/100000\nSTART={one}\nEND={one + 1}\ntitle={one}\n" for one in range(count))
    return ";FFMETADATA1\n" + "".join(listed)


def subtitles(count: int) -> str:
    def moment(thousandths: int) -> str:
        return f"00:00:{thousandths // 1000:02d},{thousandths % 1000:03d}"

    return "".join(f"{n}\n{moment(n % 1900)} --> {moment(n % 1900 + 50)}\nx\n\n" for n in range(count))
