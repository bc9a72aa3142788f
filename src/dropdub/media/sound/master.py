"""The last pass over a dub: apply gain, limit peaks, set the exact length, and write its two files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dropdub.media.ffmpeg import UNTAGGED, input_arguments, run_ffmpeg
from dropdub.media.sound.loudness import factor

CEILING_DB = -2.0
"""The highest true peak: below the -1 dBTP that EBU R 128 allows, because resampling and AAC raise it slightly."""
_UNSEEN_DB = 3.0
"""How far the true peak of an unclipped recording may lie above its highest sample."""
_OVERSAMPLED = 4
_ATTACK_MS, _RELEASE_MS = 5, 50
TO_THE_SAMPLE = ("-movie_timescale", "48000")
"""Makes MP4 store track lengths at this resolution. The default is milliseconds, and AAC's padding would be heard."""
_AAC_BITS = {1: "96k", 2: "160k"}


@dataclass(frozen=True)
class Mixed:
    """A finished mix: its file, its format, and its highest sample."""

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

    Returns whether peaks had to be limited; if not, only the gain was changed.
    Raises the errors of `run_ffmpeg`.
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
    """Return filters that keep peaks, also between samples, below the ceiling. The look-ahead delay is compensated."""
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
