"""The root: the folder that holds `config.yaml`, the five folders, the voices and the database."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path

from dropdub.errors import ConfigError, UsageError
from dropdub.files.ownership import is_exchangeable, why_not_trusted
from dropdub.pasting import command, marked
from dropdub.yaml_file import read_mapping

CONFIG_NAME = "config.yaml"
FOLDERS = ("inbox", "outbox", "voices", "work", "failed", "archive")
DATABASE_NAME = "jobs.db"
MODEL_PART_SUFFIX = ".part"
"""The end of the name of a model's folder while it is downloaded."""


@dataclass(frozen=True)
class Root:
    """The paths of a root's files and folders. All paths are absolute."""

    path: Path
    inbox: Path
    outbox: Path
    voices: Path
    work: Path
    failed: Path
    archive: Path

    @staticmethod
    def at(path: Path, folders: Mapping[str, str] | None = None) -> Root:
        """Return the root at `path`. `folders` are the configured paths, absolute or relative to it.

        Raises ConfigError if one of the five folders contains another.
        """
        path = path.absolute()
        names = dict.fromkeys(FOLDERS) | dict(folders or {})
        places = {name: path / Path(place or name).expanduser() for name, place in names.items()}
        root = Root(path=path, **places)
        root._check_apart()
        return root

    @property
    def config_file(self) -> Path:
        return self.path / CONFIG_NAME

    @property
    def database_file(self) -> Path:
        return self.path / DATABASE_NAME

    @property
    def database_url(self) -> str:
        return f"sqlite:///{self.database_file}"

    @property
    def daemon_lock(self) -> Path:
        return self.work / "daemon.lock"

    @property
    def run_dir(self) -> Path:
        """Return the folder of the workers' liveness locks."""
        return self.work / "run"

    @property
    def logs_dir(self) -> Path:
        return self.work / "logs"

    @property
    def cache_dir(self) -> Path:
        """Return the folder of cached results, stored by content."""
        return self.work / "result-cache"

    @property
    def old_cache_dir(self) -> Path:
        """Return the cache folder of earlier versions, in another format: it is neither read nor removed."""
        return self.work / "cache"

    @property
    def backups_dir(self) -> Path:
        """Return the folder of the database's backups."""
        return self.work / "backups"

    @property
    def state_dir(self) -> Path:
        """Return the folder of measurements made on this machine."""
        return self.work / "machine"

    def models_dir(self, place: str) -> Path:
        """Return the models folder: the configured `place`, absolute or relative to the root."""
        return self.path / Path(place).expanduser()

    def job_dir(self, job_id: int) -> Path:
        return self.work / str(job_id)

    def job_dirs(self) -> list[Path]:
        """Return the job folders in the work folder, ordered by number; empty if it cannot be listed."""
        return _numbered(self.work)

    def kept_dir(self, job_id: int) -> Path:
        """Return the folder of what a job keeps of its finished targets while it may be retried."""
        return self.work / "kept" / str(job_id)

    def kept_dirs(self) -> list[Path]:
        """Return the folders of what jobs keep, ordered by number; empty if there are none."""
        return _numbered(self.work / "kept")

    @property
    def ended_sessions(self) -> Path:
        """Return the file of the browsers' sessions that were ended before their time."""
        return self.work / "web" / "ended-sessions.json"

    @property
    def uploads_dir(self) -> Path:
        """Return the folder of files that are being uploaded, or were sent with a request."""
        return self.work / "uploads"

    @property
    def rooms_dir(self) -> Path:
        """Return the folder of the rooms in which people are interpreted."""
        return self.work / "rooms"

    def results_dir(self, job_id: int) -> Path:
        """Return the folder of the answer to a request."""
        return self.work / "results" / str(job_id)

    def results_dirs(self) -> list[Path]:
        """Return the folders of answers, ordered by number; empty if there are none."""
        return _numbered(self.work / "results")

    def drafts_dir(self, job_id: int) -> Path:
        """Return the folder of the lines of a job that people have changed, of which nothing was made yet."""
        return self.work / "drafts" / str(job_id)

    def job_log(self, job_id: int) -> Path:
        return self.logs_dir / "jobs" / f"{job_id}.log"

    def refuse_outputs(self, outputs: Mapping[str, str]) -> None:
        """Raise ConfigError if an output folder, given by its setting, is inside a folder that holds originals.

        Files published to the inbox, for example, would be taken in again.
        """
        for setting, out in outputs.items():
            for name in ("inbox", "work", "failed", "archive"):
                if real(Path(out)).is_relative_to(real(getattr(self, name))):
                    raise ConfigError(
                        f"{setting} ({out}) is inside folders.{name} ({getattr(self, name)}).",
                        remedy="Choose a separate folder for the results.",
                    )

    def create_folders(self, leave: Collection[Path] = ()) -> None:
        """Create the root's missing folders, except those in `leave`.

        A folder outside the root that cannot be created is skipped: its share is not connected yet, and jobs wait for
        it.
        """
        for folder in (self.inbox, self.outbox, self.voices, self.failed, self.archive):
            if folder in leave:
                continue
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError:
                if folder.is_relative_to(self.path):
                    raise
        for folder in (self.work, self.run_dir, self.logs_dir / "jobs"):
            folder.mkdir(parents=True, exist_ok=True)
        if sys.platform != "win32" and self.work.stat().st_uid == os.geteuid():
            self.work.chmod(0o700)  # nobody else may replace files that were taken in

    def _check_apart(self) -> None:
        five = {name: getattr(self, name) for name in ("inbox", "outbox", "work", "failed", "archive")}
        for (outer, outer_path), (inner, inner_path) in permutations(five.items(), 2):
            if real(inner_path).is_relative_to(real(outer_path)):
                raise ConfigError(
                    f"folders.{inner} ({inner_path}) is inside folders.{outer} ({outer_path}).",
                    remedy="The five folders must not contain one another: choose another path for one of them.",
                )


