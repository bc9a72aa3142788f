"""What of a recording's own sound is heard in its dub: all, what is left without its voices, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from dropdub.film.clock import film_clock
from dropdub.media.ffmpeg import input_arguments
from dropdub.media.sound.loudness import SPEECH_LUFS, measured
from dropdub.media.sound.mixing import in_blocks
from dropdub.media.sound.pcm import BLOCK_S, RATE_HZ, Frames, decoded
from dropdub.pipeline.task import Task


@dataclass(frozen=True)
class Background:
    """The sound in blocks (None: nothing is heard), whether it is turned down under speech, and what made it."""

    blocks: Iterator[Frames] | None
    ducked: bool = False
    engine: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def channels_of(task: Task) -> int:
    """Return how many channels a recording's dub has: two where the original has as many or more, else one."""
    if not _has_sound(task):
        return 1
    return min(max(task.facts.probe.sound.channels, 1), 2)


def original_loudness(task: Task, duration_s: float, progress: Callable[[float], None]) -> float:
    """Return the loudness of the recording's sound in LUFS; the usual one of speech where there is no recording.

    Raises what `run_ffmpeg` raises.
    """
    if not _has_sound(task):
        return SPEECH_LUFS
    return measured(
        input_arguments(task.source),
        _stream(task),
        deadline_s=task.deadline_s,
        duration_s=duration_s,
        surround=task.facts.probe.sound.channels > 2,
        progress=progress,
    )


def background_of(task: Task, length: int) -> Background:
    """Return what is asked for (`mix`), as `length` samples at 48 kHz on the time line of audio.wav.

    Without the separator that was asked for, the original is turned down instead, and a warning says so.
    """
    wanted = task.options.mix
    if wanted.original == "mute" or not _has_sound(task):
        return Background(None)
    channels = channels_of(task)
    source = [*input_arguments(task.source), *film_clock(task.facts.probe)]
    blocks = decoded(source, _stream(task), channels=channels, length=length, deadline_s=task.deadline_s)
    if not wanted.separate:
        return Background(blocks, ducked=wanted.original == "duck")
    separator = task.engines.separator("auto")
    if separator is None:
        return Background(blocks, ducked=wanted.original == "duck", warnings=(_no_separator(task),))
    apart = separator.background(blocks, sample_rate=RATE_HZ)
    size = round(BLOCK_S * RATE_HZ)
    kept = in_blocks(apart, size=size, length=length, channels=channels)
    return Background(kept, engine=asdict(separator.info()))


def _has_sound(task: Task) -> bool:
    """Return whether there is a recording: a subtitle that was dropped alone has none."""
    return task.kind == "media"


def _stream(task: Task) -> str:
    return f"0:{task.facts.probe.sound.index}"


def _no_separator(task: Task) -> str:
    instead = "turned down" if task.options.mix.original == "duck" else "kept"
    return f"The voices of {task.job_name} are {instead}, not taken out (mix.separate): no separator is installed."
