"""The record of a model that is here, and whether its files are unchanged.

Each pulled model carries a record, `dropdub-model.json`, written last: its source, its licence, and the size and
SHA-256 of every file. A file is compared with the catalogue's pin, or else with the record: the first download is
remembered. A model that a person put there has no record, and is never changed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from dropdub.engines.models.folders import RECORD_NAME as RECORD_NAME  # noqa: PLC0414  (re-exported)
from dropdub.engines.models.folders import FileRecord, files_in, read_json_object, size_of
from dropdub.engines.models.known import KnownModel
from dropdub.engines.models.pins import Pin
from dropdub.files.durable import sha256, write_whole
from dropdub.root import MODEL_PART_SUFFIX

_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class ModelRecord:
    """What a pulled model is: `sources` are the revisions of its repositories, `pulled_at` is UTC.

    `pulled_from` is the `Place` that the last of its files came from, and `place` its name: a host, a folder, or
    packages. Both are empty in the records of earlier versions.
    """

    model: str
    sources: Mapping[str, str]
    files: tuple[FileRecord, ...]
    licence: str
    pulled_at: str
    pulled_from: str = ""
    place: str = ""


class Presence(StrEnum):
    """How much there is of a model. Scripts read these values; people read `shown`."""

    ABSENT = "not here"
    BEGUN = "begun"
    """A pull was interrupted, and can be resumed."""
    WHOLE = "here"
    BY_HAND = "by hand"
    """All required files are here, but no record: it cannot be checked further."""
    LACKING = "not whole"
    """There is no record, and required files are missing."""
    DAMAGED = "damaged"
    """Files differ from the record."""

    @property
    def shown(self) -> str:
        return _SHOWN[self]


_SHOWN = {
    Presence.ABSENT: "not downloaded",
    Presence.BEGUN: "partial",
    Presence.WHOLE: "complete",
    Presence.BY_HAND: "copied by hand",
    Presence.LACKING: "incomplete",
    Presence.DAMAGED: "damaged",
}


@dataclass(frozen=True)
class Condition:
    """The condition of a model. `faults` has a sentence for each missing or wrong file, `bad` the file names.

    `others`: files of a model put there by hand that differ from the catalogue, if all files were read.
    """

    presence: Presence
    size: int = 0
    faults: tuple[str, ...] = ()
    bad: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    @property
    def usable(self) -> bool:
        return self.presence in (Presence.WHOLE, Presence.BY_HAND)


def part_folder(folder: Path) -> Path:
    """Return where a model is put together before it gets its name."""
    return folder.with_name(folder.name + MODEL_PART_SUFFIX)


def read_record(folder: Path) -> ModelRecord | None:
    """Return the record of a model, or None if it has none. Raises ValueError if it cannot be read.

    The record of a copied folder may come from anybody: a name in it that leads out of the folder is refused.
    """
    try:
        data = read_json_object(folder / RECORD_NAME)
    except FileNotFoundError:
        return None
    model, *rest = (str(data.get(name, "")) for name in ("model", "licence", "pulled_at", "pulled_from", "place"))
    return ModelRecord(model, commits_in(data, "sources"), files_in(data, "files"), *rest)


def commits_in(data: Mapping[str, Any], name: str) -> dict[str, str]:
    """Return the commits, by repository, that are stored under a name. Raises ValueError."""
    commits = data.get(name)
    if not isinstance(commits, Mapping) or not all(_COMMIT.fullmatch(str(commit)) for commit in commits.values()):
        raise ValueError(f"it has no commits under {name}")
    return dict(commits)


def write_record(folder: Path, record: ModelRecord) -> None:
    write_whole(folder / RECORD_NAME, json.dumps(asdict(record), indent=2).encode())


def examine(folder: Path, model: KnownModel | None, *, thorough: bool) -> Condition:
    """Return the condition of the model in `folder`. `thorough`: read every file, not only its size.

    `model` defines the required files if there is no record, and the pins; None for an unknown model.
    """
    if not folder.is_dir():
        begun = part_folder(folder).is_dir()
        return Condition(Presence.BEGUN, size_of(part_folder(folder))) if begun else Condition(Presence.ABSENT)
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
    faults = _beside_record(folder, record, model) | _against_record(folder, record, pins, thorough=thorough)
    presence = Presence.DAMAGED if faults else Presence.WHOLE
    return Condition(presence, size_of(folder), tuple(faults.values()), tuple(faults))


def _beside_record(folder: Path, record: ModelRecord, model: KnownModel | None) -> dict[str, str]:
    """Return the faults of files that a model needs or would use but that its record does not list."""
    named = {file.name for file in record.files}
    if model is None:
        return {}
    needed = {name: f"{RECORD_NAME} lacks {name}." for name in model.missing(named)}
    return needed | {
        name: f"{name} is not in {RECORD_NAME}." for name in sorted(model.names() - named) if (folder / name).exists()
    }


def _against_record(folder: Path, record: ModelRecord, pins: Mapping[str, Pin], *, thorough: bool) -> dict[str, str]:
    """Compare files with the record, and the record with the catalogue: it may be older, or from somebody else."""
    return {
        file.name: fault
        for file in record.files
        if (fault := _unlike(file, pins) or _fault(folder / file.name, file, thorough=thorough)) is not None
    }


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
    return f"{file.name} is not the file that this version's catalogue lists."


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
        return f"{file.name} has changed since it was downloaded."
    return None
