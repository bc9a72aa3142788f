"""What the queue costs: small texts through the real daemon, and through the same stages in one process.

    python benchmarks/throughput.py [FILES]

Texts are the worst case: there is almost no work, so claims, transactions, renames and process switches dominate. The
ratio of the two times is the price of surviving a crash at any step. In a recording of one minute, it is negligible.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.drive import Drive

from dropdub.engines.registry import EngineRegistry

LIGHT = "job: {transcriber: pocketsphinx, translator: apertium, synthesizer: espeak-ng, speakers: one}\n"
CONFIG = LIGHT + "inbox: {settle: 0.2, settle_empty: 0.2}\npreload: true\n"


def texts(folder: Path, number: int) -> list[Path]:
    folder.mkdir(parents=True)
    paths = [folder / f"text {n}.txt" for n in range(number)]
    for n, path in enumerate(paths):
        path.write_text(f"This is the text with the number {n}.\n", encoding="utf-8")
    return paths


def by_daemon(folder: Path, number: int) -> float:
    root = folder / "root"
    texts(root / "inbox", number)
    (root / "config.yaml").write_text(CONFIG, encoding="utf-8")
    began = time.perf_counter()
    command = [sys.executable, "-m", "dropdub", "--root", str(root), "watch", "--until-idle"]
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - began


def in_one_process(folder: Path, number: int) -> float:
    paths = texts(folder / "texts", number)
    began = time.perf_counter()
    engines = EngineRegistry()
    for n, path in enumerate(paths):
        Drive(path, folder / f"job {n}", engines=engines).run()
    return time.perf_counter() - began


def main(number: int) -> None:
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        daemon, alone = by_daemon(Path(one), number), in_one_process(Path(other), number)
    sys.stdout.write(
        f"{number} texts: daemon {daemon:.1f} s ({number / daemon:.1f} a second, start and end included), "
        f"one process without a queue {alone:.1f} s; ratio {daemon / alone:.2f}\n"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
