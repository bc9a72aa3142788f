"""The cost of everything around the engine: the whole program on a recording, compared with the engine alone.

    python benchmarks/pipeline.py [--minutes N N] [--rounds N] [--dir DIR]

The program is the daemon with its workers (`watch --until-idle`): intake, ffmpeg, speech detection, transcript,
subtitles, publishing. The engine alone gets the same windows in one process, already cut and in memory. Both sides are
measured in CPU seconds of whole processes, children included. The cheapest of several rounds counts, since other work
on the machine can only add to the cost. Two lengths separate what grows with the recording from the cost of each start:
imports, workers, loading an engine. The model is that of `geometry.py`.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import geometry
import recordings
import soundfile
from side import Cost, Working, run, run_requested_side, run_side, script, show

THREADS = 2
UTTERANCES_A_MINUTE = 4
CONFIG = """\
inbox: {{settle: 0.2}}
cache: {{enabled: false}}
job: {{language: en, transcriber: faster-whisper, speakers: one}}
pools: {{transcribe: {{workers: 1, threads: {threads}}}, media: {{workers: 1}}}}
models: {{device: cpu, compute_type: int8, use: {{faster-whisper: {model}}}}}
"""


def bare(model: str, recording: str, spans: str) -> dict[str, Any]:
    """Transcribe the windows through the program's own engine."""
    from dropdub.engines.base import EngineSettings, Window
    from dropdub.engines.whisper.engine import FasterWhisperTranscriber

    settings = EngineSettings(models={"faster-whisper": model}, device="cpu", compute_type="int8", threads=THREADS)
    engine = FasterWhisperTranscriber(settings)
    engine.load()
    samples, rate = soundfile.read(recording, dtype="float32")
    windows = (Window(start, samples[round(start * rate) : round(end * rate)]) for start, end in json.loads(spans))
    with Working() as work:
        heard = list(engine.transcribe(windows, language="en"))
    return {"work_s": work.cpu_s, "windows": len(heard)}


def spans_of(recording: Path, folder: Path) -> list[tuple[float, float]]:
    """Return the windows into which the program splits a recording."""
    from dropdub.speech.vad import quietest_in, speech_spans, windows
    from dropdub.stages.transcribe import LONGEST_WINDOW_S

    audio = folder / "audio.wav"
    samples, rate = soundfile.read(recording, dtype="int16")
    soundfile.write(audio, samples, rate, subtype="PCM_16")
    found = windows(speech_spans(audio), longest_s=LONGEST_WINDOW_S, quietest=quietest_in(audio))
    return [(span.start, span.end) for span in found]


def compare(model: Path, minutes: int, rounds: int) -> tuple[Cost, Cost]:
    """Measure both sides in turn on a recording of `minutes`; return the cheapest round of each."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        recording = folder / "talk.flac"
        recordings.write(recording, minutes, minutes * UTTERANCES_A_MINUTE)
        spans = json.dumps(spans_of(recording, folder))
        taken = [
            (whole_program(folder / f"root{number}", model, recording), bare_engine(model, recording, spans))
            for number in range(rounds)
        ]
    whole, alone = (min(costs, key=lambda cost: cost.cpu_s) for costs in zip(*taken, strict=True))
    show(
        f"{minutes:2} min, {alone.result['windows']} windows: program {whole.cpu_s:.1f} CPU s,"
        f" engine {alone.cpu_s:.1f} CPU s ({alone.work_s:.1f} without its start);"
        f" ratio {whole.cpu_s / alone.cpu_s:.2f}"
    )
    return whole, alone


def bare_engine(model: Path, recording: Path, spans: str) -> Cost:
    return run_side(script(__file__), "bare", model, recording, spans)


def whole_program(root: Path, model: Path, recording: Path) -> Cost:
    """Process one recording with the daemon. Raises RuntimeError if there is no transcript."""
    (root / "inbox").mkdir(parents=True)
    (root / "config.yaml").write_text(CONFIG.format(threads=THREADS, model=model), encoding="utf-8")
    shutil.copy(recording, root / "inbox")
    cost = run([sys.executable, "-m", "dropdub", "--root", str(root), "watch", "--until-idle"])
    if not (root / "outbox" / "talk" / "talk.srt").is_file():
        raise RuntimeError(subprocess.getoutput(f"{sys.executable} -m dropdub --root {root} status"))
    return cost


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare the whole program with the bare engine.")
    parser.add_argument("--minutes", type=int, nargs=2, default=(3, 12), metavar=("SHORT", "LONG"))
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--dir", type=Path, default=geometry.PLACE)
    asked = parser.parse_args()
    model = geometry.whisper_small(asked.dir)
    (short, short_alone), (long, long_alone) = (compare(model, minutes, asked.rounds) for minutes in asked.minutes)
    growth = (long.cpu_s - short.cpu_s) / (long_alone.cpu_s - short_alone.cpu_s)
    show(f"program ÷ engine, for each additional minute (without the cost of a start): CPU {growth:.3f}")


if __name__ == "__main__":
    if not run_requested_side({"bare": bare}):
        main()
