"""Install Dropdub for the current user: a private environment, a root and the commands. Or uninstall it.

Needs only Python 3.11 or newer. install.sh and install.ps1 find such a Python and call this.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path, PurePath
from typing import Any

HERE = Path(__file__).resolve().parent
WINDOWS = os.name == "nt"
COMMANDS = ("dropdub", "jobs")
BUILT_FROM = ("pyproject.toml", "README.md", "LICENSE")
KITS = {
    "compact": (("compact.txt",), "compact,web"),
    "quality": (("compact.txt", "quality.txt"), "compact,parakeet,pocket,quality,quickmt,separate,speakers,web"),
}
"""The kits of engines, the usual one first: the lock files that each needs, and its extras of the package."""
HELP_ON_KITS = {
    "compact": "install the compact engines, as without this option: 300 MB of libraries",
    "quality": "install the quality engines: 2 GB of libraries",
}
OF_A_ROOT = (
    *("inbox", "outbox", "voices", "work", "failed", "archive", "models"),
    *("config.yaml", "dropdub-report.yaml", "jobs.db", "jobs.db-wal", "jobs.db-shm", "jobs.db.migrate.lock"),
    *("jobs.db.daemon.lock", ".dropdub.json", "web.token"),
)


def say(text: str) -> None:
    print(text, flush=True)


class Installation:
    """A private environment, the programs in it, and the record of the roots that it was installed for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = folder / "environment"
        self.scripts = self.environment / ("Scripts" if WINDOWS else "bin")
        self.python = self.scripts / ("python.exe" if WINDOWS else "python")
        self.record = folder / "installed.json"

    def roots(self) -> list[Path]:
        """Return the roots that it was installed for, most recent last."""
        if not self.record.is_file():
            return []
        record = json.loads(self.record.read_text(encoding="utf-8"))
        return [Path(root) for root in record.get("roots") or [record["root"]]]  # older records have a single `root`

    def remember(self, root: Path) -> None:
        roots = [*(other for other in self.roots() if other != root), root]
        self.record.write_text(json.dumps({"roots": [str(one) for one in roots]}), encoding="utf-8")

    def program(self, name: str) -> Path:
        return self.scripts / (f"{name}.exe" if WINDOWS else name)

    def jobs(self, root: Path, *arguments: str) -> int:
        return subprocess.run([str(self.program("jobs")), "--root", str(root), *arguments], check=False).returncode


def install(installation: Installation, root: Path, source: str, *, kit: str, service: bool, pull: bool) -> None:
    """Create the environment, the root and the commands, or update those that exist.

    `pull`: whether to download the models of a new root; on a terminal, `dropdub setup` asks first.
    """
    say(f"Setting up {installation.environment} (takes a few minutes the first time)")
    stopped = stop_services(installation, root)
    make_environment(installation)
    install_package(installation, source, kit)
    installation.remember(root)
    is_new = make_root(installation, root, kit)
    for name in COMMANDS:
        add_command(installation, name)
    asks = is_new and sys.stdin.isatty() and sys.stdout.isatty()
    if is_new and not asks:
        pull_models(installation, root) if pull else say_how_to_pull(root)
    if service and installation.jobs(root, "service", "install") != 0:
        sys.exit("The service was not installed: see above. Everything else is ready.")
    start_services(installation, [one for one in stopped if not (service and one == root)])
    if asks:
        given = [*(["--no-service"] if service else []), *([] if pull else ["--no-models"])]
        installation.jobs(root, "setup", "--engines", kit, *given)
    else:
        say_next(root, service=service)


def stop_services(installation: Installation, root: Path) -> list[Path]:
    """Stop every running service that uses the environment, and return their roots."""
    stopped = []
    for one in dict.fromkeys([*installation.roots(), root]):
        service = service_of(installation, one)
        if service is None or not (service["running"] and service["installed"]):
            continue
        if installation.jobs(one, "service", "stop") != 0:
            start_services(installation, stopped)
            sys.exit("The service could not be stopped: see above. Nothing was changed.")
        stopped.append(one)
    return stopped


def start_services(installation: Installation, roots: list[Path]) -> None:
    """Start each service that was stopped, even if another one does not start."""
    failed = [str(root) for root in roots if installation.jobs(root, "service", "start") != 0]
    if failed:
        sys.exit(f"The service of {', '.join(failed)} did not start: see above. Everything else is ready.")


def make_environment(installation: Installation) -> None:
    if installation.python.exists():
        return
    if importlib.util.find_spec("ensurepip") is None:
        remedy = "On Debian or Ubuntu, run:\n  sudo apt-get install python3-venv"
        sys.exit(f"This Python cannot create environments. {remedy}")
    venv.create(installation.environment, with_pip=True, clear=True)


def install_package(installation: Installation, source: str, kit: str) -> None:
    """Install the locked packages, then Dropdub itself, which needs no package index."""
    locks, extras = KITS[kit]
    for lock in locks:
        install_locked(installation, HERE / "locks" / lock)
    install_itself(installation, source, extras)


