"""The last pass over a dub: its gain, a limit on its peaks, its exact length, and its two files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dropdub.media.ffmpeg import UNTAGGED, input_arguments, run_ffmpeg
from dropdub.media.sound.loudness import factor

CEILING_DB = -2.0
"""The highest true peak: below the -1 dBTP that EBU R 128 allows, since resampling and AAC add a little."""
_UNSEEN_DB = 3.0
"""So far the true peak may lie above the highest sample of what is recorded without clipping."""
_OVERSAMPLED = 4
_ATTACK_MS, _RELEASE_MS = 5, 50
TO_THE_SAMPLE = ("-movie_timescale", "48000")
"""So finely does MP4 then tell how long a track is: else in milliseconds, and what AAC pads is heard."""
_AAC_BITS = {1: "96k", 2: "160k"}


@dataclass(frozen=True)
class Mixed:
    """A finished mixture: its file, its form, and the highest of its samples."""

    path: Path
    rate: int
    channels: int
    length: int
    peak_db: float

    @property
    def duration_s(self) -> float:
        return self.length / self.rate


def write_master(
    mixed: Mixed,
    sound: Path,
    encoded: Path,
    *,
    gain_db: float,
    tags: Sequence[str],
    deadline_s: float,
    progress: Callable[[float], None],
) -> bool:
    """Write `sound` (16 bit WAV, exactly as long as `mixed`) and `encoded` (AAC in MP4, with `tags`).

    Returns whether peaks had to be limited: nothing else than the gain changes where they had not.
    Raises what `run_ffmpeg` raises.
    """
    limited = mixed.peak_db + gain_db + _UNSEEN_DB > CEILING_DB
    chain = [f"volume={gain_db:.3f}dB", *(_limiter(mixed.rate) if limited else ()), *_exactly(mixed.length)]
    codec = ["-c:a", "aac", "-b:a", _AAC_BITS[mixed.channels], *TO_THE_SAMPLE, "-movflags", "+faststart", "-f", "ipod"]
    wav = ["-c:a", "pcm_s16le", "-rf64", "auto", "-f", "wav"]
    run_ffmpeg(
        [
            *input_arguments(mixed.path),
            *("-filter_complex", f"[0:a]{','.join(chain)},asplit=2[sound][encoded]"),
            *("-map", "[sound]", *UNTAGGED, *wav, str(sound)),
            *("-map", "[encoded]", *UNTAGGED, *tags, *codec, str(encoded)),
        ],
        deadline_s=deadline_s,
        duration_s=mixed.duration_s,
        progress=progress,
    )
    return limited


def _limiter(rate: int) -> list[str]:
    """Return filters that keep peaks, also between samples, below the ceiling; the delay of looking ahead is cut."""
    fine = rate * _OVERSAMPLED
    ahead = fine * _ATTACK_MS // 1000
    return [
        f"aresample={fine}",
        f"apad=pad_len={ahead}",
        f"alimiter=level=0:limit={factor(CEILING_DB):.5f}:attack={_ATTACK_MS}:release={_RELEASE_MS}",
        f"atrim=start_sample={ahead - 1}",
        "asetpts=N/SR/TB",
        f"aresample={rate}",
    ]


def _exactly(length: int) -> list[str]:
    return [f"apad=whole_len={length}", f"atrim=end_sample={length}"]
