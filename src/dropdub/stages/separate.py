"""separate: removes the voices of a recording, to compare separators. In a job, `mix` does that while it mixes."""

from __future__ import annotations

from dataclasses import asdict

import soundfile

from dropdub.config.job import Mix
from dropdub.dubbing.background import background_of, channels_of
from dropdub.dubbing.voices_left import left_in
from dropdub.errors import EngineMissing
from dropdub.media.sound import wav
from dropdub.media.sound.pcm import RATE_HZ
from dropdub.pipeline.artifacts import AUDIO, BACKGROUND, SPEECH, load_spans
from dropdub.pipeline.task import Result, Task


def run(task: Task) -> Result:
    """Write background.flac: at 48 kHz, with at most two channels, and as long as audio.wav.

    `voices_left` is a `VoicesLeft`; it is left out without a detector of voices. Raises EngineMissing if there is no
    separator, and Waiting if its model is missing.
    """
    length = wav.length(task.job_dir / AUDIO).at(RATE_HZ)
    background = background_of(
        task.dropped,
        Mix(original="keep", separate=True),
        keeps_time=task.facts.extract.keeps_time,
        length=length,
        deadline_s=task.deadline_s,
        spoken=load_spans(task.job_dir / SPEECH),
        separator=lambda: task.engines.separator(task.options.separator),
        no_separator=task.engines.no_separator,
    )
    if background.blocks is None or not background.engine:
        raise EngineMissing(" ".join(background.warnings))
    channels, done = channels_of(task.dropped), 0
    with soundfile.SoundFile(
        task.job_dir / BACKGROUND, "w", samplerate=RATE_HZ, channels=channels, subtype="PCM_16", format="FLAC"
    ) as file:
        for block in background.blocks:
            file.write(block)
            done += len(block)
            task.progress(done / max(length, 1))
    left = left_in(background.sample, task.job_dir / AUDIO)
    return {**({"voices_left": asdict(left)} if left else {}), "engine": background.engine, "warnings": []}
