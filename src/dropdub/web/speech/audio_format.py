"""The formats in which speech is sent, and how each is encoded."""

from __future__ import annotations

from enum import StrEnum

SPOKEN_RATE = 24_000
"""Samples per second of OpenAI's speech: clients play `pcm`, which has no header, at this rate."""
FULL_RATE = 48_000
"""The rate of Opus. AAC has it too: a decoder cannot know how much silence its encoder added before and after the
speech, which is up to 2047 samples (85 ms at 24 kHz)."""


class AudioFormat(StrEnum):
    """A format of speech, as requests name it."""

    MP3 = "mp3"
    OPUS = "opus"  # in Ogg
    AAC = "aac"  # ADTS frames
    FLAC = "flac"
    WAV = "wav"
    PCM = "pcm"  # 16-bit little-endian, without a header

    @property
    def content_type(self) -> str:
        """The MIME type. That of `pcm` states rate and channels, since the sound itself does not."""
        return _CONTENT_TYPES[self]

    @property
    def suffix(self) -> str:
        """The suffix of a file in this format, without a dot."""
        return "ogg" if self is AudioFormat.OPUS else self.value

    @property
    def rate(self) -> int:
        """Samples per second."""
        return FULL_RATE if self in (AudioFormat.OPUS, AudioFormat.AAC) else SPOKEN_RATE


_CONTENT_TYPES = {
    AudioFormat.MP3: "audio/mpeg",
    AudioFormat.OPUS: "audio/ogg; codecs=opus",
    AudioFormat.AAC: "audio/aac",
    AudioFormat.FLAC: "audio/flac",
    AudioFormat.WAV: "audio/wav",
    AudioFormat.PCM: f"audio/pcm; rate={SPOKEN_RATE}; channels=1; format=s16le",
}
