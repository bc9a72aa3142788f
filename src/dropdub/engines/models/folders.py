"""The folder of an engine's model, given by its name in `models.dir` or by its path, and whether it is complete."""

from __future__ import annotations

import errno
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dropdub.engines.base import EngineSettings
from dropdub.files.durable import key, safe_name
from dropdub.untrusted.files import read_whole

RECORD_NAME = "dropdub-model.json"
"""The record of a model that was pulled: see `dropdub.engines.models.download.record`."""
_LONGEST_RECORD = 1_000_000
_NO_FILE = (errno.EINVAL, errno.EFBIG, errno.ELOOP)
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class FileRecord:
    """A file of a model; `name` is relative to its folder."""

    name: str
    size: int
    sha256: str

    @staticmethod
    def read(data: Any) -> FileRecord:
        """Return a file from its JSON. Raises ValueError if its name is not a plain file name."""
        if not isinstance(data, Mapping):
            raise ValueError(f"{data!r:.40} is not a file entry")
        name, size, sum_ = data.get("name"), data.get("size"), data.get("sha256")
        if not isinstance(name, str) or safe_name(name) != name or key(name) == key(RECORD_NAME):
            raise ValueError(f"{name!r:.80} is not an allowed file name")
        if type(size) is not int or size < 0 or not isinstance(sum_, str) or not _SHA256.fullmatch(sum_):
            raise ValueError(f"size or SHA-256 of {name} is missing or malformed")
        return FileRecord(name, size, sum_)


def model_name(settings: EngineSettings, engine: str, default: str) -> str:
    """Return the name or the full path of the model that an engine uses."""
    return settings.models.get(engine, default)


def model_folder(settings: EngineSettings, engine: str, default: str) -> Path:
    """Return the folder of an engine's model, whether it exists or not."""
    return settings.models_dir / Path(model_name(settings, engine, default)).expanduser()


def is_whole(folder: Path, files: Sequence[str]) -> bool:
    """Return whether all files of a model exist, are not empty, and have the sizes in its record, if it has one.

    An interrupted download never has the model's own name (see `dropdub models pull`), but an unfinished copy does.
    """
    sizes: dict[str, int | None] = {**dict.fromkeys(files), **_recorded_sizes(folder)}
    return all(_is_there(folder / name, size) for name, size in sizes.items())


def missing_model(settings: EngineSettings, engine: str, default: str, files: Sequence[str]) -> str | None:
    """Return the name of an engine's model if it is not complete, else None."""
    is_here = is_whole(model_folder(settings, engine, default), files)
    return None if is_here else model_name(settings, engine, default)


def _is_there(file: Path, size: int | None) -> bool:
    try:
        found = file.stat().st_size
    except OSError:
        return False
    return found > 0 if size is None else found == size


def _recorded_sizes(folder: Path) -> dict[str, int]:
    try:
        return {file.name: file.size for file in files_in(read_json_object(folder / RECORD_NAME), "files")}
    except (OSError, ValueError):
        return {}


def read_json_object(file: Path) -> Mapping[str, Any]:
    """Return the content of a JSON file in a model's folder. It is untrusted: the folder may be a copy from anywhere.

    Raises ValueError if the content is invalid, and OSError if the system does not allow reading it.
    """
    try:
        data = json.loads(read_whole(file, _LONGEST_RECORD))
    except RecursionError as error:
        raise ValueError(f"{file.name} is nested too deeply") from error
    except OSError as error:
        if error.errno not in _NO_FILE:
            raise
        raise ValueError(f"{file.name} is not a plain file of that kind") from error
    if not isinstance(data, Mapping):
        raise ValueError(f"{file.name} does not contain a JSON object")
    return data


def files_in(data: Mapping[str, Any], name: str) -> tuple[FileRecord, ...]:
    """Return the file entries under a key. Raises ValueError."""
    files = data.get(name)
    if not isinstance(files, list):
        raise ValueError(f"it has no list of {name}")
    return tuple(map(FileRecord.read, files))


def model_details(folder: Path) -> dict[str, str]:
    """Return a model's name, a fingerprint of its files, which distinguishes models and versions of one name, and where
    it was downloaded from, if its record says so.
    """
    files = sorted((path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in folder.iterdir())
    details = {"model": folder.name, "files": hashlib.sha256(json.dumps(files).encode()).hexdigest()[:12]}
    place = _pulled_from(folder)
    return details | ({"model_from": place} if place else {})


def _pulled_from(folder: Path) -> str:
    try:
        return str(read_json_object(folder / RECORD_NAME).get("place") or "")
    except (OSError, ValueError):
        return ""


def size_of(folder: Path) -> int:
    """Return the total size of a model's files in bytes."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
