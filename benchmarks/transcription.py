"""What a recording costs to transcribe, in CPU seconds and memory: Dropdub's windows against the usual ways.

    python benchmarks/transcription.py [WINDOWS]

Each side hears the same WINDOWS (8) windows of 22 s in a process of its own, with Whisper's `small` geometry in int8
on two threads. The weights are random, so on every side each window is decoded in one piece (without time tokens) of at
most 60 tokens: random text ends anywhere or nowhere. CPU seconds after loading, and the most memory of the process.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import geometry
import numpy as np
import soundfile
import soxr

SPEECH = Path(__file__).parents[1] / "src" / "dropdub" / "samples" / "jfk.flac"
RATE_HZ = 16_000
MOST_TOKENS = 60
OPTIONS: dict[str, Any] = {
    "language": "en",
    "beam_size": 5,
    "temperature": [0.0],
    "condition_on_previous_text": False,
    "word_timestamps": True,
    "without_timestamps": True,
    "vad_filter": False,
    "max_new_tokens": MOST_TOKENS,
}


def a_window() -> np.ndarray:
    samples, rate = soundfile.read(SPEECH, dtype="float32", always_2d=True)
    voice = soxr.resample(samples.mean(axis=1), rate, RATE_HZ)
    return np.concatenate([voice, voice])


def windowed(count: int) -> float:
    """Dropdub's engine: one model, two windows at once, one thread each."""
    from dropdub.engines import whisper_decoding
    from dropdub.engines.base import EngineSettings, Window
    from dropdub.engines.faster_whisper import FasterWhisperTranscriber

    whisper_decoding._ALWAYS |= {"without_timestamps": True, "max_new_tokens": MOST_TOKENS}
    whisper_decoding.is_suspect = lambda _evidence: False  # no second try of what is nonsense anyway
    model = str(geometry.whisper_small(geometry.FOLDER))
    engine = FasterWhisperTranscriber(EngineSettings(models={"faster-whisper": model}, device="cpu", threads=2))
    engine.load()
    began = time.process_time()
    for _ in engine.transcribe((Window(0.0, a_window()) for _ in range(count)), language="en"):
        pass
    return time.process_time() - began


def all_threads(count: int) -> float:
    """One model with all threads, one window after another."""
    model = _model(cpu_threads=2)
    began = time.process_time()
    for _ in range(count):
        list(model.transcribe(a_window(), **OPTIONS)[0])
    return time.process_time() - began


def batched(count: int) -> float:
    """The library's batched pipeline, eight windows at once."""
    from faster_whisper import BatchedInferencePipeline

    pipeline = BatchedInferencePipeline(_model(cpu_threads=2))
    length = len(a_window()) / RATE_HZ
    clips = [{"start": n * length, "end": (n + 1) * length} for n in range(count)]
    began = time.process_time()
    found, _ = pipeline.transcribe(np.tile(a_window(), count), clip_timestamps=clips, batch_size=8, **OPTIONS)
    list(found)
    return time.process_time() - began


def one(_count: int) -> float:
    """A process for one window, with all that starting it takes."""
    list(_model(cpu_threads=1).transcribe(a_window(), **OPTIONS)[0])
    return time.process_time()


def _model(*, cpu_threads: int) -> Any:
    from faster_whisper import WhisperModel

    place = str(geometry.whisper_small(geometry.FOLDER))
    return WhisperModel(place, device="cpu", compute_type="int8", cpu_threads=cpu_threads, local_files_only=True)


SIDES = {"windowed": windowed, "all threads": all_threads, "batched": batched, "a process each": one}


def measured(side: str, count: int) -> dict[str, float]:
    """Run a side in a process of its own."""
    command = [sys.executable, __file__, "--side", side, str(count)]
    ended = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(ended.stdout.splitlines()[-1])
    return found


def main(count: int) -> None:
    geometry.whisper_small(geometry.FOLDER)
    found = {side: measured(side, count) for side in SIDES}
    found["a process each"]["cpu_s"] *= count
    ours = found["windowed"]
    sys.stdout.write("side             CPU-s  of windowed    memory  of windowed\n")
    for side, figures in found.items():
        cpu, memory = figures["cpu_s"], figures["memory_mb"]
        ratios = f"{cpu / ours['cpu_s']:10.2f} x {memory:6.0f} MB {memory / ours['memory_mb']:10.2f} x"
        sys.stdout.write(f"{side:<15} {cpu:6.1f} {ratios}\n")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--side"]:
        seconds = SIDES[sys.argv[2]](int(sys.argv[3]))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        sys.stdout.write(f"{json.dumps({'cpu_s': seconds, 'memory_mb': peak})}\n")
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 8)
