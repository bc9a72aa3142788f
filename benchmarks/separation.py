"""How long the separators take, and how much memory, for sounds of different lengths.

    python benchmarks/separation.py                  Spleeter and htdemucs, one minute of sound
    python benchmarks/separation.py spleeter 1 10 60     one of them, for these minutes
    python benchmarks/separation.py demucs 1 --threads 2

The models have random weights in the geometry of the real ones, which is what time and memory depend on; `--models DIR`
takes those that `dropdub models pull` has downloaded. The sound is noise in stereo at 48 kHz, made as it is needed.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parents[1]
NAMES = ("spleeter", "demucs")
RATE, BLOCK_S = 48_000, 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("engine", nargs="?", choices=NAMES)
    parser.add_argument("minutes", nargs="*", type=float, default=[1.0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--models", type=Path)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--once", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.once:
        say(json.dumps(measured(given.engine, given.minutes[0], given.models, given.threads, given.device)))
        return
    say("| separator | minutes | CPU seconds a second | seconds a second | peak memory |")
    say("| --- " * 5 + "|")
    with tempfile.TemporaryDirectory() as folder:
        models = given.models or made(Path(folder))
        for engine in [given.engine] if given.engine else NAMES:
            for minutes in given.minutes:
                command = [sys.executable, __file__, engine, str(minutes), "--once", "--models", str(models)]
                command += ["--threads", str(given.threads), "--device", given.device]
                ended = subprocess.run(command, check=True, capture_output=True, encoding="utf-8")
                found = json.loads(ended.stdout.splitlines()[-1])
                speed = f"{found['cpu']:.2f} | {found['wall']:.2f}"
                say(f"| {engine} | {minutes:g} | {speed} | {found['peak_mb']:.0f} MB |")


def made(folder: Path) -> Path:
    sys.path.insert(0, str(HERE))
    from tests.tiny_separators import REAL_HTDEMUCS, make_htdemucs, make_spleeter_nets

    make_spleeter_nets(folder / "spleeter-2stems")
    make_htdemucs(folder / "htdemucs", REAL_HTDEMUCS)
    return folder


def measured(name: str, minutes: float, models: Path, threads: int, device: str) -> dict[str, float]:
    """Separate noise in this process, once."""
    from dropdub.engines.base import EngineSettings
    from dropdub.engines.separators.demucs import DemucsSeparator
    from dropdub.engines.separators.spleeter import SpleeterSeparator

    kind = {"demucs": DemucsSeparator, "spleeter": SpleeterSeparator}[name]
    engine = kind(EngineSettings(models_dir=models, threads=threads, device=device))
    engine.load()
    cpu, wall = time.process_time(), time.monotonic()
    length = sum(len(block) for block in engine.background(noise(minutes), sample_rate=RATE)) / RATE
    return {
        "cpu": (time.process_time() - cpu) / length,
        "wall": (time.monotonic() - wall) / length,
        "peak_mb": peak_mb(),
    }


def noise(minutes: float) -> Iterator[np.ndarray]:
    rng = np.random.default_rng(0)
    for _ in range(round(minutes * 60 / BLOCK_S)):
        yield rng.normal(0, 0.1, (BLOCK_S * RATE, 2)).astype(np.float32)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


if __name__ == "__main__":
    main()
