"""What transcription costs in CPU seconds and memory: Dropdub's engine compared with other ways.

    python benchmarks/transcription.py [--windows N] [--clips N] [--dir DIR]

The model has Whisper small's geometry in int8, random weights, and ends every window after the same number of tokens
(`geometry.py`). All sides get the same windows of 28 s, with beam 5 and word timestamps, each in a fresh process:

- windows: Dropdub's engine, one shared model, two windows at once;
- one after the other: faster-whisper, all threads on one window;
- batched: faster-whisper's batches of 8;
- fresh: a process for each clip of 28 s, compared with a worker that keeps running.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import geometry
import recordings
from side import Cost, Working, run_requested_side, run_side, script, show

THREADS = 2
WINDOW_S = 28.0
BATCH = 8
OPTIONS = {"language": "en", "beam_size": 5, "word_timestamps": True}


def windows(model: str, number: str) -> dict[str, Any]:
    """Transcribe with Dropdub's engine."""
    from dropdub.engines.base import EngineSettings, Window
    from dropdub.engines.whisper.engine import FasterWhisperTranscriber

    settings = EngineSettings(models={"faster-whisper": model}, device="cpu", compute_type="int8", threads=THREADS)
    engine = FasterWhisperTranscriber(settings)
    engine.load()
    samples = recordings.speech(WINDOW_S)
    heard = (Window(place * WINDOW_S, samples) for place in range(int(number)))
    with Working() as work:
        said = [" ".join(one.text for one in found) for found in engine.transcribe(heard, language="en")]
    return _result(work, said)


def one_after_the_other(model: str, number: str) -> dict[str, Any]:
    """Transcribe one window after another, with all threads on each."""
    from faster_whisper import WhisperModel

    engine = WhisperModel(model, device="cpu", compute_type="int8", cpu_threads=THREADS)
    samples = recordings.speech(WINDOW_S)
    said = []
    with Working() as work:
        for _ in range(int(number)):
            found, _ = engine.transcribe(samples, condition_on_previous_text=False, **OPTIONS)
            said.append(" ".join(one.text for one in found))
    return _result(work, said)


def batched(model: str, number: str) -> dict[str, Any]:
    """Transcribe all windows in batches of 8."""
    from faster_whisper import BatchedInferencePipeline, WhisperModel

    engine = BatchedInferencePipeline(WhisperModel(model, device="cpu", compute_type="int8", cpu_threads=THREADS))
    clips = [{"start": place * WINDOW_S, "end": (place + 1) * WINDOW_S} for place in range(int(number))]
    samples = recordings.speech(WINDOW_S * len(clips))
    with Working() as work:
        found, _ = engine.transcribe(samples, batch_size=BATCH, clip_timestamps=clips, **OPTIONS)
        said = [one.text for one in found]
    return _result(work, said)


def _result(work: Working, said: list[str]) -> dict[str, Any]:
    return {"work_s": work.cpu_s, "windows": len(said), "words": sum(len(text.split()) for text in said)}


def compare(model: Path, number: int) -> Cost:
    """Measure the three ways that use one process; return the cost of Dropdub's."""
    ours = _measured("windows, two at once", "windows", model, number)
    alone = _measured("one after the other", "one_after_the_other", model, number)
    batch = _measured("batched (8)", "batched", model, number)
    show(f"windows ÷ one after the other: CPU {ours.work_s / alone.work_s:.2f}")
    show(f"windows ÷ batched: CPU {ours.work_s / batch.work_s:.2f}, memory {ours.peak_mb / batch.peak_mb:.2f}")
    return ours


def _measured(title: str, side: str, model: Path, number: int) -> Cost:
    cost = run_side(script(__file__), side, model, number)
    per_second = cost.work_s / (number * WINDOW_S)
    show(
        f"{title:<21} {cost.work_s:6.1f} CPU s, {per_second:.3f} a second of sound, {cost.peak_mb:5.0f} MB,"
        f" {cost.result['windows']} windows, {cost.result['words']} words"
    )
    return cost


def compare_fresh(model: Path, clips: int, warm: Cost, number: int) -> None:
    """Measure a process for each clip, compared with a clip's share of a running worker (its start is not counted)."""
    fresh = [run_side(script(__file__), "windows", model, 1).cpu_s for _ in range(clips)]
    each = warm.work_s / number
    show(f"fresh process ÷ warm worker, for a clip of {WINDOW_S:.0f} s: CPU {sum(fresh) / clips / each:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare ways to transcribe.")
    parser.add_argument("--windows", type=int, default=16)
    parser.add_argument("--clips", type=int, default=4)
    parser.add_argument("--dir", type=Path, default=geometry.PLACE)
    asked = parser.parse_args()
    model = geometry.whisper_small(asked.dir)
    warm = compare(model, asked.windows)
    compare_fresh(model, asked.clips, warm, asked.windows)


if __name__ == "__main__":
    sides = {"windows": windows, "one_after_the_other": one_after_the_other, "batched": batched}
    if not run_requested_side(sides):
        main()
