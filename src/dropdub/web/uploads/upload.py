"""One upload: its record in `meta.json`, and where its bytes are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

from dropdub.files.removal import UPLOADED

META = "meta.json"
PART = "part"
"""The folder of an upload that holds its file while bytes are missing: what is in it may be removed."""


class State(StrEnum):
    """How far an upload is."""

    RECEIVING = "receiving"
    """Bytes are missing, or not hashed yet."""
    COMPLETE = "complete"
    """All bytes are on disk and hashed; no job is known."""
    RECORDED = "recorded"
    """A job has the file, or has taken it already."""


@dataclass(frozen=True)
class Upload:
    """An upload as its record describes it.

    `size`: bytes that its sender announced; None for a part of a form and for a recording that grows, whose lengths are
    known at their ends only.
    `received`: bytes that survive a power cut. `resumable`: whether its sender may continue it in another request.
    `created` and `changed`: epoch seconds. `sha256`: in hex, once all bytes are there. `job`: the job's number.
    """

    id: str
    folder: Path
    name: str
    size: int | None
    resumable: bool
    created: float
    changed: float
    metadata: Mapping[str, str] = field(default_factory=dict)
    received: int = 0
    sha256: str | None = None
    job: int | None = None

    @property
    def path(self) -> Path:
        """Return where the file is from its completion until a job takes it."""
        return self.folder / UPLOADED / self.name

    @property
    def part(self) -> Path:
        """Return where the file is until its completion."""
        return self.folder / PART / self.name

    @property
    def state(self) -> State:
        if self.job is not None:
            return State.RECORDED
        return State.COMPLETE if self.sha256 is not None else State.RECEIVING

    @property
    def has_all_bytes(self) -> bool:
        return self.size is not None and self.received == self.size

    @property
    def is_growing(self) -> bool:
        """Return whether it is a recording that nobody has ended yet."""
        return self.size is None and self.resumable

    def to_json(self) -> bytes:
        """Return the content of `meta.json`."""
        known = {one.name: getattr(self, one.name) for one in fields(self) if one.name not in ("id", "folder")}
        return json.dumps({**known, "metadata": dict(self.metadata)}, ensure_ascii=False).encode()

    @staticmethod
    def from_json(text: bytes, folder: Path) -> Upload:
        """Return the upload in a folder from its `meta.json`. Raises ValueError if that is not one."""
        try:
            found: dict[str, Any] = json.loads(text)
            known = {one.name: found[one.name] for one in fields(Upload) if one.name not in ("id", "folder")}
            return Upload(id=folder.name, folder=folder, **known)
        except (TypeError, KeyError, RecursionError) as error:
            raise ValueError(f"{folder / META} does not describe an upload") from error
