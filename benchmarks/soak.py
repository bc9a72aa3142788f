"""Whether anything grows: many small jobs in one run of the daemon, measured repeatedly.

    python benchmarks/soak.py [JOBS]

After each tenth: memory, open files and threads of the supervisor, memory of all workers, and folders in work/.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

LIGHT = "job: {transcriber: pocketsphinx, translator: apertium, synthesizer: espeak-ng, speakers: one}\n"
CONFIG = LIGHT + "inbox: {settle: 0.2, settle_empty: 0.2, rescan: 1}\ncache: {enabled: false}\n"
LOOKS = 10


def main(jobs: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "root"
        (root / "inbox").mkdir(parents=True)
        (root / "config.yaml").write_text(CONFIG, encoding="utf-8")
        command = [sys.executable, "-m", "dropdub", "--root", str(root), "watch"]
        daemon = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        sys.stdout.write("  jobs  supervisor  files  threads  workers  in work/\n")
        try:
            for look in range(LOOKS + 1):
                if look:
                    drop(root, look, jobs // LOOKS)
                    wait_for(root, look * (jobs // LOOKS))
                time.sleep(3)
                write_row(psutil.Process(daemon.pid), root, look * (jobs // LOOKS))
        finally:
            daemon.terminate()
            daemon.wait()


def drop(root: Path, look: int, number: int) -> None:
    for n in range(number):
        (root / "inbox" / f"text {look}-{n}.txt").write_text(f"This is text {n} of {look}.\n", encoding="utf-8")


def wait_for(root: Path, done: int) -> None:
    archive = root / "archive"
    while sum(1 for _ in archive.iterdir()) < done:
        time.sleep(0.5)


def write_row(daemon: psutil.Process, root: Path, done: int) -> None:
    workers = sum(child.memory_info().rss for child in daemon.children(recursive=True))
    left = sorted(path.name for path in (root / "work").iterdir() if path.name.isdigit())
    sys.stdout.write(
        f"{done:6}  {daemon.memory_info().rss / 1e6:7.1f} MB  {daemon.num_fds():5}  {daemon.num_threads():7}"
        f"  {workers / 1e6:4.0f} MB  {len(left):8}\n"
    )
    sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