def model_folders(models_dir: Path) -> list[Path]:
    """Return the folders of the models in the models folder, by name, without those that are being downloaded."""
    folders = (entry for entry in models_dir.iterdir() if entry.is_dir()) if models_dir.is_dir() else ()
    return sorted(one for one in folders if not one.name.startswith(".") and not one.name.endswith(MODEL_PART_SUFFIX))


def real(path: Path) -> Path:
    """Return a path with all links resolved, for comparisons; its last parts need not exist."""
    return Path(os.path.normcase(os.path.realpath(path)))


def named_root(explicit: Path | None, environment: Mapping[str, str]) -> Path | None:
    """Return the root that the caller names: `explicit`, else $JOBS_ROOT; None if it has to be found."""
    return explicit or (Path(environment["JOBS_ROOT"]) if environment.get("JOBS_ROOT") else None)


def current_folder() -> Path:
    """Return the current folder. Raises UsageError if it was removed, as another shell may have done."""
    try:
        return Path.cwd()
    except FileNotFoundError as error:
        raise UsageError("The current folder no longer exists.", remedy="Go to another one and try again.") from error


def is_current(folder: Path) -> bool:
    """Return whether a folder is the current one, which may no longer exist."""
    try:
        return folder == Path.cwd()
    except FileNotFoundError:
        return False


def find_root(explicit: Path | None, environment: Mapping[str, str], cwd: Path) -> Path:
    """Return the root: `explicit`, else $JOBS_ROOT, else the nearest folder from `cwd` upward with `config.yaml`.

    A named root is trusted. A root that was found must not be another account's work: its settings name programs to
    run, and anybody may have put a `config.yaml` in a shared folder. Raises UsageError if there is none, or if the
    nearest is refused.
    """
    named = named_root(explicit, environment)
    if named is not None:
        if not (named / CONFIG_NAME).is_file():
            raise UsageError(
                f"{named} has no {CONFIG_NAME}.", remedy=f"Make it a root with: {marked('init', str(named))}"
            )
        return named.absolute()
    found = [folder for folder in (cwd, *cwd.parents) if os.path.lexists(folder / CONFIG_NAME)]
    if not found:
        raise UsageError(
            f"There is no {CONFIG_NAME} in {cwd} or its parent folders.",
            remedy="Make this folder a root with: `dropdub init`. Or name another one with --root.",
        )
    outer = next((folder for folder in reversed(found[1:]) if _keeps(folder, found[0])), None)
    return _trusted(outer or found[0])


def _keeps(folder: Path, inner: Path) -> bool:
    """Return whether `inner` is inside the inbox, outbox, failed … of the root `folder`: then it is not a root."""
    if _lies_in(inner, folder, FOLDERS):
        return True
    if _why_refused(folder):
        return False
    places = read_mapping(folder / CONFIG_NAME)[0].get("folders")
    named = [place for place in places.values() if isinstance(place, str)] if isinstance(places, dict) else []
    return _lies_in(inner, folder, named)


def _lies_in(inner: Path, folder: Path, places: Iterable[str]) -> bool:
    place_of_it = real(inner)
    return any(place_of_it.is_relative_to(real(folder / Path(place).expanduser())) for place in places)


def _trusted(folder: Path) -> Path:
    """Return a root that was found. Raises UsageError, before reading it, if others may have created it."""
    if why := _why_refused(folder):
        named = f"If this is your root, name it explicitly:\n  {command(folder, 'status')}"
        raise UsageError(
            f"The {CONFIG_NAME} found in {folder} is not used: {why}.",
            remedy=f"{named}\nOr set JOBS_ROOT to its path.",
        )
    return folder


def _why_refused(folder: Path) -> str:
    """Return why a root that was found may be another account's trap; empty if it cannot be."""
    file = folder / CONFIG_NAME
    try:
        real = file.resolve(strict=True)
        for path in dict.fromkeys((folder, file, real.parent, real)):
            if why := why_not_trusted(path):
                return f"{path} {why}"
        for path in dict.fromkeys((*folder.parents, *real.parents)):
            if is_exchangeable(path):
                return f"other accounts may replace files in {path}"
    except (OSError, RuntimeError) as error:  # RuntimeError: a link that leads to itself
        return f"{getattr(error, 'filename', None) or file} cannot be read"
    return "" if real.is_file() else f"{file} is not a file"


def _numbered(folder: Path) -> list[Path]:
    try:
        return sorted((one for one in folder.iterdir() if one.name.isdecimal()), key=lambda one: int(one.name))
    except OSError:
        return []
