"""The sound of a dictation: a WAV whose length is not known before its end."""

from __future__ import annotations

from dropdub.web.speech.headers import UNKNOWN_LENGTH, wav_header
from dropdub.web.uploads.upload import Upload

RATE = 16_000
"""Samples per second, 16 bits each, mono: what transcribers get."""
_BYTES_PER_S = 2 * RATE
HEADER = wav_header(RATE, UNKNOWN_LENGTH)


def seconds_of(upload: Upload) -> float:
    """Return how much sound of a dictation is on the disk."""
    return _bytes_of(upload) / _BYTES_PER_S


def final_header(upload: Upload) -> bytes:
    """Return the header for a dictation that has ended, as long as `HEADER`."""
    return wav_header(RATE, _bytes_of(upload))


def _bytes_of(upload: Upload) -> int:
    """Return the bytes of whole samples."""
    return max(upload.received - len(HEADER), 0) // 2 * 2
