"""Set up a private environment beside this file and use it: `demo` runs the main job, `test` all checks.

Needs Python 3.11 or newer and nothing else.

    python3 tasks.py demo      transcribe (and, where a translator is installed, dub) the recording that is shipped
    python3 tasks.py test      ruff, mypy for Linux and Windows, import contracts, tests with coverage
    python3 tasks.py chaos     kill it at every place that writes, and at random moments: [KILLS] [SEED]
"""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
ENVIRONMENT = HERE / ".venv"
SCRIPTS = ENVIRONMENT / ("Scripts" if os.name == "nt" else "bin")
PYTHON = SCRIPTS / ("python.exe" if os.name == "nt" else "python")
JOBS = SCRIPTS / ("jobs.exe" if os.name == "nt" else "jobs")
DEMO = HERE / "try-dropdub"
SAMPLE = HERE / "src" / "dropdub" / "samples" / "jfk.flac"


def say(text: str) -> None:
    print(f"\n== {text}", flush=True)


def run(*command: str | Path) -> None:
    """Run a command; end this program with its exit code if it fails."""
    code = exit_code(*command)
    if code != 0:
        sys.exit(code)


def exit_code(*command: str | Path) -> int:
    """Run a command and return its exit code."""
    return subprocess.run([str(part) for part in command], cwd=HERE, check=False).returncode


def set_up(extras: str, *, editable: bool) -> None:
    """Make the environment if it is not there, and install Dropdub into it."""
    say(f"Setting up {ENVIRONMENT.name} (a minute or two the first time)")
    if not PYTHON.exists():
        if importlib.util.find_spec("ensurepip") is None:
            sys.exit("This Python cannot make environments. On Debian or Ubuntu: sudo apt-get install python3-venv")
        venv.create(ENVIRONMENT, with_pip=True, clear=True)
    install = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check"]
    run(*install, *(["--editable"] if editable else []), f"{HERE}[{extras}]")


def demo() -> None:
    """Work the shipped recording off in a root of its own, and show what came out."""
    set_up("light", editable=False)
    if not (DEMO / "config.yaml").exists():
        run(JOBS, "init", DEMO, "--light")
    target = demo_target()
    dropped = DEMO / "inbox" / "jfk.flac"
    shutil.copyfile(SAMPLE, dropped)
    again = "duplicates: again\n"
    dropped.with_name("jfk.flac.job.yaml").write_text(
        again + (f"targets: [{target}]\n" if target else ""), encoding="utf-8"
    )
    say(f"Dropped {SAMPLE.name} into {dropped.parent}; working the inbox off")
    run(JOBS, "--root", DEMO, "watch", "--until-idle")
    say("The job")
    run(JOBS, "--root", DEMO, "show", "jfk.flac")
    newest = max((DEMO / "outbox").glob("jfk*"), key=lambda folder: folder.stat().st_mtime)
    say(f"The files in {newest}")
    for file in sorted(newest.iterdir()):
        print(f"{file.stat().st_size:>10,}  {file.name}")
    for text in sorted(newest.glob("*.txt")):
        say(f"The text of {text.name}")
        print(text.read_text(encoding="utf-8"))


def demo_target() -> str | None:
    """Return the language to dub into: Spanish, where the light translator for it is installed."""
    check = (
        "from dropdub.engines.apertium import ApertiumTranslator as A; a = A(); a.load(); print(a.supports('en', 'es'))"
    )
    found = subprocess.run(
        [str(PYTHON), "-c", check], capture_output=True, encoding="utf-8", check=False
    ).stdout.strip()
    if found == "True":
        return "es"
    say("No light translator is installed here (apertium, on Debian): transcript and subtitles only")
    return None


def test() -> None:
    """Run every check; the first that fails ends it. What follows `test` is handed to pytest."""
    set_up("light,quality,speakers,dev", editable=True)
    run(PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--no-deps", "resemblyzer")
    say("ruff")
    run(PYTHON, "-m", "ruff", "check", ".")
    run(PYTHON, "-m", "ruff", "format", "--check", ".")
    say("mypy, for Linux and for Windows")
    run(PYTHON, "-m", "mypy", "--platform", "linux")
    run(PYTHON, "-m", "mypy", "--platform", "win32", "src", "tests/windows")
    say("import contracts")
    run(SCRIPTS / ("lint-imports.exe" if os.name == "nt" else "lint-imports"))
    # Windows reads and writes otherwise what names no encoding. Not for the programs that tests start: what libraries
    # do there is told on their standard error.
    python = (PYTHON, "-X", "warn_default_encoding")
    pytest = (*python, "-m", "pytest", "--cov", "--cov-report=")
    if sys.argv[2:]:
        say("tests")
        run(*pytest, *sys.argv[2:])
        return
    say("tests, two files at a time")
    workers = f"2*popen//python={' '.join(map(str, python))}"
    first = exit_code(*pytest, "-m", "not alone", "--dist", "loadfile", "--tx", workers)
    say("tests that need the machine for themselves")
    second = exit_code(*pytest, "--cov-append", "--cov-report=term:skip-covered", "-m", "alone")
    sys.exit(first or second)


def chaos() -> None:
    """Crash at every place, and KILLS times (200) at random, by SEED (else one is drawn and printed)."""
    set_up("light,dev", editable=True)
    kills, seed = [*sys.argv[2:4], *("200", str(secrets.randbelow(10**6)))[len(sys.argv[2:4]) :]]
    os.environ |= {"DROPDUB_CHAOS_PLACES": "100000", "DROPDUB_CHAOS_KILLS": kills, "DROPDUB_CHAOS_SEED": seed}
    say(f"Every place, and {kills} random kills; seed {seed}")
    run(PYTHON, "-m", "pytest", "-s", "tests/chaos")


if __name__ == "__main__":
    tasks = {"demo": demo, "test": test, "chaos": chaos}
    if len(sys.argv) < 2 or sys.argv[1] not in tasks:
        sys.exit(__doc__)
    tasks[sys.argv[1]]()
