"""Set up a private environment beside this file and use it: `demo` runs the main job, `test` all checks.

Needs Python 3.11 or newer and nothing else.

    python3 tasks.py demo      transcribe the shipped recording and dub it into Portuguese, in this folder
    python3 tasks.py test      ruff, mypy for Linux and Windows, import contracts, the documentation, all tests
    python3 tasks.py test --quick   before each commit: the same, but only unit tests and one real job
    python3 tasks.py lock      write the installers' lock files again, with today's versions
    python3 tasks.py release   the wheel, its lock files and bill of materials (CycloneDX), in dist/
    python3 tasks.py translate collect the texts of the pages, and compile the catalogues of their languages
    python3 tasks.py vendor    fetch the scripts of others that the pages use
    python3 tasks.py screenshots    take the pictures of the pages for the documentation: [--models FOLDER]
    python3 tasks.py chaos     crash it at every place that writes, and at random moments: [KILLS] [SEED]
"""

from __future__ import annotations

import importlib.util
import io
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
ENVIRONMENT = HERE / ".venv"
SCRIPTS = ENVIRONMENT / ("Scripts" if os.name == "nt" else "bin")
PYTHON = SCRIPTS / ("python.exe" if os.name == "nt" else "python")
DROPDUB = SCRIPTS / ("dropdub.exe" if os.name == "nt" else "dropdub")
LOCKED = {
    "compact": ("--extra", "compact", "--extra", "web"),
    "quality": tuple(
        word
        for extra in ("compact", "web", "parakeet", "pocket", "quality", "quickmt", "separate", "speakers")
        for word in ("--extra", extra)
    ),
}
"""Lock files, and the extras that each covers. Those are what `installer.py` installs."""
LOCKS = tuple(HERE / "locks" / f"{name}.txt" for name in LOCKED)
SOURCE_ONLY = ("docopt",)
"""Packages that have no wheel: a source archive is locked, and built with the setuptools that is locked."""
LOCK_HEAD = "# What the installers install, on all systems and Pythons. Written by: python3 tasks.py lock\n"
DESCRIBED = ENVIRONMENT / "described-by.toml"
"""What the checks' environment was installed from: as long as that stays the same, it is not installed again."""
PLUGIN = HERE / "plugins" / "light"
SAMPLE = HERE / "src" / "dropdub" / "samples" / "jfk.flac"
TRANSCRIBES = "whisper-base"
DUBS = ("bergamot-en-pt", "kokoro-82m")
"""The models of the demo: about 270 MB to download, once."""
REMEDY = "The reason is above. Fix it and run the demo again, or copy the models from another machine into models."
ADDRESS = "http://127.0.0.1:8760"
"""Where the web server answers, unless config.yaml says otherwise."""
RESULTS = {
    "manifest.json": "what was made from what; always last",
    ".original.m4a": "the original's sound, for the report",
    ".m4a": "the dub",
    ".txt": "the text",
    ".srt": "subtitles",
    ".vtt": "subtitles for the web",
    ".json": "words with times",
    "report.html": "original and dub side by side",
}
"""What the demo says of each result, by the end of its name."""


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
    """Make the environment if it is not there, and install Dropdub into it, behind one line of progress.

    `editable`: for its developers, with the plug-in that tests use. Of the modules that torch brings, only those that
    are used are compiled.
    """
    DESCRIBED.unlink(missing_ok=True)
    if not PYTHON.exists():
        if importlib.util.find_spec("ensurepip") is None:
            remedy = "On Debian or Ubuntu, run:\n  sudo apt-get install python3-venv"
            sys.exit(f"This Python cannot create environments. {remedy}")
        venv.create(ENVIRONMENT, with_pip=True, clear=True)
    install: list[str | Path] = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check"]
    quietly(
        f"Installing Dropdub [{extras}] into {ENVIRONMENT.name}",
        *install, *(["--no-compile", "--editable"] if editable else []), f"{HERE}[{extras}]",
        *(["--editable", PLUGIN] if editable else []),
    )  # fmt: skip


def quietly(what: str, *command: str | Path) -> None:
    """Run a command behind one line that counts the seconds; if it fails, show its output and exit with its code."""
    counts, started = sys.stdout.isatty(), time.monotonic()
    print(f"{what} ...", end="", flush=True)
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen([str(part) for part in command], cwd=HERE, stdout=output, stderr=subprocess.STDOUT)
        while process.poll() is None:
            time.sleep(0.2)
            if counts:
                print(f"\r{what} ... {time.monotonic() - started:.0f} s", end="", flush=True)
        ended = "failed" if process.returncode else "done"
        print(f", {ended}" if counts else f" {ended} after {time.monotonic() - started:.0f} s", flush=True)
        if process.returncode != 0:
            output.seek(0)
            print(output.read().decode("utf-8", "replace"))
            sys.exit(process.returncode)


