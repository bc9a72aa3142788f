"""What the pipeline adds to its engine: the same recordings through the daemon, and through the bare engine.

    python benchmarks/pipeline.py [WINDOWS]

Whisper's `small` geometry in int8. Two recordings, of one and of WINDOWS (8) stretches of speech with long pauses, go
through both; the difference of the two is free of what starting costs. CPU seconds, of the daemon with all its workers.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import geometry
import numpy as np
import psutil
import soundfile
from transcription import RATE_HZ, a_window

PAUSE_S = 6
CONFIG = {
    "inbox": {"settle": 0.2},
    "cache": {"enabled": False},
    "job": {"transcriber": "faster-whisper", "speakers": "one", "language": "en"},
    "pools": {"translate": {"workers": 1}},
    "preload": False,
}


def a_recording(path: Path, count: int) -> Path:
    pause = np.random.default_rng(0).normal(0, 0.0005, PAUSE_S * RATE_HZ).astype(np.float32)
    soundfile.write(path, np.concatenate([part for _ in range(count) for part in (pause, a_window())]), RATE_HZ)
    return path


def through_the_daemon(folder: Path, count: int) -> float:
    root = folder / f"root{count}"
    (root / "inbox").mkdir(parents=True)
    models = {"use": {"faster-whisper": str(geometry.whisper_small(geometry.FOLDER))}, "device": "cpu"}
    (root / "config.yaml").write_text(json.dumps({**CONFIG, "models": models}), encoding="utf-8")
    a_recording(root / "inbox" / "talk.wav", count)
    daemon = subprocess.Popen([sys.executable, "-m", "dropdub", "--root", str(root), "watch", "--until-idle"])
    spent: dict[int, float] = {}
    while daemon.poll() is None:
        with contextlib.suppress(psutil.Error):
            me = psutil.Process(daemon.pid)
            for process in (me, *me.children(recursive=True)):
                times = process.cpu_times()
                spent[process.pid] = times.user + times.system
        time.sleep(0.05)
    return sum(spent.values())


def through_the_engine(folder: Path, count: int) -> float:
    """Give the windows that the pipeline makes to the engine, in a process of its own."""
    path = a_recording(folder / f"{count}.wav", count)
    code = f"""
import sys, time
from pathlib import Path
from dropdub.engines.base import EngineSettings, Window
from dropdub.engines.faster_whisper import FasterWhisperTranscriber
from dropdub.media import wav
from dropdub.media.speech import quietest_in, speech_spans, windows
path = Path({str(path)!r})
models = {{"faster-whisper": {str(geometry.whisper_small(geometry.FOLDER))!r}}}
engine = FasterWhisperTranscriber(EngineSettings(models=models, device="cpu", threads=2))
found = windows(speech_spans(path), quietest=quietest_in(path))
list(engine.transcribe((Window(one.start, wav.read_range(path, one.start, one.end)) for one in found), language="en"))
print(time.process_time())
"""
    ended = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return float(ended.stdout.split()[-1])


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as made:
        sides = {side.__name__: [side(Path(made), number) for number in (1, count)] for side in
                 (through_the_engine, through_the_daemon)}  # fmt: skip
    grown = {name: long - short for name, (short, long) in sides.items()}
    for name, (short, long) in sides.items():
        sys.stdout.write(f"{name:<20} {short:6.1f} and {long:6.1f} CPU-s: {grown[name]:6.1f} for {count - 1} windows\n")
    sys.stdout.write(f"ratio {grown['through_the_daemon'] / grown['through_the_engine']:.2f}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 8)
