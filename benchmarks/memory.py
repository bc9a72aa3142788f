"""Whether memory grows with the length of the recording: twelve minutes compared with hours.

    python benchmarks/memory.py [--minutes N] [--quality [--dir DIR]]

Both recordings contain the same five minutes of speech, spread over their length, with faint noise between. The process
trees of the workers, ffmpeg included, are measured ten times a second. `--quality` uses a model of Whisper small's
geometry in int8 (`geometry.py`), which decodes the same number of tokens in every window, instead of pocketsphinx.
`--minutes` is the length of the longer recording: by default 180, with `--quality` 120.
"""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import geometry
import psutil
import recordings
from side import show

SHORT = 12
LONG, LONG_QUALITY = 180, 120
UTTERANCES = 27
EVERY_S = 0.1
CONFIG = """\
inbox: {settle: 0.2}
cache: {enabled: false}
job: {transcriber: pocketsphinx, translator: apertium, synthesizer: espeak-ng, speakers: one}
pools: {transcribe: {workers: 1}, media: {workers: 1}}
"""
QUALITY = """\
inbox: {{settle: 0.2}}
cache: {{enabled: false}}
job: {{language: en, transcriber: faster-whisper, speakers: one}}
pools: {{transcribe: {{workers: 1, threads: 2}}, media: {{workers: 1}}}}
models: {{device: cpu, compute_type: int8, use: {{faster-whisper: {model}}}}}
"""


def peaks(folder: Path, minutes: int, config: str) -> dict[str, float]:
    """Return the peak memory of each pool's workers and their children, in MB.

    Raises RuntimeError if there is no transcript.
    """
    root = folder / str(minutes)
    (root / "inbox").mkdir(parents=True)
    (root / "config.yaml").write_text(config, encoding="utf-8")
    recordings.write(root / "inbox" / "talk.flac", minutes, UTTERANCES)
    command = [sys.executable, "-m", "dropdub", "--root", str(root), "watch", "--until-idle"]
    daemon = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    found: dict[str, float] = {"supervisor": 0.0}
    try:
        while daemon.poll() is None:
            with contextlib.suppress(psutil.Error):
                measure(psutil.Process(daemon.pid), found)
            time.sleep(EVERY_S)
    finally:
        daemon.terminate()
        daemon.wait()
    if not (root / "outbox" / "talk" / "talk.srt").is_file():
        raise RuntimeError(f"The recording of {minutes} minutes has no transcript.")
    return found


def measure(daemon: psutil.Process, found: dict[str, float]) -> None:
    found["supervisor"] = max(found["supervisor"], daemon.memory_info().rss / 1e6)
    for worker in daemon.children():
        pool = worker.cmdline()[-1]
        tree = [worker, *worker.children(recursive=True)]
        found[pool] = max(found.get(pool, 0.0), sum(process.memory_info().rss for process in tree) / 1e6)


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare the memory of a short and a long recording.")
    parser.add_argument("--minutes", type=int, help="of the longer recording")
    parser.add_argument("--quality", action="store_true", help="with Whisper small's geometry")
    parser.add_argument("--dir", type=Path, default=geometry.PLACE)
    asked = parser.parse_args()
    config = QUALITY.format(model=geometry.whisper_small(asked.dir)) if asked.quality else CONFIG
    minutes = asked.minutes or (LONG_QUALITY if asked.quality else LONG)
    with tempfile.TemporaryDirectory() as folder:
        short, long = (peaks(Path(folder), length, config) for length in (SHORT, minutes))
    show(f"pool        {SHORT:3} min  {minutes:3} min   ratio")
    for pool, peak in short.items():
        show(f"{pool:<11} {peak:5.0f} MB {long[pool]:5.0f} MB {long[pool] / peak:7.2f}")


if __name__ == "__main__":
    main()
