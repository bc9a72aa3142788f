"""How fast thousands of files that are dropped at once are taken in, and how many jobs finish meanwhile.

    python benchmarks/intake.py [--files N] [--longest SECONDS]

The daemon first processes a few small texts, which gives the usual rate of finished jobs. Then N texts are dropped at
once. Times come from the database: from the first recorded job until the last file is taken in.
"""

from __future__ import annotations

import argparse
import contextlib
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

LIGHT = "job: {transcriber: pocketsphinx, translator: apertium, synthesizer: espeak-ng, speakers: one}\n"
CONFIG = LIGHT + "inbox: {settle: 0.4, settle_empty: 0.4, rescan: 1.0}\npreload: true\n"
FEW = 60
TAKEN = "SELECT min(j.created_at), max(e.at), count(*) FROM job j JOIN event e ON e.job_id = j.id {}"
ENDED = "SELECT finished_at FROM job WHERE finished_at IS NOT NULL ORDER BY finished_at"


def drop(root: Path, prefix: str, number: int) -> None:
    """Write texts of different content outside the inbox, then move them in."""
    outside = root / "outside"
    outside.mkdir(exist_ok=True)
    for n in range(number):
        (outside / f"{prefix} {n}.txt").write_text(
            f"This is the {prefix} text with the number {n}.\n", encoding="utf-8"
        )
    for path in outside.iterdir():
        path.rename(root / "inbox" / path.name)


@contextlib.contextmanager
def database(root: Path) -> Iterator[sqlite3.Connection]:
    opened = sqlite3.connect(f"file:{root / 'jobs.db'}?mode=ro", uri=True, timeout=30)
    with contextlib.closing(opened):
        yield opened


def ended(root: Path) -> list[float]:
    with database(root) as rows:
        return [at for (at,) in rows.execute(ENDED)]


def taken(root: Path, prefix: str) -> tuple[float, float, int]:
    """Return when the first job was recorded and the last file taken in (epoch seconds), and how many were taken in."""
    with database(root) as rows:
        query = TAKEN.format("AND e.text LIKE 'Taken%' AND j.name LIKE ?")
        first, last, number = rows.execute(query, (f"{prefix} %",)).fetchone()
    return first or 0.0, last or 0.0, number


def wait(until: Callable[[], bool], longest_s: float) -> None:
    deadline = time.monotonic() + longest_s
    while time.monotonic() < deadline:
        with contextlib.suppress(sqlite3.OperationalError):  # the daemon has not created its tables yet
            if until():
                return
        time.sleep(0.5)


def status_s(root: Path) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "dropdub", "--root", str(root), "status"], check=True, capture_output=True)
    return time.perf_counter() - began


def measure(root: Path, number: int, longest_s: float) -> str:
    drop(root, "few", FEW)
    wait(lambda: len(ended(root)) == FEW, longest_s)
    times = ended(root)
    usual = (len(times) - 1) / (times[-1] - times[0])
    drop(root, "many", number)
    wait(lambda: taken(root, "many")[2] == number, longest_s)
    first, last, came = taken(root, "many")
    status = statistics.median(status_s(root) for _ in range(5))
    meanwhile = sum(first <= at <= last for at in ended(root)) / (last - first)
    return (
        f"{came} of {number} files taken in within {last - first:.0f} s: {came / (last - first):.1f} a second; "
        f"meanwhile {meanwhile:.2f} jobs finished a second, usually {usual:.2f}: ratio {meanwhile / usual:.2f}; "
        f"status {status * 1000:.0f} ms\n"
    )


def main(number: int, longest_s: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "inbox").mkdir()
        (root / "config.yaml").write_text(CONFIG, encoding="utf-8")
        command = [sys.executable, "-m", "dropdub", "--root", str(root), "watch"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as daemon:
            try:
                sys.stdout.write(measure(root, number, longest_s))
            finally:
                daemon.terminate()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--longest", type=float, default=300.0, metavar="SECONDS")
    given = parser.parse_args()
    main(given.files, given.longest)
