"""Models fetched into their folder: resumed where it broke off, checked, and whole before it has its name."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from filelock import FileLock, Timeout
from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_random_exponential

from dropdub.engines.catalogue import KnownModel
from dropdub.engines.hub import TROUBLE, Hub, RemoteFile
from dropdub.errors import DiskFull, DownloadFailed
from dropdub.files import fsync_dir, remove, sha256, write_whole
from dropdub.quantities import format_size

T = TypeVar("T")
RECORD = "dropdub-model.json"
TRIES = 5
"""How often a file is gone on with after its connection broke, without a byte more than before."""
OFFLINE = "Or copy the model's folder here from another machine."
_MARGIN_BYTES = 100_000_000
_PARTIAL = ".partial"

Progress = Callable[[str, int, int], None]
"""Told a file's name, how many bytes of it are here, and how many it has."""


@dataclass(frozen=True)
class Recorded:
    """A file of a model as it was fetched."""

    path: str
    size: int
    sha256: str


def pull(model: KnownModel, models_dir: Path, hub: Hub, *, progress: Progress) -> Path:
    """Fetch a model into `models_dir` and return its folder. One that is there is left alone, unless it is damaged.

    Until all is checked it lies in `NAME.part`, where the next try goes on. Raises DownloadFailed and DiskFull.
    """
    folder = models_dir / model.name
    with _alone(models_dir, model.name):
        part = folder.with_name(f"{folder.name}.part")
        if folder.is_dir():
            if not problems(folder):
                return folder  # also one without a record: somebody put it there
            folder.rename(part)  # damaged: it does not keep the name of a whole one
        part.mkdir(parents=True, exist_ok=True)
        files = _listed(model, hub)
        _refuse_without_room(part, files)
        for file in files:
            _fetch(hub, file, part / file.path, progress)
        _record(model, part, files)
        part.rename(folder)
        fsync_dir(models_dir)
    return folder


def problems(folder: Path) -> list[str]:
    """Return a sentence for each file that is not as it was fetched; of a model without a record, nothing."""
    return [problem for one in recorded(folder) if (problem := _problem(folder, one))]


def recorded(folder: Path) -> list[Recorded]:
    """Return the files that a model was fetched with; none for a folder that somebody put there."""
    try:
        content = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        return [Recorded(**item) for item in content["files"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _problem(folder: Path, one: Recorded) -> str | None:
    path = folder / one.path
    if not path.is_file():
        return f"{one.path} is missing."
    if path.stat().st_size != one.size:
        return f"{one.path} has {path.stat().st_size} bytes, not {one.size}."
    return None if sha256(path) == one.sha256 else f"{one.path} is not what was fetched."


@contextmanager
def _alone(models_dir: Path, name: str) -> Iterator[None]:
    models_dir.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(models_dir / f".{name}.lock", timeout=0):
            yield
    except Timeout as error:
        raise DownloadFailed(f"'{name}' is being pulled already.", remedy="Wait until that has ended.") from error


def _listed(model: KnownModel, hub: Hub) -> list[RemoteFile]:
    try:
        return [file for source in model.sources for file in _patient(partial(hub.files, source))]
    except TROUBLE as error:
        raise _unreachable(model.name, error) from error


def _refuse_without_room(part: Path, files: Sequence[RemoteFile]) -> None:
    missing = sum(max(file.size - _size(part / file.path) - _size(_partial(part / file.path)), 0) for file in files)
    free = shutil.disk_usage(part).free
    if missing + _MARGIN_BYTES > free:
        raise DiskFull(f"{format_size(missing)} are to be fetched; {format_size(free)} are free where {part} lies.")


def _fetch(hub: Hub, file: RemoteFile, target: Path, progress: Progress) -> None:
    """Fetch one file, unless it is there: on from where it broke off, and checked before it has its name."""
    if _size(target) == file.size and _is_right(target, file):
        progress(file.path, file.size, file.size)
        return
    begun = _partial(target)
    begun.parent.mkdir(parents=True, exist_ok=True)
    try:
        _patient(partial(_go_on, hub, file, begun, progress), grows=begun)
    except TROUBLE as error:
        raise _unreachable(file.path, error) from error
    if not _is_right(begun, file):
        remove(begun)
        raise DownloadFailed(
            f"{file.path} of {file.repository} came with another content than was promised.",
            remedy="Pull again; if it happens again, name another mirror.",
        )
    begun.replace(target)


def _go_on(hub: Hub, file: RemoteFile, begun: Path, progress: Progress) -> None:
    with begun.open("ab") as sink:
        for block in hub.content(file, start=sink.tell()) if sink.tell() < file.size else ():
            sink.write(block)
            progress(file.path, sink.tell(), file.size)
        if sink.tell() < file.size:
            raise ConnectionError("the connection ended early")


def _patient(act: Callable[[], T], *, grows: Path | None = None) -> T:
    """Do what may fail for a moment, up to `TRIES` times with growing pauses; tries in which `grows` grew are free."""
    waits = wait_random_exponential(multiplier=0.2, max=20)
    trying = Retrying(stop=_Stuck(grows), wait=waits, retry=retry_if_exception_type(TROUBLE), reraise=True)
    return trying(act)


class _Stuck:
    """Tells when to give up: after so many tries in a row that brought nothing."""

    def __init__(self, grows: Path | None) -> None:
        self._grows = grows
        self._size = self._now()
        self._tries = 0

    def __call__(self, _state: RetryCallState) -> bool:
        before, self._size = self._size, self._now()
        self._tries = 1 if self._size > before else self._tries + 1
        return self._tries >= TRIES

    def _now(self) -> int:
        return _size(self._grows) if self._grows else 0


def _unreachable(what: str, error: BaseException) -> DownloadFailed:
    reason = str(getattr(error, "reason", "") or error) or type(error).__name__
    remedy = f"Pull again: it goes on where it broke off. {OFFLINE}"
    return DownloadFailed(f"{what} could not be fetched: {reason}.", remedy=remedy)


def _is_right(path: Path, file: RemoteFile) -> bool:
    if _size(path) != file.size:
        return False
    if file.sha256 is not None:
        return sha256(path) == file.sha256
    return file.sha1 is None or _git_sha1(path) == file.sha1


def _git_sha1(path: Path) -> str:
    """Return what git calls a content by: these are small files."""
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _record(model: KnownModel, part: Path, files: Sequence[RemoteFile]) -> None:
    content = {
        "name": model.name,
        "licence": model.licence,
        "fetched": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "sources": [asdict(source) for source in model.sources],
        "files": [asdict(Recorded(file.path, file.size, sha256(part / file.path))) for file in files],
    }
    write_whole(part / RECORD, json.dumps(content, indent=1).encode())


def _partial(path: Path) -> Path:
    return path.with_name(path.name + _PARTIAL)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
