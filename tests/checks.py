"""All checks, run by the environment that `tasks.py test` sets up; each part's time is printed at the end.

    python -m tests.checks [--quick] [--coverage] [PYTEST ARGUMENT]...

With arguments for pytest, run static checks and only those tests. `--quick` is for before each commit: static checks,
unit tests and one real job. `--coverage` also measures which lines are run; the tests then take twice the processor.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parents[1]
SCRIPTS, SUFFIX = Path(sys.executable).parent, ".exe" if os.name == "nt" else ""
MYPY = ("-m", "mypy", "--cache-dir")
FOR_WINDOWS = ("src", "plugins/light/src", "tests/windows")
PYTHON = (sys.executable, "-X", "warn_default_encoding")
"""On Windows the default encoding differs, so text files must name theirs. The programs that tests start run
without this option: their libraries would print warnings on standard error."""
STATIC: dict[str, tuple[str | Path, ...]] = {
    "collecting the tests": (*PYTHON, "-m", "pytest", "--collect-only", "-qq"),
    "mypy, for Linux": (sys.executable, *MYPY, ".mypy_cache/linux", "--platform", "linux"),
    "mypy, for Windows": (sys.executable, *MYPY, ".mypy_cache/win32", "--platform", "win32", *FOR_WINDOWS),
    "ruff check": (sys.executable, "-m", "ruff", "check", "."),
    "ruff format": (sys.executable, "-m", "ruff", "format", "--check", "."),
    "import contracts": (SCRIPTS / f"lint-imports{SUFFIX}",),
    "documentation": (SCRIPTS / f"zensical{SUFFIX}", "build", "--strict"),
}
"""The longest first. Each platform has a cache of its own: two runs of mypy in one cache undo each other's work. The
collection leaves the tests compiled for pytest; otherwise, each of its workers would compile all of them.
"""
AT_ONCE = max(2, os.cpu_count() or 2)
AUDIT_S, SHOWN_LINES = 30, 12
LIMIT_S = 45 * 60
"""A part of the tests that takes longer has hung: pytest waits forever for a worker that disappeared silently."""
WORKERS = AT_ONCE + 2
"""More than there are cores, because many tests wait for a daemon's timers and processes."""
MEMORY, ENOUGH_BYTES = Path("/dev/shm"), 4_000_000_000
"""Temporary files of tests go to memory if it has room: daemons flush all they write, and nothing waits for a disk."""
SIDE_BY_SIDE = (
    *("--dist", "loadfile", "--no-loadscope-reorder", "--max-worker-restart", "0"),
    *("--tx", f"{WORKERS}*popen//python={' '.join(PYTHON)}"),
)  # fmt: skip
"""A file at a time, the slow ones first, so that what several tests of a file need is made once."""
ONE_REAL_JOB = "tests/acceptance/test_recordings.py::test_a_video_becomes_a_dubbed_video_in_each_target_language"


@dataclass
class Timetable:
    """How long each part took, and whether all of them succeeded."""

    parts: list[tuple[str, float]] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)
    failed: list[str] = field(default_factory=list)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        print(f"\n== {name}", flush=True)
        began = time.monotonic()
        try:
            yield
        finally:
            self.parts.append((name, time.monotonic() - began))

    def show(self) -> None:
        print("\n== How long each part took")
        for name, seconds in (*self.parts, ("in all", time.monotonic() - self.began)):
            print(f"{seconds / 60:>6.1f} min  {name}")
        print("\n" + (f"Failed: {', '.join(self.failed)}." if self.failed else "All checks passed."), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="tasks.py test", description="Run every check.")
    parser.add_argument("--quick", action="store_true", help="static checks, unit tests and one real job")
    parser.add_argument("--coverage", action="store_true", help="measure which lines are run, too")
    parser.add_argument("--installing", type=float, help=argparse.SUPPRESS)
    options, for_pytest = parser.parse_known_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # tests start hundreds of programs: each would compile all it uses
    times = Timetable()
    if options.installing is not None:
        times.parts.append(("installing", options.installing))
        times.began -= options.installing
    try:
        check(times, quick=options.quick, coverage=options.coverage, for_pytest=for_pytest)
    finally:
        times.show()
    sys.exit(1 if times.failed else 0)


def check(times: Timetable, *, quick: bool, coverage: bool, for_pytest: list[str]) -> None:
    """Run the static checks; if they succeed, the tests."""
    with times.part("static checks"):
        times.failed += static([] if quick else [audit])
    if times.failed:
        return
    measuring = ("--cov", "--cov-report=term:skip-covered") if coverage else ()
    if for_pytest:
        run_tests(times, "tests", *measuring, *for_pytest)
    elif quick:
        run_tests(times, "unit tests and one real job", *SIDE_BY_SIDE, "--quiet", "tests/unit", ONE_REAL_JOB)
    else:
        with under_wine(times):
            run_tests(times, "tests", *measuring, "--durations", "20", "-m", "not wine", *SIDE_BY_SIDE)