def install_locked(installation: Installation, lock: Path) -> None:
    """Install the packages that a lock file names, only from files whose SHA-256 is in it.

    A package that exists only as source is built with the locked setuptools: otherwise pip would download one
    unchecked.
    """
    if not lock.is_file():
        sys.exit(f"{lock} is missing, so the packages cannot be verified. Download Dropdub again.")
    built = ("--only-binary", ":all:", "--no-binary", "docopt", "--no-build-isolation")
    run_pip(installation, "--require-hashes", "--no-deps", *built, "--requirement", str(lock))


def install_itself(installation: Installation, source: str, extras: str) -> None:
    """Install Dropdub from a wheel, replacing one of the same version, or from a folder.

    A folder is built in a copy: a build leaves a folder behind, from which the next build would take files that have
    been removed in the meantime.
    """
    offline = ("--isolated", "--no-index", "--no-build-isolation")
    if not Path(source).is_dir():
        run_pip(installation, *offline, f"{source}[{extras}]")
        run_pip(installation, *offline, "--force-reinstall", "--no-deps", source)
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "dropdub"
        copy.mkdir()
        for name in BUILT_FROM:
            shutil.copy(Path(source) / name, copy)
        shutil.copytree(Path(source) / "src", copy / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        run_pip(installation, *offline, f"{copy}[{extras}]")


def run_pip(installation: Installation, *arguments: str) -> None:
    command = [str(installation.python), "-m", "pip", "install", "--disable-pip-version-check", "--quiet", *arguments]
    if subprocess.run(command, check=False).returncode != 0:
        sys.exit("The packages could not be installed: see above. Fix the cause, then run this again.")


def make_root(installation: Installation, root: Path, kit: str) -> bool:
    """Create the root; return whether it is new."""
    if (root / "config.yaml").exists():
        say(f"{root} is already a root and stays as it is.")
        return False
    command = [str(installation.program("jobs")), "init", str(root), *([] if kit == "quality" else [f"--{kit}"])]
    if subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode != 0:
        sys.exit(f"The root {root} could not be created: see above.")
    say(f"Created the root {root}")
    return True


def add_command(installation: Installation, name: str) -> None:
    """Put a command into a folder on PATH: a link, or on Windows a small script."""
    place, program = command_place(name), installation.program(name)
    if (place.exists() or place.is_symlink()) and not leads_to(place, installation):
        say(f"{place} belongs to another program and stays as it is. Use {program} instead.")
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    if WINDOWS:
        place.write_bytes(command_bytes(program))
    else:
        place.unlink(missing_ok=True)
        place.symlink_to(program)
    say(f"Created the command {place}")
    if str(place.parent) not in os.environ.get("PATH", "").split(os.pathsep):
        say(f"  {place.parent} is not on your PATH. Add it, or call the command by its full path.")


def command_place(name: str) -> Path:
    if WINDOWS:
        return Path(os.environ["LOCALAPPDATA"]) / "Microsoft" / "WindowsApps" / f"{name}.cmd"
    return Path.home() / ".local" / "bin" / name


def command_bytes(program: Path) -> bytes:
    """Return a script that calls a program, encoded in the console's code page, as `cmd` reads it."""
    return command_text(program, Path(os.environ["LOCALAPPDATA"])).encode("oem", "replace")


def command_text(program: PurePath, local: PurePath) -> str:
    """Return the script's text.

    It names the account's folder by its variable, since the code page lacks the letters of many names.
    """
    is_local = program.is_relative_to(local)
    path = str(program.relative_to(local) if is_local else program).replace("%", "%%")
    return f'@"{"%LOCALAPPDATA%" + chr(92) if is_local else ""}{path}" %*\r\n'


def leads_to(place: Path, installation: Installation) -> bool:
    """Return whether `add_command` created a command for this installation."""
    scripts = str(installation.scripts)
    if place.is_symlink():
        return str(place.readlink()).startswith(scripts)
    return WINDOWS and place.is_file() and place.read_bytes() == command_bytes(installation.program(place.stem))


def pull_models(installation: Installation, root: Path) -> None:
    """Download the models of a root. If that fails, the installation is complete without them: files wait for them."""
    say(f"Downloading the models that {root} needs")
    if installation.jobs(root, "models", "pull") != 0:
        say("Not all models were downloaded: see above. Everything else is ready.")
        say_how_to_pull(root)


def say_how_to_pull(root: Path) -> None:
    say(f"Dropped files wait for their models. Download them with:\n  {command_for(root, 'models', 'pull')}")


def command_for(root: Path, *words: str) -> str:
    """Return a command for a root as a person can paste it: quoted for sh, or on Windows for cmd and PowerShell."""
    quoted = f'"{root}"' if WINDOWS else shlex.quote(str(root))
    return " ".join(["dropdub", "--root", quoted, *words])


def say_next(root: Path, *, service: bool) -> None:
    say(f"\nDrop recordings and texts into  {root / 'inbox'}\nTake the results from           {root / 'outbox'}")
    say(f"Choose languages:    {command_for(root, 'setup')}")
    if not service:
        say(f"Start it:            {command_for(root, 'watch')}")
        say(f"Run it as a service: {command_for(root, 'service', 'install')}")


def uninstall(installation: Installation, root: Path | None, *, delete_root: bool) -> None:
    """Remove services, commands and environment; with `delete_root` also `root`, or every root if none is named."""
    roots = list(dict.fromkeys([*installation.roots(), *([root] if root else [])]))
    for one in roots:
        remove_service(installation, one)
    for name in COMMANDS:
        place = command_place(name)
        if leads_to(place, installation):
            place.unlink()
            say(f"Removed {place}")
    remove_environment(installation)
    for one in [root] if root and delete_root else roots:
        if (one / "config.yaml").is_file():
            remove_root(one) if delete_root else say(f"Your files stay: {one}")


def remove_service(installation: Installation, root: Path) -> None:
    """Remove the service of a root, even if the root's folder is gone."""
    if not installation.program("jobs").exists():
        return
    service = service_of(installation, root)
    if service is None:
        sys.exit(
            f"Whether {root} has a service could not be determined. Nothing was changed. "
            f"To find out, run:\n  {command_for(root, 'service', 'status')}"
        )
    if service["installed"] and installation.jobs(root, "service", "uninstall") != 0:
        sys.exit(f"The service of {root} could not be removed: see above. Nothing else was changed.")


def service_of(installation: Installation, root: Path) -> dict[str, Any] | None:
    """Return the status of a root's service, or None if it cannot be determined."""
    if not installation.program("jobs").exists():
        return None
    command = [str(installation.program("jobs")), "--root", str(root), "service", "status", "--json"]
    status = subprocess.run(command, check=False, capture_output=True, text=True, encoding="utf-8").stdout
    try:
        return dict(json.loads(status))
    except ValueError:
        return None


def remove_environment(installation: Installation) -> None:
    if not installation.environment.exists():
        say(f"There is no environment in {installation.folder}")
        return
    try:
        shutil.rmtree(installation.environment)
    except OSError as error:
        sys.exit(
            f"{error.filename} could not be removed: {error.strerror}. "
            "Stop Dropdub if it is running, then run this again."
        )
    installation.record.unlink(missing_ok=True)
    if not any(installation.folder.iterdir()):
        installation.folder.rmdir()
    say(f"Removed {installation.environment}")


def remove_root(root: Path) -> None:
    """Remove what belongs to Dropdub in a root, and the root itself if nothing else is left in it."""
    for entry in (root / name for name in OF_A_ROOT):
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink(missing_ok=True)
    left = sorted(entry.name for entry in root.iterdir())
    if left:
        say(f"Removed Dropdub's files and folders in {root}. Kept, since they are not Dropdub's: {', '.join(left)}")
    else:
        root.rmdir()
        say(f"Removed {root}")


def usual_folder() -> Path:
    if WINDOWS:
        return Path(os.environ["LOCALAPPDATA"]) / "Dropdub"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "Dropdub"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "dropdub"


def main() -> None:
    parser = argparse.ArgumentParser(prog="install", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--root",
        type=Path,
        help="the folder with inbox and outbox (default: the last one, or Dropdub in your home folder)",
    )
    parser.add_argument("--into", type=Path, help="the folder for the private environment", default=usual_folder())
    kits = parser.add_mutually_exclusive_group()
    for kit, what in HELP_ON_KITS.items():
        kits.add_argument(f"--{kit}", dest="kit", action="store_const", const=kit, help=what)
    parser.set_defaults(kit=next(iter(KITS)))
    parser.add_argument("--service", action="store_true", help="install and start the service")
    parser.add_argument("--no-models", action="store_true", help="do not download the models of a new root")
    parser.add_argument(
        "--from",
        dest="source",
        default=str(HERE),
        help="install this wheel or folder instead of the one with this installer",
    )
    parser.add_argument("--uninstall", action="store_true", help="remove everything except the root")
    parser.add_argument(
        "--delete-root",
        action="store_true",
        help="with --uninstall: also delete --root, or every root, including your files",
    )
    given = parser.parse_args()
    if given.delete_root and not given.uninstall:
        parser.error("--delete-root requires --uninstall")
    installation = Installation(given.into.expanduser().absolute())
    root = given.root.expanduser().absolute() if given.root else None
    if given.uninstall:
        uninstall(installation, root, delete_root=given.delete_root)
        return
    root = root or next(reversed(installation.roots()), Path.home() / "Dropdub")
    install(installation, root, given.source, kit=given.kit, service=given.service, pull=not given.no_models)


if __name__ == "__main__":
    main()
