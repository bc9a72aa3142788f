"""The background track under a dub: the original sound, the original without its voices, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from dropdub.config.job import Mix
from dropdub.dubbing.voices_left import Sample, spread
from dropdub.engines import answers
from dropdub.engines.base import Separator
from dropdub.film.original_sound import original_sound
from dropdub.media.ffmpeg import input_arguments
from dropdub.media.sound.loudness import SPEECH_LUFS, measure_loudness
from dropdub.media.sound.pcm import BLOCK_S, RATE_HZ, decoded
from dropdub.media.sound.spans import Span
from dropdub.media.sound.timed import Frames, in_blocks
from dropdub.pipeline.dropped_file import DroppedFile


@dataclass(frozen=True)
class Background:
    """The sound in blocks (None for no background), whether it is ducked under speech, and the separator's info.

    `sample`: what is kept of it while it passes by, to hear whether voices are left in it; None if none were removed.
    """

    blocks: Iterator[Frames] | None
    ducked: bool = False
    engine: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    sample: Sample | None = None


def channels_of(source: DroppedFile) -> int:
    """Return the number of channels of a dub: two if the original has at least two, else one."""
    if not source.is_recording:
        return 1
    return min(max(source.probe.sound.channels, 1), 2)


def original_loudness(
    source: DroppedFile, *, deadline_s: float, duration_s: float, progress: Callable[[float], None]
) -> float:
    """Return the loudness of the recording in LUFS, or `SPEECH_LUFS` if there is no recording.

    Raises the errors of `run_ffmpeg`.
    """
    if not source.is_recording:
        return SPEECH_LUFS
    return measure_loudness(
        input_arguments(source.path),
        source.probe.sound_stream,
        deadline_s=deadline_s,
        duration_s=duration_s,
        surround=source.probe.sound.channels > 2,
        progress=progress,
    )


def background_of(
    source: DroppedFile,
    wanted: Mix,
    *,
    keeps_time: bool = True,
    length: int,
    deadline_s: float,
    spoken: Sequence[Span] = (),
    separator: Callable[[], Separator | None],
    no_separator: Callable[[], str],
) -> Background:
    """Return the background that `wanted` asks for: `length` samples at 48 kHz, on the timeline of audio.wav.

    `keeps_time` is False if the recording's clock does not fit its sound. `separator` is only called if voices have to
    be removed: it may load an engine. If `wanted.separate` is set but it returns None, the voices stay in the
    background, which is ducked or kept at full level as `wanted.original` says; a warning reports this, with the reason
    that `no_separator` returns. `spoken`: where the original speaks.
    """
    if wanted.original == "mute" or not source.is_recording:
        return Background(None)
    sound, ducked = original_sound(source.path, source.probe, keeps_time=keeps_time), wanted.original == "duck"
    blocks = decoded(sound, channels=channels_of(source), length=length, deadline_s=deadline_s)
    if not wanted.separate:
        return Background(blocks, ducked=ducked)
    engine = separator()
    if engine is None:
        return Background(blocks, ducked=ducked, warnings=(_kept(source.name, wanted, no_separator()),))
    separated = answers.background(engine, blocks, sample_rate=RATE_HZ)
    kept = in_blocks(separated, size=round(BLOCK_S * RATE_HZ), length=length, channels=channels_of(source))
    sample = Sample(spread(spoken), rate=RATE_HZ)
    return Background(sample.taken_from(kept), engine=asdict(engine.info()), sample=sample)


def _kept(name: str, wanted: Mix, reason: str) -> str:
    instead = "ducked" if wanted.original == "duck" else "kept"
    return f"The voices of {name} were {instead}, not removed (mix.separate): {reason}"
