"""What is known of a model that is here, and whether it still is as it came.

Each pulled model carries a record, `dropdub-model.json`, written last: from where and under which licence it came,
and size and SHA-256 of every file. A file is compared with what the catalogue pins, else with the record: what came
first is remembered. A model that a person put there by hand has no record, and is never changed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from dropdub.engines.catalogue import KnownModel
from dropdub.engines.models import RECORD_NAME as RECORD_NAME  # noqa: PLC0414  (given on)
from dropdub.engines.models import size_of
from dropdub.engines.pins import Pin
from dropdub.files import key, safe_name, sha256, write_whole

PART_SUFFIX = ".part"
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class FileRecord:
    """A file of a model; `name` is relative to its folder."""

    name: str
    size: int
    sha256: str

    @staticmethod
    def read(data: Mapping[str, Any]) -> FileRecord:
        """Return a file as it was written down. Raises ValueError for a name that is not a plain file's."""
        name, sum_ = str(data["name"]), str(data["sha256"])
        if safe_name(name) != name or key(name) == key(RECORD_NAME) or not _SHA256.fullmatch(sum_):
            raise ValueError(f"it names a file {name!r}")
        return FileRecord(name, int(data["size"]), sum_)


@dataclass(frozen=True)
class ModelRecord:
    """What a pulled model is: `sources` are the revisions of its repositories, `pulled_at` is UTC."""

    model: str
    sources: Mapping[str, str]
    files: tuple[FileRecord, ...]
    licence: str
    pulled_at: str


class Presence(StrEnum):
    """How much there is of a model."""

    ABSENT = "not here"
    BEGUN = "begun"
    """A pull of it was interrupted, and can go on."""
    WHOLE = "here"
    BY_HAND = "by hand"
    """All needed files are here, but no record: it cannot be checked further."""
    LACKING = "not whole"
    """Without a record, and needed files are missing."""
    DAMAGED = "damaged"
    """Files are not as the record has them."""


@dataclass(frozen=True)
class Condition:
    """How a model is. `faults` has a sentence for each file that is missing or wrong, `bad` their names.

    `others`: the files of a model put there by hand that are not as the catalogue knows them, where all was read.
    """

    presence: Presence
    size: int = 0
    faults: tuple[str, ...] = ()
    bad: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    @property
    def usable(self) -> bool:
        return self.presence in (Presence.WHOLE, Presence.BY_HAND)


def part_of(folder: Path) -> Path:
    """Return where a model is put together before it gets its name."""
    return folder.with_name(folder.name + PART_SUFFIX)


def read_record(folder: Path) -> ModelRecord | None:
    """Return the record of a model; None where it has none. Raises ValueError where it cannot be read.

    A record that came with a copied folder is somebody else's: a name in it that leads out of the folder is refused.
    """
    try:
        data = json.loads((folder / RECORD_NAME).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    try:
        files = tuple(FileRecord.read(file) for file in data["files"])
        sources = {str(name): str(revision) for name, revision in data["sources"].items()}
        return ModelRecord(str(data["model"]), sources, files, str(data["licence"]), str(data["pulled_at"]))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{RECORD_NAME} lacks {error}") from error


def write_record(folder: Path, record: ModelRecord) -> None:
    write_whole(folder / RECORD_NAME, json.dumps(asdict(record), indent=2).encode())


def examine(folder: Path, model: KnownModel | None, *, thorough: bool) -> Condition:
    """Return how the model in `folder` is. `thorough`: read every file, not only its size.

    `model` tells which files are needed where there is no record, and what the pinned ones hold; None for one that is
    not known.
    """
    if not folder.is_dir():
        begun = part_of(folder).is_dir()
        return Condition(Presence.BEGUN, size_of(part_of(folder))) if begun else Condition(Presence.ABSENT)
    try:
        record = read_record(folder)
    except ValueError:
        fault = f"{RECORD_NAME} cannot be read."
        return Condition(Presence.DAMAGED, size_of(folder), (fault,), (RECORD_NAME,))
    pins = model.pins if model else {}
    if record is None:
        condition = _against_needs(folder, model)
        others = _others(folder, pins) if thorough and condition.usable else ()
        return replace(condition, others=others)
    return _against_record(folder, record, pins, thorough=thorough)


def _against_record(folder: Path, record: ModelRecord, pins: Mapping[str, Pin], *, thorough: bool) -> Condition:
    """Compare files with the record, and the record with the catalogue: it may be older, or somebody else's."""
    faults = {
        file.name: fault
        for file in record.files
        if (fault := _unlike(file, pins) or _fault(folder / file.name, file, thorough=thorough)) is not None
    }
    presence = Presence.DAMAGED if faults else Presence.WHOLE
    return Condition(presence, size_of(folder), tuple(faults.values()), tuple(faults))


def _against_needs(folder: Path, model: KnownModel | None) -> Condition:
    present = {file.name for file in folder.iterdir() if file.is_file() and file.stat().st_size > 0}
    missing = model.missing(present) if model else ([] if present else ["every file"])
    presence = Presence.LACKING if missing else Presence.BY_HAND
    faults = tuple(f"{name} is missing or empty." for name in missing)
    return Condition(presence, size_of(folder), faults, tuple(missing))


def _unlike(file: FileRecord, pins: Mapping[str, Pin]) -> str | None:
    pin = pins.get(file.name)
    if pin is None or (pin.size, pin.sha256) == (file.size, file.sha256):
        return None
    return f"{file.name} is another than the catalogue of this version of Dropdub knows."


def _others(folder: Path, pins: Mapping[str, Pin]) -> tuple[str, ...]:
    there = {name: pin for name, pin in pins.items() if (folder / name).is_file()}
    return tuple(name for name, pin in there.items() if sha256(folder / name) != pin.sha256)


def _fault(path: Path, file: FileRecord, *, thorough: bool) -> str | None:
    if not path.is_file():
        return f"{file.name} is missing."
    size = path.stat().st_size
    if size != file.size:
        return f"{file.name} has {size} bytes instead of {file.size}."
    if thorough and sha256(path) != file.sha256:
        return f"{file.name} is not as it was when it came."
    return None
