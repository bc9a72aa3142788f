"""The background track under a dub: the original sound, the original without its voices, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from dropdub.film.start_time import film_clock
from dropdub.media.ffmpeg import input_arguments
from dropdub.media.sound.loudness import SPEECH_LUFS, measure_loudness
from dropdub.media.sound.mixing import in_blocks
from dropdub.media.sound.pcm import BLOCK_S, RATE_HZ, Frames, decoded
from dropdub.pipeline.task import Task


@dataclass(frozen=True)
class Background:
    """The sound in blocks (None for no background), whether it is ducked under speech, and the separator's info."""

    blocks: Iterator[Frames] | None
    ducked: bool = False
    engine: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def channels_of(task: Task) -> int:
    """Return the number of channels of a recording's dub: two if the original has at least two, else one."""
    if not _has_sound(task):
        return 1
    return min(max(task.facts.probe.sound.channels, 1), 2)


def original_loudness(task: Task, duration_s: float, progress: Callable[[float], None]) -> float:
    """Return the loudness of the recording in LUFS, or `SPEECH_LUFS` if there is no recording.

    Raises the errors of `run_ffmpeg`.
    """
    if not _has_sound(task):
        return SPEECH_LUFS
    return measure_loudness(
        input_arguments(task.source),
        task.facts.probe.sound_stream,
        deadline_s=task.deadline_s,
        duration_s=duration_s,
        surround=task.facts.probe.sound.channels > 2,
        progress=progress,
    )


def background_of(task: Task, length: int) -> Background:
    """Return the background that `mix` asks for: `length` samples at 48 kHz, on the timeline of audio.wav.

    If `mix.separate` is set but no separator is installed, the voices stay in the background, which is ducked or kept
    at full level as `mix.original` says; a warning reports this.
    """
    wanted = task.options.mix
    if wanted.original == "mute" or not _has_sound(task):
        return Background(None)
    channels = channels_of(task)
    source = [*input_arguments(task.source), *film_clock(task.facts.probe)]
    blocks = decoded(
        source, task.facts.probe.sound_stream, channels=channels, length=length, deadline_s=task.deadline_s
    )
    if not wanted.separate:
        return Background(blocks, ducked=wanted.original == "duck")
    separator = task.engines.separator("auto")
    if separator is None:
        return Background(blocks, ducked=wanted.original == "duck", warnings=(_no_separator(task),))
    separated = separator.background(blocks, sample_rate=RATE_HZ)
    size = round(BLOCK_S * RATE_HZ)
    kept = in_blocks(separated, size=size, length=length, channels=channels)
    return Background(kept, engine=asdict(separator.info()))


def _has_sound(task: Task) -> bool:
    """Return whether there is a recording. Subtitles that were dropped on their own have none."""
    return task.kind == "media"


def _no_separator(task: Task) -> str:
    instead = "ducked" if task.options.mix.original == "duck" else "kept"
    return f"The voices of {task.job_name} were {instead}, not removed (mix.separate): no separator is installed."
