"""How fast a graphics card transcribes, and what happens when its memory runs out.

    python benchmarks/card.py [--windows N] [--left MB]... [--dir DIR]

The model has Whisper small's geometry in half precision and random weights (`geometry.py`). First, the same windows of
28 s are transcribed in batches of 16, of 4, and one by one. Then another process takes all of the card's memory except
MB megabytes, and the benchmark tries one fallback after another until one fits: fewer windows, lower precision, the
processor.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import geometry
import recordings

WINDOW_S = 28.0
FILL = """
import sys, torch
free, _ = torch.cuda.mem_get_info()
held = torch.empty(free - int(sys.argv[1]), dtype=torch.uint8, device="cuda")
print("full", flush=True)
sys.stdin.read()
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--windows", type=int, default=32)
    parser.add_argument("--left", type=int, nargs="*", default=[4000, 2000, 1200, 300], help="megabytes")
    parser.add_argument("--dir", type=Path, default=geometry.PLACE)
    given = parser.parse_args()
    model = str(geometry.whisper_small(given.dir, "float16"))
    times = [measured(model, given.windows, memory_failures=memory_failures) for memory_failures in (0, 1, 2)]
    for size, seconds in zip((16, 4, 1), times, strict=True):
        say(f"batches of {size:2}: {seconds:6.2f} s for {given.windows} windows, {times[2] / seconds:.1f} times one")
    for left in given.left:
        with full_card(left * 1_000_000):
            say(f"{left} MB left: {fallback_used(model, given.windows)}")


def measured(model: str, number: int, *, memory_failures: int) -> float:
    """Return the seconds that `number` windows take once everything is loaded and warm."""
    command = [sys.executable, __file__, "--side", model, str(number), str(memory_failures)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(done.stdout.split()[-1])


def side(model: str, number: int, memory_failures: int) -> None:
    """Run as one side: print the seconds."""
    from dropdub.engines.base import EngineSettings, Window
    from dropdub.engines.whisper.engine import FasterWhisperTranscriber

    settings = EngineSettings(models={"faster-whisper": model}, device="cuda", memory_failures=memory_failures)
    engine = FasterWhisperTranscriber(settings)
    window = Window(0.0, recordings.speech(WINDOW_S))
    list(engine.transcribe([window], language="en"))
    began = time.perf_counter()
    list(engine.transcribe([window] * number, language="en"))
    say(str(time.perf_counter() - began))


def fallback_used(model: str, number: int) -> str:
    """Return how the windows were finally transcribed, trying one fallback after another as a worker does."""
    command = [sys.executable, __file__, "--down", model, str(number)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return done.stdout.strip() or done.stderr[-500:]


def down(model: str, number: int) -> None:
    """Run as the worker: try fallbacks until the windows are transcribed, and print the one that worked."""
    from dropdub.engines.base import EngineSettings, Window
    from dropdub.engines.whisper.engine import FasterWhisperTranscriber
    from dropdub.errors import OutOfMemory

    settings = EngineSettings(models={"faster-whisper": model}, device="cuda", threads=4)
    window = Window(0.0, recordings.speech(WINDOW_S))
    for memory_failures in range(7):
        engine = FasterWhisperTranscriber(replace(settings, memory_failures=memory_failures))
        try:
            list(engine.transcribe([window] * number, language="en"))
        except OutOfMemory as error:
            del engine
            say(f"[{error.message}]", end=" ")
            continue
        details, fallbacks = engine.info().details, " ".join(engine.announcements()) or "no fallback"
        say(f"done on {details['device']} as {details['compute_type']}: {fallbacks}")
        return


def say(text: str, *, end: str = "\n") -> None:
    sys.stdout.write(f"{text}{end}")
    sys.stdout.flush()


@contextmanager
def full_card(left: int) -> Iterator[None]:
    """Have another process hold all of the card's memory except `left` bytes."""
    with subprocess.Popen([sys.executable, "-c", FILL, str(left)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as it:
        assert it.stdout is not None and it.stdin is not None
        it.stdout.readline()
        yield
        it.stdin.close()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--side"]:
        side(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    elif sys.argv[1:2] == ["--down"]:
        down(sys.argv[2], int(sys.argv[3]))
    else:
        main()
