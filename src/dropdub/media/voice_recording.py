"""Make a voice of a recording: the best half minute of it, at the usual level."""

from __future__ import annotations

from pathlib import Path

from dropdub.errors import NotMedia
from dropdub.files.durable import write_whole
from dropdub.media.ffmpeg import input_arguments, run_ffmpeg
from dropdub.media.probe import probe_media
from dropdub.media.sound import wav
from dropdub.media.sound.voice_check import MOST_S, best_start_s, level_db, levelled
from dropdub.media.sound.wav import Samples, WavWriter

RATE = 24_000
"""Samples per second of a voice."""
PROBE_S = 10.0


def length_s(file: Path) -> float:
    """Return the length of a recording in seconds. Raises NotMedia if it has no sound."""
    info = probe_media(file, timeout_s=PROBE_S)
    if not info.audio:
        raise NotMedia(f"{file.name} has no sound.", remedy="Choose a recording in which somebody speaks.")
    return info.duration_s


def best_part(file: Path, *, scratch: Path, deadline_s: float, longest_s: float | None = None) -> Samples:
    """Return the 30 s with the most speech of any recording that ffmpeg can read, as mono at `RATE`.

    It is decoded into the folder `scratch`: 48 kB for each second. `longest_s`: how much of its beginning is
    searched, if not all. Raises NotMedia if it cannot be decoded.
    """
    plain = scratch / "plain.wav"
    limit = [] if longest_s is None else ["-t", f"{longest_s:g}"]
    arguments = ["-vn", "-ac", "1", "-ar", str(RATE), *limit, "-c:a", "pcm_s16le", "-f", "wav", str(plain)]
    run_ffmpeg([*input_arguments(file), *arguments], deadline_s=deadline_s)
    start_s = best_start_s([level_db(second) for second in wav.blocks(plain, 1.0)])  # it may be hours long
    return wav.read_range(plain, start_s, start_s + MOST_S)


def save_voice(samples: Samples, target: Path, *, scratch: Path) -> None:
    """Write a voice at the usual level. The file appears complete or not at all."""
    made = scratch / "voice.wav"
    with WavWriter(made, RATE) as writer:
        writer.write(levelled(samples))
    target.parent.mkdir(parents=True, exist_ok=True)
    write_whole(target, made.read_bytes())
