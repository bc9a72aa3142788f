"""Whether memory grows with the recording: twelve minutes and three hours, side by side.

    python benchmarks/memory.py

Both hold the same five minutes of speech, spread over them, with faint noise between. The workers' trees, ffmpeg
included, are measured ten times a second.
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


def peaks(folder: Path, minutes: int) -> dict[str, float]:
    """Return the most memory that the workers of each pool took, in MB, with what they started."""
    root = folder / str(minutes)
    (root / "inbox").mkdir(parents=True)
    (root / "config.yaml").write_text(CONFIG, encoding="utf-8")
    a_recording(root / "inbox" / "talk.flac", minutes)
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


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        short, long = peaks(Path(folder), 12), peaks(Path(folder), 180)
    sys.stdout.write("pool         12 min      3 h   ratio\n")
    for pool, peak in short.items():
        sys.stdout.write(f"{pool:<11} {peak:5.0f} MB {long[pool]:5.0f} MB {long[pool] / peak:7.2f}\n")


if __name__ == "__main__":
    main()
