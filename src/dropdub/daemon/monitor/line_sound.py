"""The sound of a line: the pieces that its job wrote, as one file in the format that is wanted."""

from __future__ import annotations

import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dropdub.files.durable import written_whole
from dropdub.media.ffmpeg import UNTAGGED, run_ffmpeg

_FRAMES = 1 << 16
_ENCODERS = {
    "flac": ("-c:a", "flac", "-f", "flac"),
    "mp3": ("-c:a", "libmp3lame", "-q:a", "2", "-f", "mp3"),
    "m4a": ("-c:a", "aac", "-b:a", "96k", "-f", "ipod"),
}
_ENCODING_S = 60.0
"""The deadline of encoding, besides the length of the sound: encoders are many times faster."""


@dataclass(frozen=True)
class LineSound:
    """A line's sound file, WAV, and its length in seconds."""

    path: Path
    seconds: float


def joined(pieces: Sequence[Path], folder: Path) -> LineSound:
    """Write the pieces one after another to a file in `folder`, which nobody else writes to. They have one format.

    Raises OSError, EOFError and wave.Error if a piece is missing or broken.
    """
    target = folder / "line.wav"
    with written_whole(target, scratch=folder) as part, wave.open(str(part), "wb") as writer:
        for piece in pieces:
            with wave.open(str(piece), "rb") as reader:
                if piece == pieces[0]:
                    writer.setparams(reader.getparams())
                while block := reader.readframes(_FRAMES):
                    writer.writeframesraw(block)
        seconds = writer.tell() / writer.getframerate()
    return LineSound(target, seconds)


def encoded(sound: LineSound, kind: str) -> Path:
    """Return the sound in a format: wav, flac, mp3 or m4a. The same sound gives the same bytes.

    Raises DeadlineExceeded, DiskFull, MediaToolFailed and EngineMissing.
    """
    if kind == "wav":
        return sound.path
    target = sound.path.with_suffix(f".{kind}")
    arguments = ["-f", "wav", "-i", str(sound.path), *UNTAGGED, *_ENCODERS[kind], str(target)]
    run_ffmpeg(arguments, deadline_s=_ENCODING_S + sound.seconds)
    return target
