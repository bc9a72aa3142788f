"""Whether memory grows with the recording: a short and a long one, side by side.

    python benchmarks/memory.py              12 minutes and 3 hours, the light engines
    python benchmarks/memory.py --quality    12 and 120 minutes of speech, faster-whisper with the small test model

The light engines hear the same five minutes of speech in both, spread over them, with faint noise between. The workers'
trees, ffmpeg included, are measured ten times a second.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
import soundfile
import soxr

SPEECH = Path(__file__).parents[1] / "src" / "dropdub" / "samples" / "jfk.flac"
RATE_HZ = 16_000
BLOCK_S = 60
UTTERANCES = 27
EVERY_S = 0.1
LIGHT = "job: {transcriber: pocketsphinx, translator: apertium, synthesizer: espeak-ng, speakers: one}\n"
CONFIG = (
    LIGHT + "inbox: {settle: 0.2}\ncache: {enabled: false}\npools: {transcribe: {workers: 1}, media: {workers: 1}}\n"
)
MODEL = Path(__file__).parents[1] / "tests" / "models" / "whisper-tiny-en-pt"
QUALITY = f"""
job: {{transcriber: faster-whisper, speakers: one, language: en}}
inbox: {{settle: 0.2}}
cache: {{enabled: false}}
models: {{use: {{faster-whisper: {MODEL}}}, device: cpu}}
preload: false
"""


def a_recording(path: Path, minutes: int) -> None:
    samples, rate = soundfile.read(SPEECH, dtype="float32", always_2d=True)
    voice = soxr.resample(samples.mean(axis=1), rate, RATE_HZ)
    spoken = {round(n * minutes / UTTERANCES, 2) for n in range(UTTERANCES)}
    noise = np.random.default_rng(1)
    with soundfile.SoundFile(path, "w", RATE_HZ, 1) as file:
        for minute in range(minutes):
            block = noise.normal(0, 0.0005, BLOCK_S * RATE_HZ).astype(np.float32)
            for at in sorted(moment for moment in spoken if minute <= moment < minute + 1):
                first = round((at - minute) * 48 * RATE_HZ)
                block[first : first + len(voice)] += voice
            file.write(block)


def full_of_speech(path: Path, minutes: int) -> None:
    samples, rate = soundfile.read(SPEECH, dtype="float32", always_2d=True)
    voice = np.pad(soxr.resample(samples.mean(axis=1), rate, RATE_HZ), (0, RATE_HZ))
    with soundfile.SoundFile(path, "w", RATE_HZ, 1) as file:
        for _ in range(minutes * 60 * RATE_HZ // len(voice)):
            file.write(voice)


def peaks(folder: Path, minutes: int, *, quality: bool) -> dict[str, float]:
    """Return the most memory that the workers of each pool took, in MB, with what they started."""
    root = folder / str(minutes)
    (root / "inbox").mkdir(parents=True)
    (root / "config.yaml").write_text(QUALITY if quality else CONFIG, encoding="utf-8")
    (full_of_speech if quality else a_recording)(root / "inbox" / "talk.flac", minutes)
    command = [sys.executable, "-m", "dropdub", "--root", str(root), "watch", "--until-idle"]
    daemon = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    found: dict[str, float] = {"supervisor": 0.0}
    while daemon.poll() is None:
        with contextlib.suppress(psutil.Error):
            measure(psutil.Process(daemon.pid), found)
        time.sleep(EVERY_S)
    return found


def measure(daemon: psutil.Process, found: dict[str, float]) -> None:
    found["supervisor"] = max(found["supervisor"], daemon.memory_info().rss / 1e6)
    for worker in daemon.children():
        pool = worker.cmdline()[-1]
        tree = [worker, *worker.children(recursive=True)]
        found[pool] = max(found.get(pool, 0.0), sum(process.memory_info().rss for process in tree) / 1e6)


def main(*, quality: bool) -> None:
    lengths = (12, 120 if quality else 180)
    with tempfile.TemporaryDirectory() as folder:
        short, long = (peaks(Path(folder), minutes, quality=quality) for minutes in lengths)
    sys.stdout.write(f"pool         12 min  {lengths[1]} min   ratio\n")
    for pool, peak in short.items():
        sys.stdout.write(f"{pool:<11} {peak:5.0f} MB {long[pool]:5.0f} MB {long[pool] / peak:7.2f}\n")


if __name__ == "__main__":
    main(quality="--quality" in sys.argv)
