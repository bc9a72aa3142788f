"""Whether memory grows with the recording: twelve minutes and three hours, side by side.

    python benchmarks/memory.py

Both hold the same five minutes of speech, spread over them, with faint noise between. The peaks are those that the
daemon records of each attempt: of a worker's whole tree, ffmpeg included.
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile
import soxr

SPEECH = Path(__file__).parents[1] / "src" / "dropdub" / "samples" / "jfk.flac"
RATE_HZ = 16_000
BLOCK_S = 60
UTTERANCES = 27
CONFIG = "inbox: {settle: 0.2}\ncache: {enabled: false}\npools: {transcribe: {workers: 1}, media: {workers: 1}}\n"


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
    root = folder / str(minutes)
    (root / "inbox").mkdir(parents=True)
    (root / "config.yaml").write_text(CONFIG, encoding="utf-8")
    a_recording(root / "inbox" / "talk.flac", minutes)
    command = [sys.executable, "-m", "dropdub", "--root", str(root), "watch", "--until-idle"]
    subprocess.run(command, check=True, capture_output=True)
    with sqlite3.connect(root / "jobs.db") as database:
        found = database.execute(
            "SELECT stage, max(peak_memory) FROM attempt JOIN step ON step.id = step_id GROUP BY stage"
        ).fetchall()
    database.close()
    return {stage: peak / 1e6 for stage, peak in found}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        short, long = peaks(Path(folder), 12), peaks(Path(folder), 180)
    sys.stdout.write("stage       12 min      3 h   ratio\n")
    for stage, peak in short.items():
        ratio = f"{long[stage] / peak:7.2f}" if peak else "      -"
        sys.stdout.write(f"{stage:<10} {peak:5.0f} MB {long[stage]:5.0f} MB {ratio}\n")


if __name__ == "__main__":
    main()
