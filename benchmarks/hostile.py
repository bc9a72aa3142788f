"""What hostile files cost others: how long good files take among hundreds of hostile ones, and alone.

    python benchmarks/hostile.py [--hostile N] [--good N] [--seed SEED]

Two roots are processed in turn: one with the good files alone, one with the same files among hostile ones, which belong
to another account if this runs as root. Times run from the drop of the first file to the end of each good job,
according to the database. The hostile files are dropped first. The benchmark also looks for tracebacks and for files
written outside.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.acceptance.site import Site
from tests.security.attacker import OWN_UID
from tests.security.hostile import inputs, plant
from tests.security.test_hostile_root import LIMITS, UNFORESEEN

EVERY = 10
"""One good file to this many hostile ones."""


def measured(site: Site, *, good: int, hostile: int, seed: int) -> tuple[list[float], str, int]:
    """Process a root; return each good file's time in seconds, the output with the log, and the number of jobs."""
    planted = list(inputs(hostile, seed=seed))
    for made in planted:
        plant(made, site.inbox, site.root, owner=OWN_UID)
    for number in range(good):
        site.drop_text(f"This is good text number {number}, which is read aloud.", f"good {number}.txt")
    began = time.time()
    site.start()
    try:
        while len(ended := site.rows("SELECT finished_at f, state FROM job WHERE name LIKE 'good %'")) < good or any(
            row["f"] is None for row in ended
        ):
            time.sleep(0.5)
        took = sorted(row["f"] - began for row in ended)
        assert all(row["state"] == "succeeded" for row in ended)
        while any(row["n"] for row in site.rows("SELECT count(*) n FROM job WHERE finished_at IS NULL")):
            time.sleep(0.5)
    finally:
        site.stop()
    log = (site.root / "work" / "logs" / "dropdub.log").read_text(encoding="utf-8")
    return took, site.output() + log, site.rows("SELECT count(*) n FROM job")[0]["n"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hostile", type=int, default=500)
    parser.add_argument("--good", type=int, default=0, help="number of good files (default: one to ten hostile ones)")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    good = asked.good or asked.hostile // EVERY
    with tempfile.TemporaryDirectory(prefix="dropdub-hostile-") as folder:
        Path(folder).chmod(0o755)
        usual, _, _ = measured(Site(Path(folder) / "usual", limits=LIMITS), good=good, hostile=0, seed=asked.seed)
        beside = {path.name for path in Path(folder).iterdir()}
        site = Site(Path(folder) / "root", limits=LIMITS)
        took, output, jobs = measured(site, good=good, hostile=asked.hostile, seed=asked.seed)
        escaped = {path.name for path in Path(folder).iterdir()} - beside - {"root"}
    lines = [
        f"{jobs} jobs, {good} of them good. Outside the root: {sorted(escaped) or 'nothing'}.",
        f"Unexpected errors: {[word for word in UNFORESEEN if word in output] or 'none'}.",
    ]
    for name, of in (("the last", max), ("the median", statistics.median)):
        alone, among = of(usual), of(took)
        lines.append(f"{name} good file: {alone:.1f} s alone, {among:.1f} s among hostile files: {among / alone:.2f} x")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
