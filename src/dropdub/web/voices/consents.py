"""Recorded consents, in `voices/consents/`: `ID.json` says what it is, `ID.SUFFIX` is the sound."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePath

from dropdub.files.durable import write_whole
from dropdub.files.removal import remove
from dropdub.units import format_size
from dropdub.web.answering.errors import ApiError
from dropdub.web.uploads.upload import Upload

FOLDER = "consents"
LARGEST = 10 << 20
"""Bytes of a recording, as OpenAI limits it."""
SUFFIXES = (".aac", ".flac", ".m4a", ".mp3", ".mp4", ".mpeg", ".mpga", ".oga", ".ogg", ".opus", ".wav", ".webm")
"""Of the kinds of sound that OpenAI takes."""
_ID = re.compile(r"cons_[0-9a-f]{24}")


@dataclass(frozen=True)
class RecordedConsent:
    """A recording of somebody who consents. `name` is its sender's; `language` a tag; `sha256` that of the recording.

    `created_at`: epoch seconds. `file`: the name of the recording.
    """

    id: str
    name: str
    language: str
    created_at: float
    sha256: str
    file: str


class Consents:
    """The consents of a root. All methods block."""

    def __init__(self, voices: Path) -> None:
        self._folder = voices / FOLDER

    def add(self, upload: Upload, name: str, language: str) -> RecordedConsent:
        """Keep a recording that was received. Raises ApiError 413 if it is too large, 415 if it is no recording."""
        suffix = PurePath(upload.name).suffix.lower()
        refuse_size(upload.received)
        if suffix not in SUFFIXES:
            message = f"{upload.name} is not a recording: use one of {', '.join(SUFFIXES)}."
            raise ApiError(415, message, "NotMedia", "recording")
        id_ = f"cons_{secrets.token_hex(12)}"
        consent = RecordedConsent(id_, name, language, time.time(), str(upload.sha256), f"{id_}{suffix}")
        self._folder.mkdir(parents=True, exist_ok=True)
        write_whole(self._folder / consent.file, upload.part.read_bytes(), private=True)
        self._save(consent)
        return consent

    def find(self, id_: str) -> RecordedConsent:
        """Return a consent. Raises ApiError 404 if there is none."""
        found = self._read(self._folder / f"{id_}.json") if _ID.fullmatch(id_) else None
        if found is None:
            raise ApiError(404, f"There is no recorded consent {id_!r}.", "NoConsent")
        return found

    def all(self) -> Sequence[RecordedConsent]:
        """Return all consents, the newest first."""
        found = filter(None, map(self._read, self._folder.glob("cons_*.json")))
        return sorted(found, key=lambda one: (-one.created_at, one.id))

    def rename(self, id_: str, name: str) -> RecordedConsent:
        """Give a consent another name, and return it. Raises ApiError 404."""
        renamed = replace(self.find(id_), name=name)
        self._save(renamed)
        return renamed

    def remove(self, id_: str) -> None:
        """Delete a consent and its recording. Raises ApiError 404."""
        consent = self.find(id_)
        remove(self._folder / f"{consent.id}.json")
        remove(self._folder / consent.file)

    def _save(self, consent: RecordedConsent) -> None:
        content = json.dumps(asdict(consent), ensure_ascii=False, indent=1).encode()
        write_whole(self._folder / f"{consent.id}.json", content, private=True)

    def _read(self, path: Path) -> RecordedConsent | None:
        try:
            consent = RecordedConsent(**json.loads(path.read_bytes()))
        except (OSError, ValueError, TypeError):
            return None
        return consent if consent.id == path.stem and PurePath(consent.file).name == consent.file else None


def refuse_size(size: int) -> None:
    """Raise ApiError 413 if a recording of `size` bytes is too large."""
    if size > LARGEST:
        message = f"The recording has {format_size(size)}; the limit is {format_size(LARGEST)}."
        raise ApiError(413, message, "TooLarge", "recording", headers={"x-should-retry": "false"})