def static(others: list[Callable[[], str | None]]) -> list[str]:
    """Run the static checks, as many at once as there are cores, and `others` beside them; return what failed."""
    failed = []
    with ThreadPoolExecutor(AT_ONCE) as cores, ThreadPoolExecutor(1) as waiting:
        found = {name: cores.submit(output_of, *command) for name, command in STATIC.items()}
        reasons = [waiting.submit(other) for other in others]
        for name, future in found.items():
            code, output = future.result()
            lines = output.strip().splitlines()
            print(f"-- {name}", *(lines if code != 0 else lines[-SHOWN_LINES:]), sep="\n", flush=True)
            failed += [name] if code != 0 else []
        failed += [reason for future in reasons if (reason := future.result()) is not None]
    return failed


def output_of(*command: str | Path) -> tuple[int, str]:
    """Run a command; return its exit code and what it printed."""
    try:
        done = subprocess.run(
            [str(part) for part in command], cwd=HERE, check=False, timeout=LIMIT_S,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace",
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return 1, f"It did not end within {LIMIT_S // 60} minutes, so it was killed."
    return done.returncode, done.stdout


def run_tests(times: Timetable, name: str, *arguments: str) -> None:
    """Run pytest as one part of the checks; end it if it hangs."""
    with times.part(name), temporary_files() as temporary:
        process = subprocess.Popen([*PYTHON, "-m", "pytest", *temporary, *arguments], cwd=HERE)
        try:
            code = process.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            print(f"\nThe tests did not end within {LIMIT_S // 60} minutes, so they were killed.", flush=True)
            code = 1
    if code != 0:
        times.failed.append(name)


@contextmanager
def temporary_files() -> Iterator[tuple[str, ...]]:
    """Yield the arguments by which pytest keeps the tests' files in memory; none if there is too little of it."""
    if not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < ENOUGH_BYTES:
        yield ()
        return
    with tempfile.TemporaryDirectory(prefix="dropdub-tests-", dir=MEMORY, ignore_cleanup_errors=True) as folder:
        yield ("--basetemp", str(Path(folder) / "tests"), "-o", "tmp_path_retention_policy=failed")


@contextmanager
def under_wine(times: Timetable) -> Iterator[None]:
    """Run the tests under Wine meanwhile, in one process: they share one Windows, and mostly wait for it."""
    name, began = "tests under Wine, beside those", time.monotonic()
    with ThreadPoolExecutor(1) as beside:
        future = beside.submit(output_of, *PYTHON, "-m", "pytest", "-p", "no:cacheprovider", "tests/wine")
        yield
        code, output = future.result()
    print(f"\n== {name}\n{output}", flush=True)
    times.parts.append((name, time.monotonic() - began))
    times.failed += [name] if code != 0 else []


def audit() -> str | None:
    """Ask whether a locked version is known to be unsafe; return the reason to fail. If nobody answers, say so."""
    command = [
        *(sys.executable, "-m", "pip_audit", "--disable-pip", "--no-deps", "--format", "json"),
        *("--progress-spinner", "off"),
        *(word for lock in sorted((HERE / "locks").glob("*.txt")) for word in ("--requirement", str(lock))),
    ]
    heading = "-- known vulnerabilities of the locked versions\n"
    try:
        done = subprocess.run(command, cwd=HERE, capture_output=True, encoding="utf-8", check=False, timeout=AUDIT_S)
        packages = json.loads(done.stdout)["dependencies"]
    except subprocess.TimeoutExpired:
        print(f"{heading}Skipped: the data did not come within {AUDIT_S} s.")
    except (ValueError, KeyError):
        print(f"{heading}Skipped: {(done.stderr.strip().splitlines() or ['pip-audit said nothing'])[-1]}")
    else:
        print(heading, end="")
        return judge(packages)
    return None


def judge(packages: list[dict[str, Any]]) -> str | None:
    """Print what is known; return the reason to fail if a version is known to be unsafe."""
    unsafe = [(one["name"], one["version"], found) for one in packages for found in one.get("vulns", [])]
    for name, version, found in unsafe:
        print(f"{name} {version}: {found['id']}, fixed in {', '.join(found['fix_versions']) or 'no version yet'}")
    if unsafe:
        return "a locked version is unsafe (python3 tasks.py lock)"
    known = [one for one in packages if "vulns" in one]
    unknown = [one["name"] for one in packages if "vulns" not in one]
    print(f"None is known for {len(known)} packages" if known else "Skipped: the index has no such data")
    if known and unknown:
        print(f"Skipped, for the index has no data: {', '.join(unknown)}")
    return None


if __name__ == "__main__":
    main()
