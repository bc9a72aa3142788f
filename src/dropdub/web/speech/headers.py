"""Headers of sound that is sent before its length is known."""

from __future__ import annotations

import struct

UNKNOWN_LENGTH = 0xFFFFFFFF
"""What the sizes of a WAV say while its length is unknown, as OpenAI's do: players read on to the end."""

_MP3_BITS = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
"""Thousands of bits per second by their index in the header of a frame of MPEG-2, layer III (ISO 13818-3)."""
_MP3_RATES = (22_050, 24_000, 16_000)
_SIDE_INFO = 9
_LAME_DELAY = 576
"""Samples that LAME puts before the sound; a decoder adds 529 of its own to them."""


def wav_header(rate: int, size: int, *, channels: int = 1, width: int = 2) -> bytes:
    """Return the 44 bytes before sound of `size` bytes, which may be `UNKNOWN_LENGTH`. `width`: bytes of a sample."""
    whole, frame = min(size + 36, UNKNOWN_LENGTH), channels * width
    layout = struct.pack("<IHHIIHH", 16, 1, channels, rate, rate * frame, frame, 8 * width)
    return b"RIFF" + struct.pack("<I", whole) + b"WAVEfmt " + layout + b"data" + struct.pack("<I", size)


def mp3_header(rate: int, bits: int) -> bytes:
    """Return a silent mono frame that states how much silence the encoder puts before the sound.

    It is the frame named Info that LAME writes, without the length, which is not known yet. Without it, a player would
    start 46 ms late. `rate` and `bits` (per second) must be among MPEG-2's. Raises ValueError.
    """
    index = _MP3_BITS.index(bits // 1000) << 4 | _MP3_RATES.index(rate) << 2
    head = bytes((0xFF, 0xF3, index, 0xC0))
    encoder = b"Lavc".ljust(21, b"\0")
    frame = head + bytes(_SIDE_INFO) + b"Info" + bytes(4) + encoder + (_LAME_DELAY << 12).to_bytes(3, "big")
    return frame.ljust(72 * bits // rate, b"\0")
