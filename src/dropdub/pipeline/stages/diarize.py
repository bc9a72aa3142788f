"""diarize: who speaks when, by the channels of a stereo recording, else by the voices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from dropdub.engines.base import Diarizer, Window
from dropdub.media import wav
from dropdub.media.ffmpeg import input_arguments, run_ffmpeg
from dropdub.media.spans import Span
from dropdub.pipeline.artefacts import AUDIO, SPEAKERS, SPEECH, Turn, load_spans, save_turns
from dropdub.pipeline.cache import from_json, to_json
from dropdub.pipeline.speakers import grouped, turns_by_channel, turns_by_voice, windows_of
from dropdub.pipeline.stages.base import Result, Task

_LEVEL_RATE = 4_000
"""Enough to tell where a voice is louder, and a tenth of the disk that the whole sound takes."""
_TOLD_EVERY = 20


def run(task: Task) -> Result:
    """Write speakers.json: turns in seconds of the recording, none where one speaks, or nothing can tell."""
    windows = windows_of(load_spans(task.job_dir / SPEECH))
    turns, how, engine = _by_channel(task, windows), "channels", None
    if not turns:
        diarizer = task.engines.diarizer(task.options.diarizer)
        turns, how = (_by_voice(task, diarizer, windows), diarizer.name) if diarizer else ([], "one")
        engine = asdict(diarizer.info()) if diarizer else None
    save_turns(task.job_dir / SPEAKERS, turns)
    speakers = len({turn.speaker for turn in turns}) or 1
    return {"speakers": speakers, "how": how, **({"engine": engine} if engine else {})}


def _by_channel(task: Task, windows: Sequence[Span]) -> list[Turn]:
    """Return the turns of a recording that has a speaker on each of two channels."""
    audio = task.facts["probe"]["audio"]
    if audio.get("channels") != 2 or not windows:
        return []
    both = task.prepared_scratch() / "channels.wav"
    plain = ["-map", f"0:{audio['index']}", "-ar", str(_LEVEL_RATE), "-c:a", "pcm_s16le", "-f", "wav", str(both)]
    on_time = ["-af", f"aresample={_LEVEL_RATE}:async=1:first_pts=0"]
    run_ffmpeg([*input_arguments(task.source), *on_time, *plain], deadline_s=task.deadline_s)
    return turns_by_channel(windows, _levels(both, windows))


def _levels(both: Path, windows: Sequence[Span]) -> NDArray[np.float64]:
    """Return the level of each channel in each window, in dB, shape (windows, 2)."""
    with soundfile.SoundFile(both) as file:
        return np.array([_level(file, window) for window in windows])


def _level(file: soundfile.SoundFile, window: Span) -> NDArray[np.float64]:
    file.seek(min(round(window.start * _LEVEL_RATE), file.frames))
    samples = file.read(max(round(window.duration_s * _LEVEL_RATE), 1), dtype="float64", always_2d=True)
    power: NDArray[np.float64] = (samples**2).mean(axis=0) if len(samples) else np.zeros(2)
    return 10 * np.log10(power + 1e-10)


def _by_voice(task: Task, engine: Diarizer, windows: Sequence[Span]) -> list[Turn]:
    if not windows:
        return []
    spans = to_json([[window.start, window.end] for window in windows]).decode()
    key = ("voices", str(task.facts["extract"]["content_hash"]), asdict(engine.info()), spans)
    groups = task.cache.get(*key, check=lambda value: _checked(value, len(windows)))
    if groups is None:
        vectors = engine.embed(_told(task, windows))
        groups = grouped(np.stack(list(vectors)))
        task.cache.put(*key, value=to_json(groups))
    return turns_by_voice(windows, groups)


def _told(task: Task, windows: Sequence[Span]) -> Iterator[Window]:
    for number, window in enumerate(windows):
        if number % _TOLD_EVERY == 0:
            task.progress(number / len(windows))
        yield Window(window.start, wav.read_range(task.job_dir / AUDIO, window.start, window.end))


def _checked(value: bytes, count: int) -> list[int]:
    groups = [int(group) for group in from_json(value)]
    if len(groups) != count:
        raise ValueError("it is of another recording")
    return groups
