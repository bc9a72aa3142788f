"""Made-up films with recognisable moments: a white flash in the picture when a tone sounds, and when each occurs."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np

from dropdub.config import JobOptions
from dropdub.media.ffmpeg import find_ffmpeg
from dropdub.pipeline.artifacts import AUDIO, TRANSCRIPT, Segment, Transcript, dub_name, translation_name
from dropdub.store.steps import StepSpec
from tests.drive import LIGHT, Drive

FLASH_S = 2.0
LENGTH_S = 5.0
TONE_HZ = 440
FRAME_S = 0.041
ENCODER_S = 0.03
"""How far a lossy codec's padding may move a tone if the container does not record it."""


def made(path: Path, *arguments: str) -> Path:
    command = [str(find_ffmpeg()), "-nostdin", "-loglevel", "error", "-y", *arguments, str(path)]
    subprocess.run(command, check=True, timeout=60)
    return path


def flashing(*, size: str = "160x90", rate: int = 25) -> tuple[str, ...]:
    """Return the input of a picture that is white for a fifth of a second."""
    flash = f"drawbox=c=white:t=fill:enable='between(t,{FLASH_S},{FLASH_S + 0.19})'"
    return ("-f", "lavfi", "-i", f"color=black:s={size}:r={rate}:d={LENGTH_S},{flash}")


def beeping(hz: int = TONE_HZ, *, layout: str = "mono") -> tuple[str, ...]:
    """Return the input of a sound that has a tone at the same time."""
    tone = f"if(between(t,{FLASH_S},{FLASH_S + 0.2}),0.5*sin({hz}*2*PI*t),0)"
    return ("-f", "lavfi", "-i", f"aevalsrc='{tone}':d={LENGTH_S}:s=48000,aformat=channel_layouts={layout}")


def spoken(language: str, text: str = "One line.") -> Transcript:
    segment = Segment(0, FLASH_S, FLASH_S + 1.5, text)
    return Transcript(language, LENGTH_S, (segment,), engine={}, source_language=None)


def drive_to_mux(source: Path, folder: Path, *, target: str = "pt-BR", **options: Any) -> Drive:
    """Return a job on `source` with all stages before mux done: the dub is a copy of the recording's sound."""
    job = Drive(source, folder, options=JobOptions.model_validate({**LIGHT.model_dump(), **options}))
    job.run(until="split")
    job.facts["merge"] = {"language": "en"}
    spoken("en").save(job.job_dir / TRANSCRIPT)
    spoken(target, "Uma linha.").save(job.job_dir / translation_name(target))
    made(job.job_dir / dub_name(target, "m4a"), "-i", str(job.job_dir / AUDIO), "-c:a", "aac", "-ar", "48000")
    return job


def mux_step(target: str) -> StepSpec:
    return StepSpec(f"mux/{target}", "mux", 80, target, "media")


def muxed(source: Path, folder: Path, *, target: str = "pt-BR", **options: Any) -> tuple[Drive, Path]:
    """Return a job and the film that its mux stage made."""
    job = drive_to_mux(source, folder, target=target, **options)
    result = job.run_step(mux_step(target))
    return job, job.job_dir / result["file"]


@dataclass(frozen=True)
class Moments:
    """When the flash and each track's tone are, as a player shows them."""

    flash: float
    tones: tuple[float, ...]

    def apart(self) -> float:
        """Return by how much the tones of dub and original differ."""
        return abs(self.tones[0] - self.tones[1])


def moments(film: Path) -> Moments:
    with av.open(str(film)) as container:
        sounds = len(container.streams.audio)
    return Moments(_flash(film), tuple(_tone(film, number) for number in range(sounds)))


def _flash(film: Path) -> float:
    with av.open(str(film)) as container:
        for frame in container.decode(container.streams.video[0]):
            if frame.to_ndarray(format="gray").mean() > 128:
                return float(frame.time)
    raise AssertionError(f"{film.name} never flashes")


def _tone(film: Path, number: int) -> float:
    with av.open(str(film)) as container:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=48_000)
        for frame in container.decode(container.streams.audio[number]):
            for part in resampler.resample(frame):
                if len(loud := np.flatnonzero(np.abs(part.to_ndarray()[0]) > 0.05)):
                    return float(frame.time) + float(loud[0]) / part.sample_rate
    raise AssertionError(f"track {number} of {film.name} never sounds")
