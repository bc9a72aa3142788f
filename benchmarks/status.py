"""How long `dropdub status` takes as a whole process: with 100 and 100,000 jobs, at rest and while a daemon writes.

    python benchmarks/status.py [RUNS]

All variants run in turn, so that other load on the machine affects them alike. The yardstick is `python -c pass`.
"""

from __future__ import annotations

import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from dropdub.store import transitions
from dropdub.store.database import Store
from dropdub.store.states import JobState, StepState

SIZES = (100, 100_000)
STEPS = ("probe", "extract", "split", "transcribe/0000", "merge", "publish/transcript", "publish/manifest")


def a_root(folder: Path, jobs: int) -> Path:
    """Create a root whose database has `jobs` jobs, most of them ended, as after years of use."""
    folder.mkdir()
    (folder / "config.yaml").touch()
    store = Store.open(f"sqlite:///{folder / 'jobs.db'}")
    transitions.record_job(store, name="clip.mp4", source="/inbox/clip.mp4", now=time.time())
    store.close()
    with sqlite3.connect(folder / "jobs.db") as database:
        database.row_factory = sqlite3.Row
        like = dict(database.execute("SELECT * FROM job").fetchone()) | {"state": JobState.SUCCEEDED}
        columns = [name for name in like if name != "id"]
        places = ", ".join(f":{name}" for name in columns)
        rows = ({**like, "name": f"clip {n}.mp4", "state": _state(n, jobs), "finished_at": n} for n in range(jobs))
        database.executemany(f"INSERT INTO job ({', '.join(columns)}) VALUES ({places})", rows)
        step = """INSERT INTO step (job_id, round, key, stage, phase, pool, params, state, token, attempts,
                  scheduled_at, progress) SELECT id, 1, ?, ?, ?, 'media', '{}', ?, 1, 0, 0, 1 FROM job"""
        for phase, key in enumerate(STEPS):
            database.execute(step, (key, key.partition("/")[0], phase, StepState.SUCCEEDED))
    database.close()
    return folder


def _state(number: int, jobs: int) -> str:
    if number >= jobs - 3:
        return JobState.RUNNING
    return JobState.FAILED if number % 50 == 0 else JobState.SUCCEEDED


def seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - began


def keep_writing(root: Path, enough: threading.Event) -> None:
    """Write as a busy daemon does: one small transaction after another."""
    store = Store.open(f"sqlite:///{root / 'jobs.db'}")
    transitions.start_run(store, run_id="run", pid=1, pid_started=0.0, host="", boot_id="", now=time.time())
    while not enough.is_set():
        transitions.beat(store, "run", notes=(), shares={}, now=time.time())
    store.close()


def main(runs: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        roots = {jobs: a_root(Path(folder) / str(jobs), jobs) for jobs in SIZES}
        python = [sys.executable, "-c", "pass"]
        variants = {"python -c pass": python}
        for jobs, root in roots.items():
            variants[f"status, {jobs:,} jobs"] = [sys.executable, "-m", "dropdub", "--root", str(root), "status"]
            variants[f"status --json, {jobs:,} jobs"] = [*variants[f"status, {jobs:,} jobs"], "--json"]
        for title, writing in (("at rest", False), ("while a daemon writes", True)):
            enough = threading.Event()
            writer = threading.Thread(target=keep_writing, args=(roots[SIZES[-1]], enough))
            if writing:
                writer.start()
            times: dict[str, list[float]] = {name: [] for name in variants}
            for _ in range(runs):
                for name, command in variants.items():
                    times[name].append(seconds(command))
            enough.set()
            if writing:
                writer.join()
            report(title, times)


def report(title: str, times: dict[str, list[float]]) -> None:
    base = statistics.median(times["python -c pass"])
    sys.stdout.write(f"\n{title}\n")
    for name, taken in times.items():
        middle = statistics.median(taken)
        sys.stdout.write(f"  {name:<28} {middle * 1000:6.0f} ms   {middle / base:5.1f} x python\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