def demo() -> None:
    """Drop the shipped recording into this checkout's inbox, and show what arrives in its outbox."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # names and texts may have letters that this terminal lacks
    set_up("compact,web", editable=False)
    dubs = has_models_of_demo()
    dropped = HERE / "inbox" / SAMPLE.name
    options = dropped.with_name(f"{SAMPLE.name}.job.yaml")
    options.write_text("targets: [pt]\n" if dubs else "# A transcript only.\n", encoding="utf-8")
    shutil.copyfile(SAMPLE, dropped)
    print(f"Dropped {SAMPLE.name} into inbox: eleven seconds of John F. Kennedy, 1961\n", flush=True)
    results = watch_live(dropped.stem)
    for text in sorted(results.glob("*.txt"), key=lambda file: len(file.name)):
        print(f"\n{text.name}:")
        print(textwrap.fill(text.read_text("utf-8"), 78, initial_indent="  ", subsequent_indent="  "))
    print()
    if (report := results / "report.html").is_file():
        print(f"Look:  {report.relative_to(HERE)}, in a browser")
    program = DROPDUB.with_suffix("").relative_to(HERE)
    print(f"Next:  {program} watch, then drop files of your own into inbox")
    if importable("fastapi"):
        print(f"API:   {program} watch --web, then other programs find it at {ADDRESS}")


def importable(module: str) -> bool:
    """Return whether the environment has a module."""
    return exit_code(PYTHON, "-c", f"import importlib.util; exit(importlib.util.find_spec({module!r}) is None)") == 0


def watch_live(name: str) -> Path:
    """Process the inbox; show what the daemon says, and each result as it arrives. Return the folder of results."""
    before = set((HERE / "outbox").glob(f"{name}*"))
    shown: set[str] = set()
    command = [str(DROPDUB), "--root", str(HERE), "watch", "--until-idle"]
    # The same recording again is otherwise not done again: its earlier results are still there.
    environment = os.environ | {"DROPDUB_JOB__DUPLICATES": "again", "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        command, cwd=HERE, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8"
    )
    echo = threading.Thread(target=echo_lines, args=(process,))
    echo.start()
    while echo.is_alive():
        echo.join(0.1)
        show_arrivals(set((HERE / "outbox").glob(f"{name}*")) - before, shown)
    if process.wait() != 0:
        sys.exit(process.returncode)
    return max((HERE / "outbox").glob(f"{name}*"), key=lambda folder: folder.stat().st_mtime)


def echo_lines(process: subprocess.Popen[str]) -> None:
    """Print what a program says, with paths below this folder shortened."""
    for line in process.stdout or ():
        print(line.replace(f"{HERE}{os.sep}", ""), end="", flush=True)


def show_arrivals(folders: set[Path], shown: set[str]) -> None:
    """Print the files that were published since the last look, in the order in which they are made."""
    new = {file.name for folder in folders for file in folder.iterdir()} - shown
    for name in sorted(new, key=lambda name: (name == "manifest.json", name)):
        shown.add(name)
        what = next((words for suffix, words in RESULTS.items() if name.endswith(suffix)), "")
        print(f"          + {name:<20} {what}", flush=True)


def has_models_of_demo() -> bool:
    """Download the models that are not there yet. Return whether there are those for a dub; exit if not even those for
    a transcript.
    """
    print("Downloading models that are not here yet into models, 270 MB in all", flush=True)
    failed = [name for name in (TRANSCRIBES, *DUBS) if not has_model(name)]
    print(flush=True)
    if TRANSCRIBES in failed:
        sys.exit(f"Without {TRANSCRIBES}, nothing can be transcribed. {REMEDY}")
    if failed:
        print(f"A transcript only: the dub needs {' and '.join(failed)}. {REMEDY}\n", flush=True)
    return not failed


def has_model(name: str) -> bool:
    """Download a model unless it is there. Return whether it is there now; if not, the reason was printed."""
    return exit_code(DROPDUB, "--root", HERE, "models", "pull", name) == 0


def test() -> None:
    """Run every check; `--quick` runs what suits each commit. What else follows `test` is handed to pytest."""
    began = time.monotonic()
    os.environ.setdefault("PIP_QUIET", "1")
    if not (DESCRIBED.exists() and DESCRIBED.read_bytes() == description()):
        set_up("compact,parakeet,pocket,quality,quickmt,separate,speakers,web,dev", editable=True)
        run(PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--no-deps", "resemblyzer")
        DESCRIBED.write_bytes(description())
    sys.exit(exit_code(PYTHON, "-m", "tests.checks", "--installing", f"{time.monotonic() - began:.1f}", *sys.argv[2:]))


def description() -> bytes:
    """Return what the environment for the checks depends on: the packages, and the folder it is bound to."""
    return b"".join((folder / "pyproject.toml").read_bytes() for folder in (HERE, PLUGIN)) + f"\n# {HERE}\n".encode()


def lock() -> None:
    """Write the lock files, for every system and Python that Dropdub runs on."""
    set_up("dev", editable=True)
    for name, extras in LOCKED.items():
        say(f"locks/{name}.txt")
        with tempfile.TemporaryDirectory() as folder:
            without, built = Path(folder) / "without.in", Path(folder) / "built.in"
            without.write_text("".join(f"{one} ; python_version < '0'\n" for one in SOURCE_ONLY), "utf-8")
            built.write_text("setuptools>=77\n", "utf-8")
            text = resolved("--only-binary", ":all:", "--override", without, *extras, "pyproject.toml", built)
            if name == "quality":
                built.write_text("\n".join((*SOURCE_ONLY, "resemblyzer")), "utf-8")  # webrtcvad-wheels is in place
                text += resolved("--no-deps", built)
        (HERE / "locks" / f"{name}.txt").write_text(LOCK_HEAD + text, "utf-8")


def resolved(*arguments: str | Path) -> str:
    """Return pinned requirements with their hashes; the index that was asked is not named."""
    options = ("--universal", "--python-version", "3.11", "--generate-hashes", "--no-header", "--no-annotate")
    command = [PYTHON, "-m", "uv", "pip", "compile", "--quiet", "--no-emit-index-url", *options, *arguments]
    done = subprocess.run(
        [str(part) for part in command], cwd=HERE, stdout=subprocess.PIPE, encoding="utf-8", check=False
    )
    return done.stdout if done.returncode == 0 else sys.exit(done.returncode)


def release() -> None:
    """Build what is handed out: the wheel, the lock files, and a list of all that an installation is made of."""
    set_up("dev", editable=True)
    release_into(HERE / "dist")


def release_into(folder: Path) -> None:
    """Write a release into a folder, without asking any index."""
    folder.mkdir(exist_ok=True)
    say("wheel")
    with tempfile.TemporaryDirectory() as copied:
        copy = Path(copied)
        for name in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copy(HERE / name, copy)
        shutil.copytree(HERE / "src", copy / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        run(PYTHON, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, copy)
    for lock_file in LOCKS:
        say(f"{lock_file.stem}: lock file and bill of materials")
        shutil.copy(lock_file, folder / f"dropdub-{lock_file.name}")
        write_bill(lock_file, folder / f"dropdub-{lock_file.stem}.cdx.json")


def write_bill(lock_file: Path, bill: Path) -> None:
    """Write what is installed by a lock file as CycloneDX, without asking any index."""
    made = ("requirements", "--pyproject", HERE / "pyproject.toml", "--output-reproducible", "--output-file", bill)
    run(PYTHON, "-m", "cyclonedx_py", *made, lock_file)


def translate() -> None:
    set_up("dev", editable=True)
    run(PYTHON, HERE / "tools" / "translate.py")


def vendor() -> None:
    run(sys.executable, HERE / "tools" / "vendor.py")


def screenshots() -> None:
    set_up("compact,web,dev", editable=True)
    run(PYTHON, "-m", "tools.screenshots", *sys.argv[2:])


def chaos() -> None:
    """Crash at every place, and KILLS times (200) at random, by SEED (else one is drawn and printed)."""
    set_up("compact,dev", editable=True)
    kills, seed = [*sys.argv[2:4], *("200", str(secrets.randbelow(10**6)))[len(sys.argv[2:4]) :]]
    os.environ |= {"DROPDUB_CHAOS_PLACES": "100000", "DROPDUB_CHAOS_KILLS": kills, "DROPDUB_CHAOS_SEED": seed}
    say(f"Every place, and {kills} random kills; seed {seed}")
    run(PYTHON, "-m", "pytest", "-s", "tests/chaos")


if __name__ == "__main__":
    tasks = {
        "demo": demo,
        "test": test,
        "lock": lock,
        "release": release,
        "translate": translate,
        "vendor": vendor,
        "screenshots": screenshots,
        "chaos": chaos,
    }
    if len(sys.argv) < 2 or sys.argv[1] not in tasks:
        sys.exit(__doc__)
    tasks[sys.argv[1]]()
