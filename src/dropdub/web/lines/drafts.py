"""Drafts: the changes that somebody has typed and that nothing was made of yet, kept until their job is forgotten.

One JSON file for each language, `work/drafts/JOB/lines.pt.json`, written whole and flushed before the answer. A version
counts the changes, so that two tabs do not overwrite each other's.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from dropdub.files.durable import write_whole
from dropdub.root import Root
from dropdub.store.views.progress import iso_time
from dropdub.untrusted.files import read_whole
from dropdub.web.answering.errors import ApiError
from dropdub.web.lines.changes import MOST_CHARACTERS, ChangedLine, Changes, DraftRequest
from dropdub.web.uploads.limits import room_for

_MOST_BYTES = 16 * MOST_CHARACTERS


@dataclass(frozen=True)
class DraftLine:
    """A changed line: its number, its text in the published file, and its new text."""

    n: int
    before: str
    text: str


@dataclass(frozen=True)
class DraftRevision:
    """The job that makes the draft as it was in that version."""

    job: int
    version: int


@dataclass(frozen=True)
class Draft:
    """The changes to a job's lines in one language. `version` 0: there are none. `saved_at`: ISO 8601, UTC."""

    target: str | None
    version: int = 0
    lines: list[DraftLine] = field(default_factory=list)
    speakers: dict[str, str] = field(default_factory=dict)
    saved_at: str | None = None
    revision: DraftRevision | None = None

    @property
    def changes(self) -> Changes:
        return Changes(lines=[ChangedLine(**asdict(one)) for one in self.lines], speakers=self.speakers)


class Drafts:
    """The drafts of a root. The methods block. One server has a root, so a lock is enough."""

    def __init__(self, root: Root) -> None:
        self._root = root
        self._changing = threading.Lock()

    def read(self, job: int, target: str | None) -> Draft:
        """Return a draft; an empty one if there is none. Raises ApiError 500 if its file is damaged, and OSError."""
        try:
            found = json.loads(read_whole(self._file(job, target), _MOST_BYTES))
            return _draft(target, found)
        except FileNotFoundError:
            return Draft(target)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise ApiError(500, f"The draft of job {job} cannot be read.", "DraftDamaged") from error

    def save(self, job: int, target: str | None, asked: DraftRequest) -> Draft:
        """Replace a draft, and return it. What is there already may be sent again.

        Raises ApiError 409, with what is there, if it is not the version that these changes continue; 507 if the disk
        is full.
        """
        with self._changing:
            kept = self.read(job, target)
            if kept.version and kept.changes.same_as(asked):
                return kept
            if kept.version != asked.version:
                raise _conflict(kept)
            lines = [DraftLine(one.n, one.before, one.text) for one in asked.lines]
            new = replace(kept, version=kept.version + 1, lines=lines, speakers=dict(asked.speakers))
            return self._written(job, replace(new, saved_at=iso_time(time.time())))

    def mark(self, job: int, target: str | None, made: Changes, revision: int) -> None:
        """Note the job that makes a draft, if the draft still is what the job makes."""
        with self._changing:
            kept = self.read(job, target)
            if kept.version and kept.changes.same_as(made):
                self._written(job, replace(kept, revision=DraftRevision(revision, kept.version)))

    def _written(self, job: int, draft: Draft) -> Draft:
        file = self._file(job, draft.target)
        with room_for("the draft"):
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(file, json.dumps(asdict(draft), ensure_ascii=False).encode(), private=True)
        return draft

    def _file(self, job: int, target: str | None) -> Path:
        name = f"lines.{target.lower()}.json" if target else "lines.json"
        return self._root.drafts_dir(job) / name


def _draft(target: str | None, found: Mapping[str, Any]) -> Draft:
    lines: Sequence[Mapping[str, Any]] = found["lines"]
    made = found.get("revision")
    return Draft(
        target,
        int(found["version"]),
        [DraftLine(int(one["n"]), str(one["before"]), str(one["text"])) for one in lines],
        {str(name): str(new) for name, new in found["speakers"].items()},
        found.get("saved_at"),
        DraftRevision(int(made["job"]), int(made["version"])) if made else None,
    )


def _conflict(kept: Draft) -> ApiError:
    message = "The lines were changed elsewhere meanwhile, such as in another tab."
    return ApiError(409, message, "DraftChanged", details={"draft": asdict(kept)})
